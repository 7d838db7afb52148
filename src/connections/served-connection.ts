import type { Observable } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';

/** What carries a connection: a `ByteDuplex`, or any other bytes both ways. */
export type ServedSocket = DuplexSubject<Uint8Array, Uint8Array> & {
  readonly heldBytes?: number;
  readonly bufferedBytes?: number;
};

/** Who a connection waits for: the peer to send, the socket to take, the consumer of a request body, or the handler. */
export type ServerWait = 'peer' | 'socket' | 'consumer' | 'handler';

/** A connection of a server, whatever is spoken on it. */
export interface ServedConnection {
  /** Of which only is asked whose it is. */
  readonly socket: { readonly info: unknown };
  /** Requests on their way: begun, and not answered. */
  readonly active: number;
  /** Bytes received that consumers have not released. */
  readonly held: number;
  /** Bytes to send that the socket has not taken. */
  readonly unsent: number;
  /** Who is being waited for, and since when; undefined between requests. */
  readonly waiting: { readonly who: ServerWait; readonly since: number } | undefined;
  /** @param bytes what comes in, where somebody has looked at the first of it; else all that comes out of the socket */
  open(bytes?: Observable<Uint8Array>): void;
  /** Answers what was begun, and what may be on its way, then closes. */
  close(): void;
  /** Ends it now. */
  destroy(error: unknown): void;
}
