/**
 * A server without file descriptors: it lives, serves those it has, and accepts again when there are some. Connections alone do
 * not get that far, as some descriptors are left to other things; where files have taken those too, libuv accepts and closes, and
 * tells nobody (docs/decisions/0032).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { builtPackage } from '../support/built-package.js';
import { freePort, startProcess, type Peer } from '../support/peers.js';

const LIMIT = 64;

beforeAll(async () => {
  await builtPackage();
}, 180_000);

/** A connection that asks one request after the other. */
class Asker {
  readonly socket: Socket;
  over = false;
  #received = '';

  constructor(where: { port: number; host: string } | { path: string }) {
    this.socket = connect(where);
    this.socket.on('error', () => (this.over = true)).on('close', () => (this.over = true));
    this.socket.setEncoding('latin1').on('data', (chunk: string) => (this.#received += chunk));
    onTestFinished(() => void this.socket.destroy());
  }

  /** The status and the body; undefined if the connection ends before. */
  async ask(path: string): Promise<string | undefined> {
    this.#received = '';
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await vi.waitUntil(() => this.over || this.#whole !== undefined, { timeout: 5000 });
    return this.#whole;
  }

  get #whole(): string | undefined {
    const [head = '', body = ''] = this.#received.split('\r\n\r\n');
    const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? NaN);
    return body.length === length ? `${head.slice(9, 12)} ${body}` : undefined;
  }
}

async function start(): Promise<{ peer: Peer; places: ({ port: number; host: string } | { path: string })[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-descriptors-'));
  writeFileSync(join(folder, 'page.txt'), 'a page');
  const port = await freePort();
  const program = join(import.meta.dirname, 'descriptors-server.mjs');
  const command = ['-c', `ulimit -n ${LIMIT} && exec "$0" "$@"`, process.execPath, program, String(port), folder];
  const peer = await startProcess('sh', command, { ready: /listening/, timeout: 30_000 });
  onTestFinished(async () => {
    await peer.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { peer, places: [{ port, host: '127.0.0.1' }, { path: join(folder, 'socket') }] };
}

describe.skipIf(process.platform !== 'linux')('a process at the end of its file descriptors', () => {
  it.each([
    ['TCP', 0],
    ['a UNIX socket', 1],
  ])(
    'by connections over %s: those it has are served, files too; more are refused, then taken again',
    async (_, at) => {
      const { peer, places } = await start();
      const where = places[at] as { path: string };
      const polite = new Asker(where);
      expect(await polite.ask('/')).toBe('200 fine');
      const crowd = Array.from({ length: LIMIT }, () => new Asker(where));
      await vi.waitUntil(() => peer.output().includes('reported EMFILE'), { timeout: 10_000 });
      await vi.waitUntil(() => crowd.some(({ over }) => over), { timeout: 5000 });
      expect(await polite.ask('/')).toBe('200 fine');
      expect(await polite.ask('/files/page.txt')).toBe('200 a page');
      expect(crowd.filter(({ over }) => !over).length).toBeGreaterThan(8);
      for (const { socket } of crowd) socket.destroy();
      await vi.waitUntil(async () => (await new Asker(where).ask('/')) === '200 fine', { timeout: 10_000 });
      expect(await polite.ask('/dial')).toBe('200 fine');
    },
    60_000,
  );

  it('by files: those it has are served, what opens fails alone, and nothing is lost when there are some again', async () => {
    const { peer, places } = await start();
    const [where] = places as [{ port: number; host: string }];
    const polite = new Asker(where);
    expect(await polite.ask('/exhaust')).toBe('200 EMFILE');
    expect(await polite.ask('/')).toBe('200 fine');
    expect(await polite.ask('/files/page.txt')).toMatch(/^503 /);
    expect(await polite.ask('/dial')).toBe('200 EMFILE');
    for (const place of places) expect(await new Asker(place).ask('/')).toBeUndefined();
    expect(await polite.ask('/release')).toBe('200 released');
    for (const place of places) expect(await new Asker(place).ask('/')).toBe('200 fine');
    expect(await polite.ask('/files/page.txt')).toBe('200 a page');
    expect(peer.output()).not.toMatch(/Error/);
  }, 60_000);
});
