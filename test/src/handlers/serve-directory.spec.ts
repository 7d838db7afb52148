import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { createClient } from '../../../src/client/create-client.js';
import { serveDirectory } from '../../../src/handlers/serve-directory.js';
import type { ServeDirectoryConfig } from '../../../src/handlers/serve-directory-config.js';
import { eventually, realServer } from '../server/real-server.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-directory-'));
const root = join(folder, 'root');
const big = Buffer.alloc(1_000_003, 'abcdefghij');
const LONG_AGO = new Date('2020-01-02T03:04:05.678Z');

function put(name: string, content: string | Buffer, time = LONG_AGO): void {
  writeFileSync(join(folder, name), content);
  utimesSync(join(folder, name), time, time);
}
mkdirSync(join(root, 'sub/deep'), { recursive: true });
mkdirSync(join(root, 'empty'));
mkdirSync(join(root, '.well-known'));
put('secret.txt', 'outside');
put('root/index.html', '<h1>home</h1>');
put('root/small.txt', '0123456789');
put('root/none', '');
put('root/big.bin', big);
put('root/.hidden', 'hidden');
put('root/.well-known/x', 'known');
put('root/sub/index.htm', 'sub');
put('root/sub/<b>&".txt', 'odd');
put('root/ü b.txt', 'umlaut');
put('root/style.css', 'body { color: black }\n'.repeat(100));
put('root/style.css.br', brotliCompressSync('body { color: black }\n'.repeat(100)));
put('root/style.css.gz', gzipSync('body { color: black }\n'.repeat(100)));
symlinkSync('small.txt', join(root, 'link-inside'));
symlinkSync('../secret.txt', join(root, 'link-outside'));
symlinkSync('..', join(root, 'folder-outside'));
symlinkSync('loop', join(root, 'loop'));
afterAll(() => rmSync(folder, { recursive: true }));

const client = createClient({ decompress: false, redirect: 'manual' });

async function serving(config?: ServeDirectoryConfig) {
  const { url, raw, events } = await realServer(serveDirectory(root, config));
  const ask = async (target: string, headers: Record<string, string> = {}, method = 'GET', version?: '1.1' | '2') => {
    const response = await firstValueFrom(client.request({ url, target, headers, method, version }));
    const body = Buffer.from(await firstValueFrom(response.body.pipe(bytes())));
    return { status: response.status, fields: response.fields, body, text: body.toString() };
  };
  return { url, ask, raw, events };
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('serveDirectory', () => {
  it('sends a file with what is known of it', async () => {
    const { ask } = await serving({ cacheControl: (path) => (path.endsWith('.txt') ? 'max-age=9' : undefined) });
    const { status, fields, text } = await ask('/small.txt?x=y');
    expect([status, text]).toEqual([200, '0123456789']);
    expect(fields.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(fields.get('content-length')).toBe('10');
    expect(fields.get('last-modified')).toBe('Thu, 02 Jan 2020 03:04:05 GMT');
    expect(fields.get('etag')).toMatch(/^"[0-9a-z]+-[0-9a-z]+-[0-9a-z]+"$/);
    expect(fields.get('accept-ranges')).toBe('bytes');
    expect(fields.get('cache-control')).toBe('max-age=9');
    expect(fields.get('x-content-type-options')).toBe('nosniff');
    expect((await ask('/%C3%BC%20b.txt')).text).toBe('umlaut');
    expect((await ask('/none')).fields.get('content-length')).toBe('0');
  });

  it.each(['1.1', '2'] as const)('streams a large file over HTTP/%s, and answers HEAD', async (version) => {
    const { ask } = await serving();
    const whole = await ask('/big.bin', {}, 'GET', version);
    expect(whole.body.equals(big)).toBe(true);
    expect(whole.fields.get('content-length')).toBe(String(big.length));
    for (const [path, length] of [
      ['/big.bin', big.length],
      ['/small.txt', 10],
    ] as const) {
      const head = await ask(path, {}, 'HEAD', version);
      expect([head.status, head.fields.get('content-length'), head.body.length]).toEqual([200, String(length), 0]);
    }
    const part = await ask('/big.bin', { range: 'bytes=500000-' }, 'GET', version);
    expect(part.body.equals(big.subarray(500_000))).toBe(true);
    expect((await ask('/big.bin', { range: 'bytes=0-1' }, 'HEAD', version)).status).toBe(200);
  });

  it('finds the index, redirects to the slash, lists where it may', async () => {
    const { ask } = await serving({ index: ['index.html', 'index.htm'], listing: true });
    expect((await ask('/')).text).toBe('<h1>home</h1>');
    expect((await ask('/sub/')).text).toBe('sub');
    const moved = await ask('/sub?q=1');
    expect([moved.status, moved.fields.get('location')]).toEqual([301, '/sub/?q=1']);
    expect((await ask('/small.txt/')).status).toBe(404);
    expect((await ask('/empty/')).text).toContain('<ul>\n<li><a href="../">../</a></li>\n</ul>');
    const listing = await serving({ index: [], listing: true, maxEntries: 2 });
    const page = await listing.ask('/sub/');
    expect(page.fields.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<li><a href="./deep/">deep/</a></li>');
    expect(page.text).toContain('<a href="./%3Cb%3E%26%22.txt">&lt;b&gt;&amp;&quot;.txt</a>');
    expect(page.text).toContain('and 1 more');
    expect((await listing.ask('/')).text).not.toContain('hidden');
    expect((await (await serving({ index: [] })).ask('/sub/')).status).toBe(403);
  });

  it.each([
    ['/../secret.txt', 400],
    ['/sub/../../secret.txt', 400],
    ['/sub/../small.txt', 400],
    ['/./small.txt', 400],
    ['/%2e%2e/secret.txt', 400],
    ['/%2E%2E%2fsecret.txt', 400],
    ['/sub%2fdeep', 400],
    ['/..%5csecret.txt', 400],
    ['/..\\secret.txt', 400],
    ['/small.txt%00.html', 400],
    ['/%', 400],
    ['/%ff', 400],
    ['//etc/passwd', 404],
    ['/sub//index.htm', 404],
    ['//evil.example/..', 404],
    ['/.hidden', 404],
    ['/sub/.well-known/x', 404],
    ['/link-outside', 404],
    ['/folder-outside/secret.txt', 404],
    ['/loop', 403],
    ['/nothing', 404],
    ['/small.txt/x', 404],
    [`/${'x'.repeat(300)}`, 404],
    ['/dev', 404],
  ])('answers %s with %i', async (target, status) => {
    const { ask } = await serving({ listing: true });
    expect((await ask(target)).status).toBe(status);
  });

  it('follows links that stay, shows what is well known, and hidden files where told to', async () => {
    const { ask } = await serving();
    expect((await ask('/link-inside')).text).toBe('0123456789');
    expect((await ask('/.well-known/x')).text).toBe('known');
    expect((await (await serving({ dotFiles: true })).ask('/.hidden')).text).toBe('hidden');
  });

  it('refuses other methods, and hands on what is not its own', async () => {
    const { ask } = await serving({
      prefix: '/static/',
      otherwise: ({ path }) => ({ status: 404, body: `no ${path}` }),
    });
    const refused = await ask('/static/small.txt', {}, 'DELETE');
    expect([refused.status, refused.fields.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await ask('/static/small.txt')).text).toBe('0123456789');
    expect((await ask('/small.txt')).text).toBe('no /small.txt');
    expect((await ask('/static/nothing')).text).toBe('no /static/nothing');
    expect((await ask('/static/.hidden')).text).toBe('no /static/.hidden');
  });

  it('keeps to conditions', async () => {
    const { ask } = await serving();
    const etag = (await ask('/small.txt')).fields.get('etag') as string;
    const modified = 'Thu, 02 Jan 2020 03:04:05 GMT';
    const status = async (headers: Record<string, string>, method = 'GET') =>
      (await ask('/small.txt', headers, method)).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': `W/${etag}` }, 'HEAD')).toBe(304);
    expect(await status({ 'if-none-match': '"other"', 'if-modified-since': modified })).toBe(200);
    expect(await status({ 'if-modified-since': modified })).toBe(304);
    expect(await status({ 'if-modified-since': 'Thu, 02 Jan 2020 03:04:04 GMT' })).toBe(200);
    expect(await status({ 'if-match': '"other"' })).toBe(412);
    expect(await status({ 'if-match': etag, 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-unmodified-since': 'Thu, 02 Jan 2020 03:04:04 GMT' })).toBe(412);
    const unchanged = await ask('/small.txt', { 'if-none-match': '*' });
    expect([unchanged.fields.get('etag'), unchanged.fields.has('content-length')]).toEqual([etag, false]);
  });

  it('gives parts', async () => {
    const { ask } = await serving({ maxRanges: 3 });
    const etag = (await ask('/small.txt')).fields.get('etag') as string;
    const one = await ask('/small.txt', { range: 'bytes=2-4' });
    expect([one.status, one.text, one.fields.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    expect((await ask('/small.txt', { range: 'bytes=-3' })).text).toBe('789');
    expect((await ask('/small.txt', { range: 'bytes=8-99', 'if-range': etag })).text).toBe('89');
    expect((await ask('/small.txt', { range: 'bytes=8-', 'if-range': 'Thu, 02 Jan 2020 03:04:05 GMT' })).text).toBe(
      '89',
    );
    expect((await ask('/small.txt', { range: 'bytes=8-', 'if-range': `W/${etag}` })).text).toBe('0123456789');
    const beyond = await ask('/small.txt', { range: 'bytes=10-' });
    expect([beyond.status, beyond.fields.get('content-range')]).toEqual([416, 'bytes */10']);
    for (const range of ['bytes=4-2', 'lines=1-2', 'bytes=0-1,2-3,4-5,6-7', 'bytes=0-,0-']) {
      expect((await ask('/small.txt', { range })).status).toBe(200);
    }
  });

  it.each([
    ['/small.txt', Buffer.from('0123456789')],
    ['/big.bin', big],
  ])('gives several parts of %s at once', async (path, content) => {
    const { ask } = await serving();
    const { status, fields, body } = await ask(path, { range: 'bytes=1-2, -3' });
    expect(status).toBe(206);
    const [, boundary] = /^multipart\/byteranges; boundary=(.+)$/.exec(fields.get('content-type') as string) ?? [];
    const head = (range: string) => `--${boundary}\r\ncontent-type: ${path === '/big.bin' ? 'application/octet-stream' : 'text/plain; charset=utf-8'}\r\ncontent-range: bytes ${range}/${content.length}\r\n\r\n`; // prettier-ignore
    const last = content.length - 3;
    expect(body.toString()).toBe(
      `${head('1-2')}${content.subarray(1, 3).toString()}\r\n${head(`${last}-${content.length - 1}`)}${content.subarray(last).toString()}\r\n--${boundary}--\r\n`,
    );
    expect(fields.get('content-length')).toBe(String(body.length));
  });

  it('calls a tag weak while the file is fresh, and takes no date of it for a range', async () => {
    put('root/fresh.txt', 'fresh', new Date());
    const { ask } = await serving();
    const { fields } = await ask('/fresh.txt');
    expect(fields.get('etag')).toMatch(/^W\//);
    const range = { range: 'bytes=1-', 'if-range': fields.get('etag') as string };
    expect((await ask('/fresh.txt', range)).status).toBe(200);
  });

  it('sends files that were compressed before to who takes them', async () => {
    const { ask } = await serving({ precompressed: ['br', 'gzip'] });
    const coded = await ask('/style.css', { 'accept-encoding': 'gzip, br' });
    expect(coded.fields.get('content-encoding')).toBe('br');
    expect(coded.fields.get('content-type')).toBe('text/css; charset=utf-8');
    expect(coded.fields.get('vary')).toBe('accept-encoding');
    expect(brotliDecompressSync(coded.body).toString()).toContain('color: black');
    const plain = await ask('/style.css');
    expect([plain.fields.get('content-encoding'), plain.fields.get('vary')]).toEqual([undefined, 'accept-encoding']);
    expect(plain.fields.get('etag')).not.toBe(coded.fields.get('etag'));
    expect((await ask('/small.txt', { 'accept-encoding': 'br' })).text).toBe('0123456789');
  });

  it('closes a file when its reader leaves, and holds still while it does not read', async () => {
    const huge = join(root, 'huge.bin');
    writeFileSync(huge, '');
    truncateSync(huge, 512 * 1024 * 1024);
    const { raw } = await serving();
    const before = openFiles();
    const reader = raw().send('GET /huge.bin HTTP/1.1\r\nhost: x\r\n\r\n');
    await reader.until('\r\n\r\n');
    reader.socket.pause();
    const from = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(process.memoryUsage().rss - from).toBeLessThan(64 * 1024 * 1024);
    expect(openFiles()).toBeGreaterThan(before);
    reader.socket.destroy();
    await eventually(() => openFiles() <= before + 1); // the client's own socket may be on its way out
    rmSync(huge);
  });

  it('cuts a response whose file was cut', async () => {
    const shrinking = join(root, 'shrinking.bin');
    writeFileSync(shrinking, '');
    truncateSync(shrinking, 64 * 1024 * 1024);
    const { raw, events } = await serving();
    const reader = raw().send('GET /shrinking.bin HTTP/1.1\r\nhost: x\r\n\r\n');
    await reader.until('\r\n\r\n');
    truncateSync(shrinking, 1000);
    await reader.closed;
    await eventually(() => events.some((event) => event.type === 'handler-error'));
    expect(events.find((event) => event.type === 'handler-error')).toMatchObject({
      error: { code: 'FILE_CHANGED' },
      sent: true,
    });
    rmSync(shrinking);
  });

  it('takes a file URL, and refuses what is no folder and no option', () => {
    expect(serveDirectory(pathToFileURL(root))).toBeTypeOf('function');
    const refused: [string, ServeDirectoryConfig?][] = [
      [join(root, 'nothing')],
      [join(root, 'small.txt')],
      [root, { prefix: 'static' }],
      [root, { maxRanges: 0 }],
      [root, { maxEntries: -1 }],
      [root, { precompressed: ['lzma' as 'br'] }],
    ];
    for (const [where, config] of refused) {
      expect(() => serveDirectory(where, config)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
    }
  });
});
