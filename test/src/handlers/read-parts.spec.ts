/** Files read into memory that is used again: by a writer that knows when a chunk has left, and by nobody else. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, type Readable } from 'node:stream';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { HasLeft } from '../../../operators/body/lending-body.js';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { readParts } from '../../../src/handlers/read-parts.js';
import { serveDirectory } from '../../../src/handlers/serve-directory.js';
import { eventually, realServer } from '../server/real-server.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHUNK = 131_072;
const content = randomBytes(20 * CHUNK + 9000);
const path = join(folder, 'file.bin');
writeFileSync(path, content);
const stats = statSync(path);
const whole = [{ first: 0, last: content.length - 1 }];
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Reads all of it, and tells the buffers its chunks lay in. */
async function read(hasLeft?: HasLeft): Promise<{ bytes: Buffer; buffers: Set<ArrayBufferLike> }> {
  const file = readParts(path, whole, stats);
  const copies: Uint8Array[] = [];
  const buffers = new Set<ArrayBufferLike>();
  const body = hasLeft === undefined ? file : file.lend(hasLeft);
  await lastValueFrom(
    body.pipe(
      tap((chunk) => {
        copies.push(Uint8Array.from(chunk));
        buffers.add(chunk.buffer);
      }),
    ),
  );
  return { bytes: Buffer.concat(copies), buffers };
}

describe('the memory of a file that is read', () => {
  it('is the reader’s to keep, chunk by chunk', async () => {
    const chunks = await lastValueFrom(readParts(path, whole, stats).pipe(toArray()));
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(chunks.length);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  it('is used again where it was lent and has left: two buffers do for a file of 21 chunks', async () => {
    const { bytes, buffers } = await read(() => true);
    expect(bytes.equals(content)).toBe(true);
    expect(buffers.size).toBe(2);
  });

  it('is not used again while it has not left', async () => {
    const { bytes, buffers } = await read(() => false);
    expect(bytes.equals(content)).toBe(true);
    expect(buffers.size).toBe(21);
    const { buffers: next } = await read(() => false);
    expect([...next].filter((buffer) => buffers.has(buffer))).toEqual([]);
  });

  it('is not used again while the chunk is held', async () => {
    const held: { chunk: Uint8Array; copy: Uint8Array; release: Release }[] = [];
    let ended = false;
    readParts(path, whole, stats)
      .lend(() => true)
      .subscribe({
        next: (chunk) => held.push({ chunk, copy: Uint8Array.from(chunk), release: hold() }),
        complete: () => (ended = true),
      });
    let at = 0;
    while (!ended) {
      await eventually(() => held.length > at || ended);
      await new Promise((resolve) => setTimeout(resolve, 1)); // the one ahead is read
      const one = held[at++];
      if (one === undefined) break;
      expect(held.length).toBe(at);
      expect(Buffer.compare(one.chunk, one.copy)).toBe(0);
      one.release();
    }
    expect(at).toBe(21);
  });
});

describe('a file that another thing has taken the place of', () => {
  it.each([
    ['a FIFO nobody writes', (at: string) => execFileSync('sh', ['-c', 'mkfifo "$0"', at]), 'FILE_CHANGED'],
    ['a link', (at: string) => symlinkSync(path, at), 'ELOOP'],
    ['another file', (at: string) => writeFileSync(at, content), 'FILE_CHANGED'],
  ])('%s', async (_, put, code) => {
    const at = mkdtempSync(join(folder, 'taken-'));
    put(join(at, 'file.bin'));
    await expect(lastValueFrom(readParts(join(at, 'file.bin'), whole, stats))).rejects.toMatchObject({ code });
  });
});

/** Reads an answer to its end, a little now and then, and gives its body's hash. */
function readSlowly(stream: Readable, pause: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (pause === 0) return;
      stream.pause();
      setTimeout(() => stream.resume(), pause);
    });
    stream.on('error', reject);
    stream.on('end', () => {
      const all = Buffer.concat(chunks);
      resolve(sha(all.subarray(all.indexOf('\r\n\r\n') + 4)));
    });
  });
}

const GET = 'GET /file.bin HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

describe('files on their way to many clients at once', () => {
  it('arrive as they are, however fast each client reads', async () => {
    const { port } = await realServer(serveDirectory(folder));
    const clients = Array.from({ length: 24 }, (_, i) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(GET));
      return readSlowly(socket, i % 3);
    });
    expect(new Set(await Promise.all(clients))).toEqual(new Set([sha(content)]));
  });

  it('arrive as they are over streams that pass on what they are given, later', async () => {
    const { server } = await realServer(serveDirectory(folder));
    const clients = Array.from({ length: 8 }, (_, i) => {
      const [there, back] = [new PassThrough(), new PassThrough({ highWaterMark: 8 << 20 })];
      server.addSocket(Duplex.from({ readable: there, writable: back }));
      there.write(GET);
      return readSlowly(back, i % 2);
    });
    expect(new Set(await Promise.all(clients))).toEqual(new Set([sha(content)]));
  });

  it('end where they ended when they were looked at, though they grew since', async () => {
    const growing = join(folder, 'growing.bin');
    writeFileSync(growing, content);
    const { port } = await realServer(serveDirectory(folder));
    const socket = connect(port, '127.0.0.1', () => socket.write(GET.replace('file', 'growing')));
    let grown = false;
    socket.on('data', () => {
      if (grown || socket.bytesRead < CHUNK) return; // it has been opened by now
      grown = true;
      appendFileSync(growing, 'more');
    });
    expect(await readSlowly(socket, 1)).toBe(sha(content));
  });
});
