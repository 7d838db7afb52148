import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/**
 * Whether an end of TLS was a reset in truth: where one meets a write of TLS's own (a session ticket), Node 20 reports
 * an end and never finishes a write again. The kernel, asked for the first time here, knows better.
 *
 * @param below the socket that carries the stream, if it is not that itself
 */
export function wasCut(stream: Duplex, below: Socket | undefined): boolean {
  return below !== undefined && below !== stream && (stream as Socket).remoteAddress === undefined;
}
