import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectTcp } from '../../../src/sockets/tcp.js';
import { mulberry32 } from '../../support/every-split.js';

describe('reading into a buffer of ours', () => {
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
