/** A connection of ours with a peer of frames in memory, in virtual time. */
import { TestScheduler } from 'rxjs/testing';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { isProtocolError, isUsageError } from '../../../operators/core/protocol-error.js';
import { Http2Connection } from '../../../operators/http2/connection.js';
import type { ConnectionHooks, Http2ConnectionOptions } from '../../../operators/http2/connection-hooks.js';
import type { Http2Role } from '../../../operators/http2/frame-decoder.js';
import type { Http2Stream, StreamSink } from '../../../operators/http2/stream.js';
import { memoryPair, type MemoryPairConfig } from '../../../src/sockets/memory-socket.js';
import { VirtualPeer } from '../../support/http2-frames.js';

export interface Scene {
  readonly connection: Http2Connection;
  readonly peer: VirtualPeer;
  /** What the connection told, in words. */
  readonly told: string[];
  /** Streams of the peer, or pushes. */
  readonly streams: Http2Stream[];
  /** What the bodies' consumer keeps, while `keep.on`. */
  readonly kept: Release[];
  readonly keep: { on: boolean };
  /** Lets everything arrive. */
  readonly flush: () => void;
  readonly scheduler: TestScheduler;
  /** A sink that tells everything. */
  readonly sink: (name: string) => StreamSink;
}

export function codeOf(error: unknown): string {
  if (error === undefined) return 'nothing';
  if (isProtocolError(error) || isUsageError(error)) return error.code;
  return error instanceof Error && 'code' in error ? String(error.code) : String(error as Error);
}

export function http2Scene(
  role: Http2Role,
  body: (scene: Scene) => void,
  options: Partial<Http2ConnectionOptions> & MemoryPairConfig & { readonly polite?: boolean } = {},
): void {
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(({ flush }) => {
    const { polite = true, limits, settings, ...pair } = options;
    const [client, server] = memoryPair({ scheduler, ...pair });
    const told: string[] = [];
    const streams: Http2Stream[] = [];
    const kept: Release[] = [];
    const keep = { on: false };
    const sink = (name: string): StreamSink => ({
      informational: (status) => void told.push(`${name} ${status}`),
      response: (status) => void told.push(`${name} ${status}`),
      next: (chunk) => {
        told.push(`${name} ${chunk.length} bytes`);
        if (keep.on) kept.push(hold());
      },
      ended: (trailers) => void told.push(`${name} |${trailers === undefined ? '' : ` ${trailers.toLines().trim()}`}`),
      released: () => undefined,
      sent: () => void told.push(`${name} sent`),
      failed: (error) => void told.push(`${name} # ${codeOf(error)}`),
    });
    const hooks: ConnectionHooks = {
      requested: (stream, { request }, ends) => {
        told.push(`${stream.id} ${request?.method} ${request?.path ?? request?.authority}${ends ? ' end' : ''}`);
        stream.sink = sink(String(stream.id));
        streams.push(stream);
      },
      refused: (stream, error) => void told.push(`${stream.id} refused ${error.code}`),
      pushed: (parent, promised, { request }) => {
        told.push(`${parent.id} pushes ${promised.id} ${request?.path}`);
        promised.sink = sink(String(promised.id));
        streams.push(promised);
      },
      available: () => undefined,
      draining: () => void told.push('draining'),
      progress: () => undefined,
      failed: (error) => void told.push(`failed ${codeOf(error)}`),
      closed: (error) => void told.push(`closed ${codeOf(error)}`),
    };
    const connection = new Http2Connection(role === 'client' ? client : server, hooks, {
      role,
      limits,
      settings,
      now: () => scheduler.now(),
    });
    const peer = new VirtualPeer(
      role === 'client' ? 'server' : 'client',
      role === 'client' ? server : client,
      scheduler,
    );
    peer.polite = polite;
    body({ connection, peer, told, streams, kept, keep, flush, scheduler, sink });
  });
}

export const REQUEST = [':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/'];
export const OK = [':status', '200'];
