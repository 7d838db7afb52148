import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pipe } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { basicAuth } from '../../src/handlers/basic-auth.js';
import { compress } from '../../src/handlers/compress.js';
import { route } from '../../src/handlers/route.js';
import { serveDirectory } from '../../src/handlers/serve-directory.js';
import { forwardProxy } from '../../src/proxy/forward-proxy.js';
import { reverseProxy } from '../../src/proxy/reverse-proxy.js';
import { findProgram, needPackage } from '../support/peers.js';
import { realServer } from '../src/server/real-server.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rxweir-curl-handlers-'));
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
const style = 'body { color: black }\n'.repeat(1000);
let missing: string | undefined;

beforeAll(async () => {
  missing = await needPackage('curl');
  for (const [name, text] of [
    ['file.bin', content],
    ['style.css', style],
  ] as const) {
    writeFileSync(join(folder, name), text);
    utimesSync(join(folder, name), 1_577_934_245, 1_577_934_245); // 2 January 2020
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function curl(context: TestContext, ...args: string[]): Promise<string> {
  if (missing !== undefined) context.skip(missing);
  const { stdout } = await run(findProgram('curl') as string, ['-sS', '--max-time', '15', ...args], {
    maxBuffer: 64 * 1024 * 1024,
    encoding: 'latin1',
    env: { NO_PROXY: '' },
  });
  return stdout;
}

const files = () => realServer(compress()(serveDirectory(folder)));
const VERSIONS = ['--http1.1', '--http2-prior-knowledge'];

describe.each(VERSIONS)('curl %s reads files', (version) => {
  it('in parts', async (context) => {
    const { url } = await files();
    const part = await curl(context, version, '-r', '100-199', `${url}/file.bin`);
    expect(Buffer.from(part, 'latin1').equals(content.subarray(100, 200))).toBe(true);
    const several = await curl(context, version, '-r', '0-1,5-6', `${url}/file.bin`);
    expect(several).toContain('content-range: bytes 0-1/300000\r\n\r\n\x00\x01\r\n--');
    expect(several).toContain('content-range: bytes 5-6/300000\r\n\r\n\x05\x06\r\n--');
    expect(await curl(context, version, '-o', '/dev/null', '-w', '%{http_code}', '-r', '300000-', `${url}/file.bin`)).toBe('416'); // prettier-ignore
  });

  it('on from where it was', async (context) => {
    const { url } = await files();
    const begun = join(folder, `begun${version}`);
    writeFileSync(begun, content.subarray(0, 123_456));
    await curl(context, version, '-C', '-', '-o', begun, `${url}/file.bin`);
    expect(readFileSync(begun).equals(content)).toBe(true);
  });

  it('compressed', async (context) => {
    const { url } = await files();
    const head = join(folder, `head${version}`);
    expect(await curl(context, version, '--compressed', '-D', head, `${url}/style.css`)).toBe(style);
    expect(readFileSync(head, 'latin1').toLowerCase()).toMatch(/content-encoding: (br|zstd|gzip)\r\n/);
  });

  it('only if they are newer', async (context) => {
    const { url } = await files();
    const code = ['-o', '/dev/null', '-w', '%{http_code}'];
    expect(await curl(context, version, ...code, '-z', 'Fri, 03 Jan 2020 00:00:00 GMT', `${url}/file.bin`)).toBe('304');
    expect(await curl(context, version, ...code, '-z', 'Wed, 01 Jan 2020 00:00:00 GMT', `${url}/file.bin`)).toBe('200');
    const tag = join(folder, `etag${version}`);
    await curl(context, version, '-o', '/dev/null', '--etag-save', tag, `${url}/style.css`);
    expect(await curl(context, version, ...code, '--etag-compare', tag, `${url}/style.css`)).toBe('304');
  });

  it('behind a reverse proxy', async (context) => {
    const { url } = await files();
    const { url: front } = await realServer(reverseProxy(url));
    const whole = await curl(context, version, `${front}/file.bin`);
    expect(Buffer.from(whole, 'latin1').equals(content)).toBe(true);
    expect(await curl(context, version, '--compressed', `${front}/style.css`)).toBe(style);
    expect(await curl(context, version, '-I', `${front}/file.bin`)).toMatch(/content-length: 300000\r\n/i);
  });
});

describe('curl takes us for a proxy', () => {
  const proxying = () =>
    realServer(
      pipe(basicAuth({ realm: 'proxy', users: { marlow: 'steam' }, proxy: true }))(
        forwardProxy({ allow: ['127.0.0.1'] }),
      ),
    );

  it('that passes requests on, and opens tunnels', async (context) => {
    const { url } = await files();
    const { url: proxy } = await proxying();
    const user = ['-x', proxy, '-U', 'marlow:steam'];
    expect(Buffer.from(await curl(context, ...user, `${url}/file.bin`), 'latin1').equals(content)).toBe(true);
    expect(Buffer.from(await curl(context, ...user, '-p', `${url}/file.bin`), 'latin1').equals(content)).toBe(true);
    const posted = await realServer(({ body }) => ({ body }));
    expect(await curl(context, ...user, '--data-binary', 'through', posted.url)).toBe('through');
    const code = ['-o', '/dev/null', '-w', '%{http_code} %{http_connect}'];
    expect(await curl(context, ...code, '-x', proxy, `${url}/file.bin`)).toBe('407 000');
    expect(await curl(context, ...code, ...user, 'http://localhost:1/')).toBe('403 000');
  });
});

it('curl is told what a route allows', async (context) => {
  const { url } = await realServer(route({ 'GET /x': () => ({ body: 'x' }) }));
  expect(await curl(context, '-i', '-X', 'DELETE', `${url}/x`)).toMatch(
    /405 Method Not Allowed\r\nallow: GET, HEAD, OPTIONS\r\n/,
  );
});
