import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { isProtocolError, isUsageError } from '../../../operators/core/protocol-error.js';
import { Http1Connection } from '../../../operators/http1/http1-connection.js';
import type { Http1Stream } from '../../../operators/http1/http1-stream.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { acceptHttp1 } from '../../../src/server/accept.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { data, END } from '../../support/http1-scenes.js';
import { bytes } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

const CHUNKED = { 'transfer-encoding': 'chunked' };
const SWITCH = { connection: 'upgrade', upgrade: 'x' };

/** What either side may try at any time, sensible or not. */
const OUTBOUND: readonly OutboundEvent[] = [
  { type: 'request', method: 'GET', target: '/', fields: { host: 'a' } },
  { type: 'request', method: 'POST', target: '/', fields: { host: 'a', ...CHUNKED } },
  { type: 'request', method: 'HEAD', target: '/', fields: { host: 'a', connection: 'close' } },
  { type: 'request', method: 'GET', target: '/', fields: { host: 'a', ...SWITCH } },
  { type: 'request', method: 'CONNECT', target: 'b:1', fields: { host: 'b:1' } },
  { type: 'informational', status: 103 },
  { type: 'response', status: 200 },
  { type: 'response', status: 200, fields: { 'content-length': '5' } },
  { type: 'response', status: 101, fields: SWITCH },
  { type: 'response', status: 204, fields: { connection: 'close' } },
  data('hello'),
  data('hello', 'a=b'),
  END,
  { type: 'end', trailers: { 'x-sum': '1' } },
  { type: 'upgrade', leftover: bytes('left') },
];

const step = fc.record({
  side: fc.constantFrom('client', 'server'),
  stream: fc.nat(2),
  act: fc.oneof(
    { weight: 12, arbitrary: fc.nat(OUTBOUND.length - 1) },
    {
      weight: 3,
      arbitrary: fc.constantFrom('open', 'read', 'release', 'complete', 'unget', 'pass', 'pass'),
    },
    { weight: 1, arbitrary: fc.constantFrom('reset', 'leave', 'take', 'read end', 'write end', 'close', 'garbage') },
  ),
});

it('any order of anything ends in typed errors, and with nothing held', () => {
  const play = (steps: readonly { side: string; stream: number; act: number | string }[], cut: number): void =>
    runMarbles(({ scheduler, flush }) => {
      const [near, far] = memoryPair({ scheduler, chunking: () => cut, highWaterMark: 64 });
      const connections = { client: new Http1Connection(near), server: acceptHttp1(far) };
      const streams: Record<string, Http1Stream[]> = { client: [], server: [] };
      const releases: Release[] = [];
      const errors: unknown[] = [];
      const error = (thrown: unknown): number => errors.push(thrown);
      connections.server.streams$.subscribe((stream) => streams.server?.push(stream));
      const attempt = (side: 'client' | 'server', at: number, act: number | string): void => {
        const connection = connections[side];
        const stream = streams[side]?.[at];
        if (typeof act === 'number') stream?.next(OUTBOUND[act] as OutboundEvent);
        else if (act === 'open') streams.client?.push(connections.client.openStream());
        else if (act === 'read' || act === 'leave') {
          const subscription = stream?.subscribe({ next: () => releases.push(hold()), error });
          if (act === 'leave') subscription?.unsubscribe();
        } else if (act === 'release') releases.shift()?.();
        else if (act === 'complete') stream?.complete();
        else if (act === 'unget') stream?.unget(bytes('back'));
        else if (act === 'reset') stream?.reset();
        else if (act === 'take') connection.takeSocket().subscribe({ error });
        else if (act === 'read end') connection.shutdown('read');
        else if (act === 'write end') connection.shutdown('write');
        else if (act === 'close') connection.close();
        else if (act === 'garbage') (side === 'client' ? near : far).next(bytes('\0garbage'));
        else flush();
      };
      attempt('client', 0, 'open');
      for (const { side, stream, act } of steps) {
        try {
          attempt(side as 'client' | 'server', stream, act);
        } catch (thrown) {
          expect(isUsageError(thrown), String(thrown)).toBe(true);
        }
      }
      flush();
      connections.client.abort();
      connections.server.abort();
      near.error(new Error('over'));
      far.error(new Error('over'));
      while (releases.length > 0) releases.shift()?.();
      for (const side of ['client', 'server']) for (const each of streams[side] ?? []) each.subscribe({ error });
      while (releases.length > 0) releases.shift()?.();
      flush();
      for (const each of errors) {
        const known = isUsageError(each) || isProtocolError(each) || each instanceof Error;
        expect(known, String(each)).toBe(true);
      }
      expect([near.heldBytes, far.heldBytes]).toEqual([0, 0]);
    });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(1, 7, Infinity), (steps, cut) => play(steps, cut)),
    { numRuns: 400 },
  );
});
