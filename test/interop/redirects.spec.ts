/** The redirects of nginx, followed over HTTP/1 and HTTP/2. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import type { ClientConfig, RequestConfig } from '../../src/client/request-config.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { HstsStore } from '../../src/stores/hsts-store.js';
import { certificates } from '../support/certificates.js';
import { freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-redirects-'));
let missing: string | undefined;
let nginx: Peer | undefined;
let http = '';
let https = '';
let ca = '';

beforeAll(async () => {
  missing = await needPackage('nginx', 'nginx-light');
  if (missing !== undefined) return;
  const { server, ca: authority } = certificates();
  ca = authority;
  const [plain, secure] = [await freePort(), await freePort()];
  http = `http://localhost:${plain}`;
  https = `https://localhost:${secure}`;
  writeFileSync(join(folder, 'cert.pem'), server.cert);
  writeFileSync(join(folder, 'key.pem'), server.key);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const statuses = [301, 302, 303, 307, 308]
    .map((status) => `location = /${status} { return ${status} /end?from=$request_method; }`)
    .join('\n');
  const common = `
    default_type text/plain;
    location /end { return 200 "$scheme $request_method $request_uri cookie=$http_cookie authorization=$http_authorization length=$content_length"; }
    ${statuses}
    location = /loop { return 302 /loop; }
    location = /relative/a { absolute_redirect off; return 302 ../end; }
    location = /end-query { absolute_redirect off; return 302 ?then; }
    location = /cookie { add_header Set-Cookie "a=1; Path=/; HttpOnly" always; return 302 /end; }
    location = /sts { add_header Strict-Transport-Security "max-age=60" always; return 200 "noted"; }
    location = /secure { return 301 ${https}/end; }
    location = /plain { return 301 ${http}/end; }
    location = /up-and-down { return 302 ${https}/plain; }
    location = /elsewhere { return 307 http://127.0.0.1:${plain}/end; }`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr; events { worker_connections 256; }
http { access_log off; ${temporary}
  server { listen 127.0.0.1:${plain}; ${common} }
  server { listen 127.0.0.1:${secure} ssl http2; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; ${common} }
}
`,
  );
  nginx = await startProcess('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { ready: plain });
}, 180_000);

afterAll(async () => {
  await nginx?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the last hop says it was asked, and the hops. */
async function follow(
  context: TestContext,
  request: RequestConfig,
  config: ClientConfig = {},
): Promise<{ body: string; hops: string[] }> {
  if (missing !== undefined) context.skip(missing);
  const client = createClient({ family: 4, tls: { ca }, ...config });
  const events = await lastValueFrom(client.requestEvents(request).pipe(toArray()));
  const hops = events.flatMap((event) =>
    event.type === 'redirect' ? [`${event.status} ${event.method} ${event.to}`] : [],
  );
  const body = await lastValueFrom(client.request(request).pipe(text()));
  await lastValueFrom(client.close(), { defaultValue: undefined });
  return { body, hops };
}

const NOTHING = 'cookie= authorization= length=';

describe.each([
  ['HTTP/1.1 without TLS', () => http, '1.1'],
  ['HTTP/1.1 over TLS', () => https, '1.1'],
  ['HTTP/2 over TLS', () => https, '2'],
] as const)('by %s', (_, origin, version) => {
  const scheme = (): string => (origin().startsWith('https') ? 'https' : 'http');

  it.for([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ] as const)('%i of a POST becomes %s', async ([status, method], context) => {
    const { body, hops } = await follow(context, {
      url: `${origin()}/${status}`,
      method: 'POST',
      body: 'hello',
      version,
    });
    expect(hops).toEqual([`${status} ${method} ${origin()}/end?from=POST`]);
    const length = method === 'POST' ? '5' : '';
    expect(body).toBe(`${scheme()} ${method} /end?from=POST cookie= authorization= length=${length}`);
  });

  it('relative ones, and a query alone', async (context) => {
    const up = await follow(context, { url: `${origin()}/relative/a`, version });
    expect(up.hops).toEqual([`302 GET ${origin()}/end`]);
    const query = await follow(context, { url: `${origin()}/end-query`, version, maxRedirects: 1 }).catch(
      (error: { code: string }) => error.code,
    );
    expect(query).toBe('REDIRECT_LIMIT'); // it leads to itself, now with a query
  });

  it('a loop ends after five', async (context) => {
    await expect(follow(context, { url: `${origin()}/loop`, version })).rejects.toMatchObject({
      code: 'REDIRECT_LIMIT',
      limit: 'maxRedirects',
    });
  });

  it('cookies set on the way, and credentials on the same origin', async (context) => {
    const headers = { authorization: 'Bearer t' };
    const { body } = await follow(
      context,
      { url: `${origin()}/cookie`, version, headers },
      { cookies: new CookieStore() },
    );
    expect(body).toBe(`${scheme()} GET /end cookie=a=1 authorization=Bearer t length=`);
  });
});

describe('between http and https', () => {
  it('up is followed, the credentials stay behind', async (context) => {
    const { body, hops } = await follow(context, { url: `${http}/secure`, headers: { authorization: 'Bearer t' } });
    expect(hops).toEqual([`301 GET ${https}/end`]);
    expect(body).toBe(`https GET /end ${NOTHING}`);
  });

  it('down is refused, at the first hop and at the second, unless it is unsafe', async (context) => {
    for (const url of [`${https}/plain`, `${http}/up-and-down`]) {
      await expect(follow(context, { url })).rejects.toMatchObject({ code: 'REDIRECT_DOWNGRADE' });
    }
    const { body } = await follow(context, { url: `${https}/plain`, unsafe: true });
    expect(body).toBe(`http GET /end ${NOTHING}`);
  });

  it('HSTS is learned over TLS alone', async (context) => {
    const hsts = new HstsStore();
    await follow(context, { url: `${http}/sts` }, { hsts });
    expect(hsts.size).toBe(0);
    await follow(context, { url: `${https}/sts` }, { hsts });
    expect([...hsts].map(({ host }) => host)).toEqual(['localhost']);
  });

  it('another host of the same machine is another origin', async (context) => {
    const request = { url: `${http}/elsewhere`, method: 'POST', body: 'x', headers: { authorization: 'Bearer t' } };
    const { body } = await follow(context, request);
    expect(body).toBe('http POST /end cookie= authorization= length=1');
  });
});
