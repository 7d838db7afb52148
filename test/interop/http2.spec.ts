import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, createSecureServer, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { firstValueFrom, lastValueFrom, map, type Subscription } from 'rxjs';
import { Agent, request as undiciRequest } from 'undici';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';
import { certificates } from '../support/certificates.js';
import { big, exercise } from './http2-exercise.js';
import { findProgram, freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rxweir-http2-'));
const missing: Record<string, string | undefined> = {};
const running: Subscription[] = [];
let plain = 0;
let secure = 0;

beforeAll(async () => {
  missing['curl'] = await needPackage('curl');
  missing['nghttp'] = await needPackage('nghttp', 'nghttp2-client');
  missing['h2load'] = await needPackage('h2load', 'nghttp2-client');
  missing['nghttpd'] = await needPackage('nghttpd', 'nghttp2-server');
  missing['nginx'] = await needPackage('nginx', 'nginx-light');
  const { ca, server } = certificates();
  for (const [name, content] of Object.entries({
    'ca.pem': ca,
    'cert.pem': server.cert,
    'key.pem': server.key,
    up: big,
  })) {
    writeFileSync(join(folder, name), content);
  }
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www', 'big'), big);
  writeFileSync(join(folder, 'www', 'small'), 'small');
  const listen = (tls?: { cert: string; key: string }): Promise<number> =>
    new Promise((resolve, reject) => {
      running.push(
        serve({ host: '127.0.0.1', port: 0, tls }, (request) => {
          if (request.path === '/big') return { body: big };
          if (request.path === '/plain') return { body: 'plain' };
          if (request.path === '/hints') return [{ status: 103, fields: { link: '</a>' } }, { body: 'hinted' }];
          if (request.path === '/trailers') return { body: [Buffer.from('body')], trailers: { 'x-sum': '7' } };
          return request.body.pipe(
            bytes(),
            map((body) => ({ fields: { 'x-version': request.version, 'x-length': `${body.length}` }, body })),
          );
        }).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject }),
      );
    });
  plain = await listen();
  secure = await listen({ cert: server.cert, key: server.key });
}, 400_000);

afterAll(() => {
  for (const subscription of running) subscription.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

async function program(context: TestContext, name: string, ...args: string[]): Promise<string> {
  if (missing[name] !== undefined) context.skip(missing[name]);
  const { stdout } = await run(findProgram(name) as string, args, { maxBuffer: 64 * 1024 * 1024, encoding: 'latin1' });
  return stdout;
}

describe('clients of others ask our server', () => {
  it('curl --http2-prior-knowledge, --http2 over TLS, an upload, interim responses and trailers', async (context) => {
    const curl = (...args: string[]): Promise<string> => program(context, 'curl', '-sS', '--max-time', '15', ...args);
    const url = `http://127.0.0.1:${plain}`;
    expect(await curl('--http2-prior-knowledge', '-i', `${url}/`)).toMatch(/^HTTP\/2 200[^]*x-version: 2/);
    expect(await curl('--http2-prior-knowledge', `${url}/big`)).toBe(big.toString('latin1'));
    const up = await curl('--http2-prior-knowledge', '-i', '-T', join(folder, 'up'), `${url}/`);
    expect(up).toContain('x-length: 3000000');
    expect(await curl('--http2-prior-knowledge', '-i', `${url}/hints`)).toMatch(/^HTTP\/2 103[^]*HTTP\/2 200/);
    expect(await curl('--http2-prior-knowledge', '-i', `${url}/trailers`)).toMatch(/body[^]*x-sum: 7/);
    const tls = await curl('--http2', '--cacert', join(folder, 'ca.pem'), '-i', `https://localhost:${secure}/`);
    expect(tls).toMatch(/^HTTP\/2 200/);
  });

  it('nghttp: several requests, an upload, its priorities', async (context) => {
    const url = `http://127.0.0.1:${plain}`;
    const verbose = await program(context, 'nghttp', '-v', '-d', join(folder, 'up'), `${url}/`);
    expect(verbose).toMatch(/:status: 200/);
    expect(verbose).toContain('x-length: 3000000');
    expect(await program(context, 'nghttp', '-m', '5', `${url}/big`)).toHaveLength(5 * big.length);
  });

  it('h2load: many requests on few connections, all of them answered', async (context) => {
    const loaded = await program(
      context,
      'h2load',
      '-n',
      '5000',
      '-c',
      '4',
      '-m',
      '32',
      `http://127.0.0.1:${plain}/plain`,
    );
    expect(loaded).toContain('5000 succeeded, 0 failed, 0 errored, 0 timeout');
    const bodies = await program(context, 'h2load', '-n', '40', '-c', '2', '-m', '10', `http://127.0.0.1:${plain}/big`);
    expect(bodies).toContain('40 succeeded, 0 failed, 0 errored, 0 timeout');
  });

  it('node:http2', async () => {
    const session = connectHttp2(`http://127.0.0.1:${plain}`);
    const ask = (path: string, body?: Buffer): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path, ':method': body ? 'POST' : 'GET' });
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => resolve(Buffer.concat(chunks)));
        stream.on('error', reject);
        stream.end(body);
      });
    const answers = await Promise.all([ask('/big'), ask('/plain'), ask('/', big), ask('/trailers')]);
    expect(answers.map(({ length }) => length)).toEqual([big.length, 5, big.length, 4]);
    session.close();
  });

  it('undici with allowH2', async () => {
    const dispatcher = new Agent({ allowH2: true, connect: { ca: certificates().ca } });
    const { statusCode, headers, body } = await undiciRequest(`https://localhost:${secure}/`, {
      method: 'POST',
      body: big,
      dispatcher,
    });
    expect([statusCode, headers['x-version']]).toEqual([200, '2']);
    expect(Buffer.from(await body.arrayBuffer()).equals(big)).toBe(true);
    await dispatcher.close();
  });
});

describe('our client asks servers of others', () => {
  it('nghttpd, with and without TLS', async (context) => {
    if (missing['nghttpd'] !== undefined) context.skip(missing['nghttpd']);
    const ports = [await freePort(), await freePort()] as const;
    const peers: Peer[] = [];
    try {
      const root = join(folder, 'www');
      peers.push(await startProcess('nghttpd', ['--no-tls', '-d', root, String(ports[0])], { ready: ports[0] }));
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string];
      peers.push(await startProcess('nghttpd', ['-d', root, String(ports[1]), key, cert], { ready: ports[1] }));
      await exercise(`http://127.0.0.1:${ports[0]}`);
      await exercise(`https://localhost:${ports[1]}`, { tls: { ca: certificates().ca } });
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()));
    }
  });

  it('nginx over TLS', async (context) => {
    if (missing['nginx'] !== undefined) context.skip(missing['nginx']);
    const port = await freePort();
    const config = `daemon off; pid ${folder}/nginx.pid; error_log stderr; worker_processes 1; events { worker_connections 64; }
      http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server { listen 127.0.0.1:${port} ssl http2; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
          root ${folder}/www; } }`;
    writeFileSync(join(folder, 'nginx.conf'), process.getuid?.() === 0 ? `user root; ${config}` : config);
    const nginx = await startProcess('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { ready: port });
    try {
      await exercise(`https://localhost:${port}`, { tls: { ca: certificates().ca } });
    } finally {
      await nginx.stop();
    }
  });

  it.each([false, true])('node:http2 (TLS: %s), trailers too', async (tls) => {
    const { ca, server: identity } = certificates();
    const server = (
      tls ? createSecureServer({ ...identity, maxSessionMemory: 100 }) : createServer({ maxSessionMemory: 100 })
    ) as Http2Server;
    server.on('stream', (stream, headers) => {
      if (headers[':path'] === '/trailers') {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      } else stream.respond({ ':status': 200 });
      stream.end(headers[':path'] === '/big' ? big : 'small');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const base = `${tls ? 'https' : 'http'}://localhost:${port}`;
    try {
      await exercise(base, tls ? { tls: { ca } } : {});
      const client = createClient(tls ? { tls: { ca } } : {});
      const response = await firstValueFrom(client.request({ url: `${base}/trailers`, version: '2' }));
      expect(await firstValueFrom(response.body.pipe(text()))).toBe('small');
      expect((await firstValueFrom(response.trailers)).get('x-sum')).toBe('7');
      await lastValueFrom(client.close(), { defaultValue: undefined });
    } finally {
      server.close();
    }
  });
});
