/** What a WebSocket carries: text as a string, binary as bytes. */
export type WebSocketMessage = string | Uint8Array;

/** What `assembleMessages` emits: a message, or a control frame between two messages or two fragments of one. */
export type WebSocketEvent = TextMessage | BinaryMessage | PingEvent | PongEvent | CloseEvent;

export interface TextMessage {
  readonly type: 'text';
  readonly data: string;
}

export interface BinaryMessage {
  readonly type: 'binary';
  readonly data: Uint8Array;
}

export interface PingEvent {
  readonly type: 'ping';
  readonly data: Uint8Array;
}

export interface PongEvent {
  readonly type: 'pong';
  readonly data: Uint8Array;
}

export interface CloseEvent {
  readonly type: 'close';
  /** 1005 where there was none. */
  readonly code: number;
  readonly reason: string;
}
