import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { turn } from '../../../src/sockets/turn.js';
import { connected, Reader, turns, until } from './harness.js';
import { ByteDuplex } from '../../../src/sockets/byte-duplex.js';

describe('a turn of the event loop', () => {
  it('gives what was read when all has been, then sends what was written, behind the promises of those who read', async () => {
    const seen: string[] = [];
    const writer = { flush: () => seen.push('sent') };
    for (const name of ['a', 'b']) {
      const goOn = (): void => {
        seen.push(name);
        void Promise.resolve().then(() => {
          seen.push(`promise of ${name}`);
          if (name === 'b') turn.sent(writer);
        });
      };
      turn.given({ goOn }, 1);
      seen.push(`read ${name}`);
    }
    turn.rest({ goOn: () => seen.push('in a later turn') });
    const nextTurn = new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    await nextTurn;
    const given = ['read a', 'read b', 'a', 'b', 'promise of a', 'promise of b'];
    expect(seen).toEqual([...given, 'sent', 'in a later turn']);
  });

  it('keeps 256 KiB at most, and gives them at once when it is more', async () => {
    const seen: number[] = [];
    const read = (name: number): void => turn.given({ goOn: () => seen.push(name) }, 4096);
    for (let i = 0; i < 64; i++) read(i);
    expect(seen).toEqual([]);
    read(64);
    expect(seen).toEqual(Array.from({ length: 65 }, (_, i) => i));
    read(65);
    expect(seen.length).toBe(65);
    await turns(1);
    expect(seen.length).toBe(66);
  });

  it('gives the others what they were sent although one of them fails', async () => {
    const failures: unknown[] = [];
    const others = process.rawListeners('uncaughtException') as ((error: unknown) => void)[];
    process.removeAllListeners('uncaughtException');
    const onFailure = (error: unknown): unknown => failures.push(error);
    process.on('uncaughtException', onFailure);
    onTestFinished(() => {
      process.off('uncaughtException', onFailure);
      for (const other of others) process.on('uncaughtException', other);
    });
    const seen: string[] = [];
    const failing = (): never => {
      throw new Error('a fault');
    };
    turn.given({ goOn: failing }, 1);
    turn.given({ goOn: () => seen.push('given') }, 1);
    turn.sent({ flush: failing });
    turn.sent({ flush: () => seen.push('sent') });
    turn.rest({ goOn: failing });
    turn.rest({ goOn: () => seen.push('went on') });
    await until(() => seen.length + failures.length === 6);
    expect(seen.sort()).toEqual(['given', 'sent', 'went on']);
    expect(failures.map(String)).toEqual(['Error: a fault', 'Error: a fault', 'Error: a fault']);
  });
});

describe('what a socket has read in a turn', () => {
  /** A reader of the end that `index` says, and its socket as Node reads it. */
  async function reader(index: 0 | 1): Promise<{ seen: string[]; bytes: ByteDuplex; read: (text: string) => void }> {
    const bytes = (await connected())[index];
    const seen: string[] = [];
    bytes.subscribe({
      next: (chunk) => seen.push(Buffer.from(chunk).toString()),
      error: (error: unknown) => seen.push((error as { code: string }).code),
      complete: () => seen.push('end'),
    });
    const port = ByteDuplex.portOf(bytes) as unknown as { pushed(chunk: Uint8Array): boolean };
    return { seen, bytes, read: (text) => void port.pushed(Buffer.from(text)) };
  }

  const ENDS = [
    ['connects', 0],
    ['accepts', 1],
  ] as const;

  it.each(ENDS)('reaches its reader with that of others, whoever %s', async (_, index) => {
    const ends = await connected();
    const reader = new Reader(ends[index]);
    const seenWhenRead: string[] = [];
    const given = turn.given.bind(turn);
    const spy = vi.spyOn(turn, 'given').mockImplementation((...read) => {
      seenWhenRead.push(reader.text);
      given(...read);
    });
    onTestFinished(() => spy.mockRestore());
    ends[1 - index]?.next(Buffer.from('word'));
    await until(() => reader.text !== '');
    expect([seenWhenRead, reader.text]).toEqual([[''], 'word']);
  });

  it.each(ENDS)('waits in its stream while the reader holds, although it is read on, whoever %s', async (_, index) => {
    const ends = await connected({ highWaterMark: 4 }, { highWaterMark: 4 });
    const releases: Release[] = [];
    const reader = new Reader(ends[index], () => void releases.push(hold()));
    const other = ends[1 - index] as ByteDuplex;
    other.next(Buffer.from('first '));
    await until(() => reader.text !== '');
    const more = 'more'.repeat(2000);
    other.next(Buffer.from(more));
    (ByteDuplex.portOf(ends[index]) as unknown as { readOn(): void }).readOn(); // its turn, for what it had before
    await turns(20);
    expect([reader.text, ends[index].heldBytes]).toEqual(['first ', 6]);
    await until(() => {
      for (const release of releases.splice(0)) release();
      return reader.text === `first ${more}`;
    });
  });

  it('comes before what is read after it in the same turn, small or large', async () => {
    const { seen, read } = await reader(1);
    read('first ');
    read('second ');
    read('third ');
    await turns(1);
    read('fourth ');
    read('x'.repeat(5000));
    expect(seen.join('')).toBe(`first second third fourth ${'x'.repeat(5000)}`);
  });

  it('comes before the end, and before a failure', async () => {
    const [client, server] = await connected();
    const seen: string[] = [];
    server.subscribe({ next: (chunk) => seen.push(Buffer.from(chunk).toString()), complete: () => seen.push('end') });
    client.next(Buffer.from('word'));
    client.complete();
    await turns(20);
    expect(seen).toEqual(['word', 'end']);

    const lost = await reader(1);
    lost.read('word');
    (ByteDuplex.portOf(lost.bytes) as unknown as { failed(error: unknown): void }).failed({ code: 'ECONNRESET' });
    expect(lost.seen).toEqual(['word', 'ECONNRESET']);
    await turns(2);
    expect(lost.seen).toEqual(['word', 'ECONNRESET']);
  });

  it('goes on to whoever takes the stream over', async () => {
    const { seen, bytes, read } = await reader(1);
    read('word');
    const stream = ByteDuplex.portOf(bytes).detach();
    expect(String(stream?.read())).toBe('word');
    await turns(2);
    expect(seen).toEqual([]);
  });
});
