import { DuplexSubject } from '../core/duplex-subject.js';
import { UnicastSubject } from '../core/unicast-subject.js';

/** Bytes both ways; what every HTTP/1 connection runs over. */
export type ByteSubject = DuplexSubject<Uint8Array, Uint8Array>;

/** A byte stream that has left HTTP: what was read too far comes first. */
export class DetachedSubject extends DuplexSubject<Uint8Array, Uint8Array> {
  /** What was read too far: the first value, unless it is empty. */
  readonly unread: Uint8Array;

  constructor(inbound: UnicastSubject<Uint8Array>, socket: ByteSubject, unread: Uint8Array) {
    super(inbound, socket, socket.info);
    this.unread = unread;
  }
}

/** A stream that has left HTTP: `stream` for its new owner, `inbound` for whoever still reads the socket. */
export interface Detached {
  readonly stream: DetachedSubject;
  readonly inbound: UnicastSubject<Uint8Array>;
}

/**
 * Takes the byte stream out of an HTTP connection after 101 or a CONNECT (RFC 9110 §7.8, §9.3.6): what was read too far
 * comes first, then what `inbound` is fed.
 *
 * @param cancelled the new owner let go before the end: the socket is to be closed.
 */
export function detach(socket: ByteSubject, unread: Uint8Array, cancelled: () => void): Detached {
  const inbound = new UnicastSubject<Uint8Array>({ cancelled });
  if (unread.length > 0) inbound.next(unread);
  return { stream: new DetachedSubject(inbound, socket, unread), inbound };
}
