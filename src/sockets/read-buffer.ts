import type { OnReadOpts } from 'node:net';
import { largeBuffer } from '../../operators/core/large-buffer.js';

/** What one read can bring; Node's own reads have this size too. Bytes. */
const SIZE = 65_536;
/** The same where they keep filling it. */
const MOST = 262_144;

/** Read into by all connections: nothing stays in it longer than the call that brings it. */
const SHARED = Buffer.allocUnsafeSlow(SIZE);

/**
 * The `onread` option of a socket: reads go into a buffer of ours in place of one made for each.
 *
 * Most reads are small: they go into the shared buffer and are copied to where small buffers are pooled. A connection that
 * is sent much reads into a buffer of its own, which goes to the consumer as it is; into a larger one, for fewer system calls, as long as
 * there is as much and the consumer takes it.
 *
 * @param received called with the socket as `this` and what was read, which is the receiver's to keep; whether it may be read on.
 */
export function readBuffer<This extends { isPaused(): boolean }>(
  received: (this: This, chunk: Uint8Array) => boolean,
): OnReadOpts {
  let next: Buffer | undefined = SHARED;
  return {
    buffer: () => {
      const given = next;
      next = undefined; // no answer: the same again
      return given as Buffer;
    },
    callback(this: This, length: number, buffer: Uint8Array) {
      const own = buffer.buffer !== SHARED.buffer;
      const whole = own && length >= buffer.length / 2; // a smaller chunk does not keep all of it alive
      const readsOn = received.call(this, whole ? buffer.subarray(0, length) : copied(buffer, length));
      if (length >= SIZE / 2) next = largeBuffer(length === buffer.length && !this.isPaused() ? MOST : SIZE);
      else if (own) next = SHARED;
      return readsOn;
    },
  };
}

function copied(buffer: Uint8Array, length: number): Uint8Array {
  const copy = Buffer.allocUnsafe(length);
  (buffer as Buffer).copy(copy, 0, 0, length);
  return copy;
}
