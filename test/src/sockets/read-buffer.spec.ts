import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, map, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { connectTcp } from '../../../src/sockets/tcp.js';
import { mulberry32 } from '../../support/every-split.js';

describe('reading into a buffer of ours', () => {
  // First: while several connections are read, what they are sent is cut into shares of a turn.
  it('reads more at a time as long as it is there and is taken, and no more than usual of what is held', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(Buffer.alloc(16_000_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sizes = async (onChunk: () => void): Promise<number[]> => {
      const socket = await firstValueFrom(connectTcp({ host: '127.0.0.1', port, highWaterMark: 1000 }));
      const lengths = socket.pipe(
        tap(onChunk),
        map(({ length }) => length),
        toArray(),
      );
      return lastValueFrom(lengths).finally(() => socket.complete());
    };
    expect(Math.max(...(await sizes(() => undefined)))).toBe(262_144);
    expect(Math.max(...(await sizes(() => void setImmediate(hold()))))).toBe(65_536);
    await new Promise((resolve) => server.close(resolve));
  });

  it('keeps every chunk as it was, however long it is kept: small and large reads in turn, over several connections', async () => {
    const random = mulberry32(7);
    const pieces = Array.from({ length: 60 }, (_, i) =>
      Buffer.alloc(i % 3 === 0 ? 300_000 : 1 + Math.floor(random() * 5000), i + 1),
    );
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      let next = 0;
      const more = (): void => {
        const piece = pieces[next++];
        if (piece === undefined) socket.end();
        else socket.write(piece, () => setImmediate(more));
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const expected = Buffer.concat(pieces);
    const sizes: number[] = [];
    const bodies = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = await firstValueFrom(connectTcp({ host: '127.0.0.1', port }));
        const chunks = await lastValueFrom(
          socket.pipe(
            tap((chunk) => sizes.push(chunk.length)),
            toArray(), // all of them kept to the end
          ),
        );
        socket.complete();
        return Buffer.concat(chunks);
      }),
    );
    for (const body of bodies) expect(body.equals(expected)).toBe(true);
    expect(Math.max(...sizes)).toBeGreaterThan(32_768);
    expect(Math.min(...sizes)).toBeLessThan(16_384);
    await new Promise((resolve) => server.close(resolve));
  });
});
