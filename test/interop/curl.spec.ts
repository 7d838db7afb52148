import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { map, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { serve } from '../../src/server/serve.js';
import { certificates } from '../support/certificates.js';
import { findProgram, needPackage } from '../support/peers.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rxweir-curl-'));
const running: Subscription[] = [];
let missing: string | undefined;
let plain = 0;
let secure = 0;

const big = Buffer.alloc(3_000_000, 'abcdefghij');

beforeAll(async () => {
  missing = await needPackage('curl');
  if (missing !== undefined) return;
  const { ca, server } = certificates();
  writeFileSync(join(folder, 'ca.pem'), ca);
  const listen = (tls?: { cert: string; key: string }): Promise<number> =>
    new Promise((resolve, reject) => {
      running.push(
        serve({ host: '127.0.0.1', port: 0, tls }, (request) => {
          if (request.path === '/big') return { body: big };
          if (request.path === '/hints') return [{ status: 103, fields: { link: '</a>' } }, { body: 'hinted' }];
          if (request.path === '/trailers') return { body: [Buffer.from('body')], trailers: { 'x-sum': '7' } };
          if (request.path === '/empty') return { status: 204 };
          return request.body.pipe(
            bytes(),
            map((body) => ({
              fields: { 'x-method': request.method, 'x-version': request.version, 'x-length': `${body.length}` },
              body,
            })),
          );
        }).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject }),
      );
    });
  plain = await listen();
  secure = await listen({ cert: server.cert, key: server.key });
}, 180_000);

afterAll(() => {
  for (const subscription of running) subscription.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

async function curl(context: TestContext, ...args: string[]): Promise<string> {
  if (missing !== undefined) context.skip(missing);
  const { stdout } = await run(findProgram('curl') as string, ['-sS', '--max-time', '15', ...args], {
    maxBuffer: 64 * 1024 * 1024,
    encoding: 'latin1',
  });
  return stdout;
}

describe('curl asks our server', () => {
  it('GET with its head', async (context) => {
    const text = await curl(context, '-i', `http://127.0.0.1:${plain}/a?b`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.toLowerCase()).toContain('x-method: get\r\n');
    expect(text.toLowerCase()).toContain('\r\ndate: ');
  });

  it('HTTP/1.0', async (context) => {
    const text = await curl(context, '-0', '-i', `http://127.0.0.1:${plain}/`);
    expect(text.toLowerCase()).toContain('x-version: 1.0');
  });

  it('HEAD', async (context) => {
    const text = await curl(context, '-I', `http://127.0.0.1:${plain}/big`);
    expect(text.toLowerCase()).toContain('content-length: 3000000');
  });

  it('a big download, byte for byte', async (context) => {
    expect(await curl(context, `http://127.0.0.1:${plain}/big`)).toBe(big.toString('latin1'));
  });

  it('a chunked upload after 100 Continue', async (context) => {
    writeFileSync(join(folder, 'up'), big);
    const args = ['-i', '-T', join(folder, 'up'), '-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue'];
    const text = await curl(context, ...args, `http://127.0.0.1:${plain}/`);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(text.toLowerCase()).toContain('x-length: 3000000');
  });

  it('a form', async (context) => {
    const text = await curl(context, '-F', 'name=value', '-F', 'file=@/etc/hostname', `http://127.0.0.1:${plain}/`);
    expect(text).toContain('name="name"');
  });

  it('several requests on one connection', async (context) => {
    const url = `http://127.0.0.1:${plain}/`;
    const text = await curl(context, '-w', '%{num_connects} ', '-o', '/dev/null', url, '-o', '/dev/null', url);
    expect(text.trim().split(' ')).toEqual(['1', '0']);
  });

  it('103 Early Hints, trailers, 204', async (context) => {
    expect(await curl(context, '-i', `http://127.0.0.1:${plain}/hints`)).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>/i,
    );
    expect(await curl(context, '-i', `http://127.0.0.1:${plain}/trailers`)).toMatch(/body[^]*x-sum: 7/i);
    expect(await curl(context, '-i', `http://127.0.0.1:${plain}/empty`)).not.toMatch(/content-length/i);
  });

  it('over TLS, verified against our authority', async (context) => {
    const authority = ['--cacert', join(folder, 'ca.pem'), '-i'];
    const text = await curl(context, '--http1.1', ...authority, `https://localhost:${secure}/`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await curl(context, '--http2', ...authority, `https://localhost:${secure}/`)).toMatch(/^HTTP\/2 200/);
  });
});
