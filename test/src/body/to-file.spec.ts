import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { concat, EMPTY, lastValueFrom, NEVER, of, throwError, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFile } from '../../../src/body/to-file.js';
import { creditSource } from '../../operators/core/credit-source.js';
import { message, utf8 } from '../../operators/body/bodies.js';

let folder: string;
let files = 0;
const newPath = (): string => join(folder, `file-${files++}`);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxweir-to-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Waits for something the file system does. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const written = (source: Observable<Uint8Array>, path: string): Promise<number> =>
  lastValueFrom(source.pipe(toFile(path)));

describe('a path', () => {
  it('gets the bytes, and their number is emitted', async () => {
    const path = newPath();
    expect(await written(of(utf8('ab'), utf8(''), utf8('c')), path)).toBe(3);
    expect(await readFile(path, 'utf8')).toBe('abc');
  });

  it('is created for an empty body, and emptied if it was there', async () => {
    const path = newPath();
    await writeFile(path, 'old');
    expect(await written(EMPTY, path)).toBe(0);
    expect((await stat(path)).size).toBe(0);
  });

  it('may be a file URL, with flags and a mode', async () => {
    const path = newPath();
    await writeFile(path, 'old ');
    await lastValueFrom(of(utf8('new')).pipe(toFile(pathToFileURL(path), { flags: 'a' })));
    expect(await readFile(path, 'utf8')).toBe('old new');
    const secret = newPath();
    await lastValueFrom(of(utf8('x')).pipe(toFile(secret, { mode: 0o600 })));
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
  });

  it('gets the body of a message', async () => {
    const path = newPath();
    expect(await lastValueFrom(of(message('body')).pipe(toFile(path)))).toBe(4);
    expect(await readFile(path, 'utf8')).toBe('body');
  });

  it('gets 5000 tiny chunks that come at once', async () => {
    const path = newPath();
    expect(await written(of(...Array.from({ length: 5000 }, (_, i) => Uint8Array.of(i))), path)).toBe(5000);
    expect((await readFile(path)).every((byte, i) => byte === (i & 255))).toBe(true);
  });

  it('that cannot be opened is an error of the file system', async () => {
    await expect(written(of(utf8('a')), join(folder, 'none', 'file'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(written(concat(of(utf8('a')), NEVER), folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('an open file', () => {
  it('is written from where it stands and stays open', async () => {
    const path = newPath();
    const file = await open(path, 'w+');
    await file.write('head ');
    expect(await lastValueFrom(of(utf8('body')).pipe(toFile(file)))).toBe(4);
    await file.write(' tail');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('head body tail');
  });

  it('that cannot be written is an error, and the source is let go', async () => {
    const path = newPath();
    await writeFile(path, '');
    const file = await open(path, 'r');
    const credit = creditSource({ window: 8000 });
    await expect(lastValueFrom(credit.bytes.pipe(toFile(file)))).rejects.toMatchObject({ code: 'EBADF' });
    expect(credit).toMatchObject({ sent: 8, unreturned: 0, unsubscriptions: 1 });
    await file.close();
  });
});

describe('credit and ends', () => {
  it('chunks are held until they are written: the window bounds what waits', async () => {
    const path = newPath();
    const credit = creditSource({ window: 8000 });
    const bytes = lastValueFrom(credit.bytes.pipe(toFile(path)));
    expect(credit.unreturned).toBe(8000); // the file is not even open
    expect(await bytes).toBe(200_000);
    expect(credit).toMatchObject({ peak: 8000, unreturned: 0 });
    const content = await readFile(path);
    expect(content.every((byte, at) => byte === (Math.floor(at / 1000) & 255))).toBe(true);
  });

  it('an error of the source leaves what was written', async () => {
    const path = newPath();
    const source = concat(
      of(utf8('some')),
      throwError(() => new Error('source')),
    );
    await expect(written(source, path)).rejects.toThrow('source');
  });

  it('unsubscribing gives the credit back, at once', () => {
    const credit = creditSource({ window: 3000 });
    const subscription = credit.bytes.pipe(toFile(newPath())).subscribe();
    subscription.unsubscribe();
    expect(credit).toMatchObject({ sent: 3, unreturned: 0, unsubscriptions: 1 });
  });

  it('unsubscribing in the middle of writing stops it and closes the file', async (context) => {
    if (!existsSync('/proc/self/fd')) context.skip('no /proc to see open files in');
    const path = newPath();
    const credit = creditSource({ window: 3000, count: 1_000_000 });
    const subscription = credit.bytes.pipe(toFile(path)).subscribe();
    await until(() => credit.sent > 50);
    expect(isOpen(path)).toBe(true);
    subscription.unsubscribe();
    const { sent } = credit;
    await until(() => !isOpen(path));
    expect(credit).toMatchObject({ sent, unreturned: 0 });
  });

  it('a file is closed before its bytes are announced, also after an error', async (context) => {
    if (!existsSync('/proc/self/fd')) context.skip('no /proc to see open files in');
    const path = newPath();
    await written(of(utf8('a')), path);
    expect(isOpen(path)).toBe(false);
    const source = concat(
      of(utf8('some')),
      throwError(() => new Error('source')),
    );
    await expect(written(source, path)).rejects.toThrow('source');
    await until(() => !isOpen(path));
  });
});

function isOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed since
    }
  });
}
