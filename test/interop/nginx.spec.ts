import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, map, mergeMap, range, toArray, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';
import { certificates } from '../support/certificates.js';
import { freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-nginx-'));
const big = Buffer.alloc(5_000_000, '0123456789');
let missing: string | undefined;
let nginx: Peer | undefined;
let backend: Subscription | undefined;
let plain = 0;
let secure = 0;
let authority = '';

beforeAll(async () => {
  missing = await needPackage('nginx', 'nginx-light');
  if (missing !== undefined) return;
  const { ca, server } = certificates();
  authority = ca;
  [plain, secure] = [await freePort(), await freePort()];
  const behind = await new Promise<number>((resolve, reject) => {
    backend = serve({ host: '127.0.0.1', port: 0 }, (request) =>
      request.body.pipe(
        bytes(),
        map((body) => ({
          fields: { 'x-seen': `${request.version} ${request.method} ${request.path} ${body.length}` },
          body: body.length > 0 ? body : 'from behind',
        })),
      ),
    ).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject });
  });
  writeFileSync(join(folder, 'big.bin'), big);
  writeFileSync(join(folder, 'cert.pem'), server.cert);
  writeFileSync(join(folder, 'key.pem'), server.key);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr; events { worker_connections 256; }
http { access_log off; ${temporary}
  gzip on; gzip_types text/plain; gzip_min_length 1;
  client_max_body_size 20m;
  upstream behind { server 127.0.0.1:${behind}; keepalive 4; }
  server { listen 127.0.0.1:${plain}; listen 127.0.0.1:${secure} ssl;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    root ${folder};
    location /hello { default_type text/plain; return 200 'hello from nginx'; }
    location /moved { return 302 /hello; }
    location /proxy/ { proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass http://behind/; }
    location /proxy10/ { proxy_pass http://behind/; }
  } }
`,
  );
  nginx = await startProcess('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { ready: plain });
}, 180_000);

afterAll(async () => {
  await nginx?.stop();
  backend?.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

const present = (context: TestContext): void => {
  if (missing !== undefined) context.skip(missing);
};

describe('our client asks nginx', () => {
  it('a text, a redirect followed and as it is, a missing file', async (context) => {
    present(context);
    const client = createClient();
    expect(await lastValueFrom(client.request(`http://127.0.0.1:${plain}/hello`).pipe(text()))).toBe(
      'hello from nginx',
    );
    const url = `http://127.0.0.1:${plain}/moved`;
    expect((await firstValueFrom(client.request(url))).url).toBe(`http://127.0.0.1:${plain}/hello`);
    const moved = await firstValueFrom(client.request({ url, redirect: 'manual' }));
    expect([moved.status, moved.fields.get('location')]).toEqual([302, `http://127.0.0.1:${plain}/hello`]);
    expect((await firstValueFrom(client.request(`http://127.0.0.1:${plain}/none`))).status).toBe(404);
  });

  it('a big file, whole and in part, and its HEAD', async (context) => {
    present(context);
    const client = createClient();
    const url = `http://127.0.0.1:${plain}/big.bin`;
    expect(Buffer.from(await lastValueFrom(client.request(url).pipe(bytes()))).equals(big)).toBe(true);
    const part = await firstValueFrom(client.request({ url, headers: { range: 'bytes=10-19' } }));
    expect(part.status).toBe(206);
    expect(await lastValueFrom(part.body.pipe(text()))).toBe('0123456789');
    const head = await firstValueFrom(client.request({ url, method: 'HEAD', decompress: false }));
    expect(head.fields.get('content-length')).toBe(`${big.length}`);
  });

  it('200 requests over at most 4 connections', async (context) => {
    present(context);
    const client = createClient({ maxConnections: 4 });
    const answers = await lastValueFrom(
      range(0, 200).pipe(
        mergeMap(() => client.request(`http://127.0.0.1:${plain}/hello`).pipe(text())),
        toArray(),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['hello from nginx']));
    expect(answers).toHaveLength(200);
  });

  it('pipelined requests', async (context) => {
    present(context);
    const client = createClient({ maxConnections: 1, pipelining: 8 });
    const answers = await lastValueFrom(
      range(0, 50).pipe(
        mergeMap(() => client.request(`http://127.0.0.1:${plain}/hello`).pipe(text())),
        toArray(),
      ),
    );
    expect(answers).toHaveLength(50);
  });

  it('over TLS, with our authority and without', async (context) => {
    present(context);
    const url = `https://localhost:${secure}/hello`;
    const client = createClient({ tls: { ca: authority } });
    expect(await lastValueFrom(client.request(url).pipe(text()))).toBe('hello from nginx');
    await expect(firstValueFrom(createClient().request(url))).rejects.toMatchObject({
      name: 'NetworkError',
      phase: 'tls',
    });
  });
});

describe('nginx in front of our server', () => {
  for (const [version, path] of [
    ['1.1', '/proxy/'],
    ['1.0', '/proxy10/'],
  ] as const) {
    it(`HTTP/${version}`, async (context) => {
      present(context);
      const client = createClient();
      for (let i = 0; i < 5; i++) {
        const response = await firstValueFrom(client.request(`http://127.0.0.1:${plain}${path}a?b`));
        expect(response.fields.get('x-seen')).toBe(`${version} GET /a?b 0`);
        expect(await lastValueFrom(response.body.pipe(text()))).toBe('from behind');
      }
    });
  }

  it('uploads and brings back 5 MB', async (context) => {
    present(context);
    const client = createClient();
    const response = await firstValueFrom(
      client.request({ url: `http://127.0.0.1:${plain}/proxy/up`, method: 'PUT', body: [big] }),
    );
    expect(response.fields.get('x-seen')).toBe(`1.1 PUT /up ${big.length}`);
    expect(Buffer.from(await lastValueFrom(response.body.pipe(bytes()))).equals(big)).toBe(true);
  });
});
