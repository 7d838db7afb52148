import type { Subscription } from 'rxjs';
import type { WebSocketMessage } from '../../operators/websocket/message.js';
import type { webSocket } from '../client/web-socket.js';
import { CloseEvent } from './close-event.js';
import { ErrorEvent } from './error-event.js';

type Subject = ReturnType<typeof webSocket<WebSocketMessage>>;
type Ended = Extract<Subject['state'], { state: 'closed' }>;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * As much of the standard's `WebSocket` as `webSocket` of RxJS knows of, over one connection of a client. A message is told inside
 * its delivery, and one that is sent inside a delivery holds it: what RxJS does in between passes on who waits for whom.
 */
export class ClientWebSocket {
  readyState: number = CONNECTING;
  /** What a binary message is told as. */
  binaryType: 'blob' | 'arraybuffer' = 'blob';
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #subject: Subject;
  readonly #origin: string;
  #reading: Subscription | undefined;

  /** Connects. Throws what is known to be wrong before that. */
  constructor(subject: Subject) {
    this.#subject = subject;
    let refused: { readonly error: unknown } | undefined;
    let constructed = false;
    subject.state$.subscribe((status) => {
      if (status.state === 'open') this.#opened();
      else if (status.state === 'closing') this.readyState = CLOSING;
      else if (status.state === 'closed' && constructed) this.#closed(status);
    });
    this.#reading = subject.subscribe({
      next: (message) => this.#tell(message),
      error: (error: unknown) => {
        if (!constructed) refused = { error };
      },
    });
    constructed = true;
    if (refused !== undefined) throw refused.error;
    this.#origin = new URL(subject.info.url).origin;
  }

  get url(): string {
    return this.#subject.info.url;
  }

  get protocol(): string {
    return this.#subject.protocol;
  }

  /** Bytes that were sent and have not left. */
  get bufferedAmount(): number {
    return this.#subject.bufferedBytes;
  }

  /** A Blob is read as it leaves; what is sent behind it waits. */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (typeof data === 'string') this.#subject.next(data);
    else if (data instanceof Blob)
      this.#subject.sendStream('binary', data).subscribe({ error: () => undefined }); // the connection fails too
    else if (ArrayBuffer.isView(data))
      this.#subject.next(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else this.#subject.next(new Uint8Array(data));
  }

  /** @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON` */
  close(code?: number, reason?: string): void {
    if (this.readyState >= CLOSING) return;
    if (this.readyState === OPEN) return this.#subject.close(code, reason);
    this.readyState = CLOSING;
    this.#reading?.unsubscribe(); // withdraws: nothing was agreed on that could be closed
  }

  #opened(): void {
    this.readyState = OPEN;
    this.onopen?.(new Event('open'));
  }

  #tell(message: WebSocketMessage): void {
    const data = typeof message === 'string' ? message : this.#binary(message);
    this.onmessage?.(new MessageEvent('message', { data, origin: this.#origin }));
  }

  #binary(message: Uint8Array): Blob | ArrayBuffer {
    return this.binaryType === 'blob' ? new Blob([Uint8Array.from(message)]) : Uint8Array.from(message).buffer;
  }

  #closed({ error, code, reason, clean }: Ended): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (!clean) this.onerror?.(new ErrorEvent(error));
    this.onclose?.(new CloseEvent(code, reason, clean));
  }
}
