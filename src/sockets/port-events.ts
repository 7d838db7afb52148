import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { networkError } from './network-error.js';

/** What the stream below tells a port. */
export interface PortEvents {
  /** What is read goes straight to the reader. */
  readonly flowing: boolean;
  received(chunk: Uint8Array): void;
  /** The same, of a socket that has read it just now; whether it may read on. */
  pushed(chunk: Uint8Array): boolean;
  ended(): void;
  drained(): void;
  failed(error: unknown): void;
  closed(): void;
}

const PORT = Symbol('rxweir.port');
type Owned = Duplex & { [PORT]: PortEvents };

// One set of listeners for all streams: a closure for each of them would weigh on every idle connection.
function onData(this: Owned, chunk: Uint8Array): void {
  this[PORT].received(chunk);
}
/**
 * Takes what a socket has read, in place of its own `push`, and of sockets that read into a buffer of ours: what flows does not go through the
 * buffer of a stream. Whether it may be read on.
 */
export function push(this: Owned, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (!(chunk instanceof Uint8Array) || this.readableLength > 0 || !this[PORT].flowing) {
    return Duplex.prototype.push.call(this, chunk, encoding);
  }
  return this[PORT].pushed(chunk);
}
function onEnd(this: Owned): void {
  this[PORT].ended();
}
function onDrain(this: Owned): void {
  this[PORT].drained();
}
function onError(this: Owned, error: unknown): void {
  this[PORT].failed(networkError(error, 'read'));
}
function onClose(this: Owned): void {
  this[PORT].closed();
}

/**
 * Tells `port` of the stream from now on, but for `data`: see {@link listenToData}.
 *
 * @param tcp the socket that carries the stream, or is the stream
 */
export function listen(stream: Duplex, port: PortEvents, tcp: Socket | undefined): void {
  (stream as Owned)[PORT] = port;
  // TLS over bytes that somebody else carries waits for no turns of its own: who carries them has.
  const carried = tcp === undefined && (stream as Partial<TLSSocket>).encrypted === true;
  if (stream instanceof Socket && !carried) stream.push = push;
  stream.on('error', onError).on('end', onEnd).on('close', onClose).on('drain', onDrain);
}

export function listenToData(stream: Duplex): void {
  stream.on('data', onData);
}

/** There is no drain after the end: it is told of that in its place. */
export function drainAtEnd(stream: Duplex): void {
  stream.once('finish', onDrain);
}

/** No more, but for errors: what a stream says after its end must not end the process. */
export function unlisten(stream: Duplex): void {
  stream.off('data', onData);
  stream.off('end', onEnd).off('close', onClose).off('drain', onDrain);
}

/** Nothing any more: it is its own again. */
export function release(stream: Duplex): void {
  unlisten(stream);
  if (stream instanceof Socket) delete (stream as { push?: unknown }).push;
  stream.off('error', onError);
}
