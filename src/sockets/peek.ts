import { Observable } from 'rxjs';
import { ByteDuplex } from './byte-duplex.js';

/**
 * Looks at what a connection begins with.
 *
 * @param look is given the bytes so far; it answers how many of them it keeps, or undefined while it cannot tell. What it
 *   throws ends the connection.
 */
export type Look = (bytes: Uint8Array) => number | undefined;

/**
 * Emits the same connection, unread, once `look` has decided, and completes; what it does not keep comes first. Completes
 * without it where the peer ends before it has said anything. Unsubscribing before that closes the connection.
 *
 * @param cut the error for a peer that ends in the middle
 */
export function peek(socket: ByteDuplex, look: Look, cut: () => unknown): Observable<ByteDuplex> {
  return new Observable((subscriber) => {
    let seen: Uint8Array | undefined;
    let decided = false;
    const fail = (error: unknown): void => {
      socket.error(error);
      subscriber.error(error);
    };
    const reading = socket.subscribe({
      next(chunk) {
        if (decided) return;
        const bytes = seen === undefined ? chunk : Buffer.concat([seen, chunk]);
        let kept: number | undefined;
        try {
          kept = look(bytes);
        } catch (error) {
          decided = true;
          return fail(error);
        }
        if (kept === undefined) {
          seen = bytes === chunk ? Uint8Array.from(chunk) : bytes;
          return;
        }
        decided = true;
        ByteDuplex.portOf(socket).unread(bytes.subarray(kept));
        subscriber.next(socket);
        subscriber.complete();
      },
      error(error: unknown) {
        if (!decided) subscriber.error(error);
      },
      complete() {
        if (decided) return;
        decided = true;
        if (seen !== undefined) return fail(cut());
        socket.complete();
        subscriber.complete();
      },
    });
    return () => {
      if (decided) return;
      decided = true;
      reading.unsubscribe();
    };
  });
}
