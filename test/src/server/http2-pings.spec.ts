import { delay, finalize, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FrameType } from '../../../operators/http2/frame-type.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Handler } from '../../../src/server/respond-context.js';
import { VirtualPeer } from '../../support/http2-frames.js';
import { inVirtualTime, type World } from './world.js';

const LIMITS = { pingInterval: 1000, pingTimeout: 500 };

/** A server and a client of HTTP/2 that has just connected. */
function peerOf(world: World, handler: Handler, http2: ServeConfig['http2']): { readonly peer: VirtualPeer } {
  world.serve(handler, { http2 });
  const client = {} as { peer: VirtualPeer };
  world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
    client.peer = new VirtualPeer('client', socket, world.scheduler).begin();
  });
  return client;
}

/** When PINGs came. */
function pings({ log }: VirtualPeer): number[] {
  return log.filter((line) => line.endsWith(' PING 0')).map((line) => Number.parseInt(line, 10));
}

describe('PINGs of a server', () => {
  it('ask while requests are under way, and not else', () => {
    inVirtualTime(
      (world) => {
        const client = peerOf(world, () => of({ body: 'late' }).pipe(delay(2500)), LIMITS);
        world.at(100, () => client.peer.get('/'));
        world.at(4000, () => client.peer.get('/'));
        world.at(9000, () => {
          expect(client.peer.statuses).toEqual(['200', '200']);
          expect(pings(client.peer)).toEqual([1100, 2100, 5000, 6000]);
        });
      },
      (world) => expect(world.eventsOf('timeout').map(({ error }) => error.phase)).toEqual(['idle']),
    );
  });

  it('find out that nobody is there any more: the connection ends, and its handlers with it', () => {
    inVirtualTime(
      (world) => {
        let left: number | undefined;
        const handler: Handler = () => NEVER.pipe(finalize(() => (left = world.scheduler.now())));
        const client = peerOf(world, handler, LIMITS);
        world.at(100, () => {
          client.peer.polite = false;
          client.peer.get('/');
        });
        world.at(2000, () => {
          expect(pings(client.peer)).toEqual([1100]);
          expect([client.peer.closedAt, left]).toEqual([1600, 1600]);
        });
      },
      (world) => expect(world.eventsOf('timeout')).toMatchObject([{ error: { code: 'TIMEOUT_PING' } }]),
    );
  });

  it('an answer that was not asked for is none', () => {
    inVirtualTime(
      (world) => {
        const client = peerOf(world, () => NEVER, LIMITS);
        world.at(100, () => {
          client.peer.polite = false;
          client.peer.get('/');
        });
        world.at(1200, () => client.peer.send(pingFrame(Buffer.alloc(8, 1), true)));
        world.at(2000, () => expect(client.peer.closedAt).toBe(1600));
      },
      () => undefined,
    );
  });

  it('are none by default', () => {
    inVirtualTime(
      (world) => {
        const client = peerOf(world, () => NEVER, undefined);
        world.at(100, () => client.peer.get('/'));
        world.at(200_000, () => expect(client.peer.frames.some(({ type }) => type === FrameType.PING)).toBe(false));
      },
      () => undefined,
    );
  });
});
