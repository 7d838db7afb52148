import type { Fields } from '../../operators/http/fields.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';

/** Where a WebSocket is in its life. A subject that connects again goes through it again. */
export type WebSocketStatus = WebSocketConnecting | WebSocketOpen | WebSocketClosing | WebSocketEnded;

export interface WebSocketConnecting {
  readonly state: 'connecting';
}

export interface WebSocketOpen {
  readonly state: 'open';
  /** The subprotocol that was agreed on, or ''. */
  readonly protocol: string;
  /** permessage-deflate was agreed on. */
  readonly compressed: boolean;
  /** Which HTTP carries it. */
  readonly version: '1.1' | '2';
  /** Of the other side's head: the response on a client, the request on a server. */
  readonly fields: Fields;
  readonly connection: SocketInfo;
}

export interface WebSocketClosing {
  readonly state: 'closing';
  /** Who began to close. */
  readonly by: 'local' | 'remote';
}

export interface WebSocketEnded {
  readonly state: 'closed';
  /** Who ended it: this side, the peer, or the network, whose connection ended without a Close frame. */
  readonly by: 'local' | 'remote' | 'network';
  /** Both Close frames were exchanged. */
  readonly clean: boolean;
  /** Code and reason of whoever ended it; 1005 where that gave none, 1006 where there was no Close frame. */
  readonly code: number;
  readonly reason: string;
  /** What subscribers were told, if it was an error. */
  readonly error: unknown;
}
