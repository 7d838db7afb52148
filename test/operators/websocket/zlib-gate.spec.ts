import { describe, expect, it } from 'vitest';
import { MessageDeflater } from '../../../operators/websocket/message-deflater.js';
import { MessageInflater } from '../../../operators/websocket/message-inflater.js';
import { idleContexts } from '../../../operators/websocket/zlib-contexts.js';
import { ZlibGate } from '../../../operators/websocket/zlib-gate.js';
import { parameters } from './deflate.js';
import { hex } from './frames.js';

describe('ZlibGate', () => {
  it('lets so many in, the others wait in order', () => {
    const gate = new ZlibGate(2);
    const ran: string[] = [];
    gate.enter(() => ran.push('a'));
    gate.enter(() => ran.push('b'));
    const cancel = gate.enter(() => ran.push('c'));
    gate.enter(() => ran.push('d'));
    expect([ran.join(''), gate.inside, gate.waiting]).toEqual(['ab', 2, 2]);
    cancel();
    cancel();
    gate.leave();
    expect(ran.join('')).toBe('abd');
    gate.leave();
    gate.leave();
    expect([gate.inside, gate.waiting]).toEqual([0, 0]);
  });
});

describe('concurrency and memory', () => {
  it('of many messages so many are at zlib at a time; closing one that waits frees its place', async () => {
    const gate = new ZlibGate(3);
    let most = 0;
    const one = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const deflater = new MessageDeflater(parameters(false), reject, gate);
        deflater.run(new Uint8Array(1000), true, () => {
          most = Math.max(most, gate.inside);
          resolve();
        });
      });
    const all = Array.from({ length: 20 }, one);
    const waiting = new MessageDeflater(parameters(false), () => undefined, gate);
    waiting.run(new Uint8Array(10), true, () => expect.fail('was closed'));
    expect([gate.inside, gate.waiting]).toEqual([3, 18]);
    waiting.close();
    expect(gate.waiting).toBe(17);
    await Promise.all(all);
    expect(most).toBe(3);
    expect([gate.inside, gate.waiting]).toEqual([0, 0]);
  });

  it('without context takeover no context is kept by a connection, eight of a kind by the process', async () => {
    const inflaters = await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<MessageInflater>((resolve, reject) => {
            const inflater: MessageInflater = new MessageInflater(parameters(false, 13), 1000, {
              output: () => undefined,
              done: () => resolve(inflater),
              failed: reject,
            });
            inflater.run(hex('f248cdc9c90700'), true);
          }),
      ),
    );
    expect(inflaters.filter(({ hasContext }) => hasContext)).toEqual([]);
    expect(idleContexts()).toBeLessThanOrEqual(16);
    expect(idleContexts()).toBeGreaterThan(0);
  });

  it('with it the context is kept until the end', async () => {
    await new Promise<void>((resolve, reject) => {
      const inflater: MessageInflater = new MessageInflater(parameters(true), 1000, {
        output: () => undefined,
        failed: reject,
        done: () => {
          expect(inflater.hasContext).toBe(true);
          inflater.close();
          expect(inflater.hasContext).toBe(false);
          resolve();
        },
      });
      inflater.run(hex('f248cdc9c90700'), true);
    });
  });

  it('closed while zlib works: nothing is heard, and the place is free', () => {
    const gate = new ZlibGate(1);
    const deflater = new MessageDeflater(parameters(true), () => undefined, gate);
    deflater.run(new Uint8Array(100_000), true, () => expect.fail('was closed'));
    expect(gate.inside).toBe(1);
    deflater.close();
    expect(gate.inside).toBe(0);
    expect(deflater.working).toBe(false);
  });
});
