import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Ends a stream at once. @param tcp the socket it is, or is carried by: it is reset */
export function abortStream(stream: Duplex, tcp: Socket | undefined): void {
  const { writableEnded, writableFinished } = stream;
  // A reset while our FIN is on its way fails, and would leave the handle open. TLS follows the socket below; to
  // destroy it in the same turn ends Node 20 in a segmentation fault.
  if (tcp === undefined || (writableEnded && !writableFinished)) stream.destroy();
  else tcp.resetAndDestroy();
}
