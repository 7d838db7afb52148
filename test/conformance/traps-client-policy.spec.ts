/** Mistakes others have made in what a client does by itself (34 to 51 of the list), each once, from end to end where it has two. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, type Observable, take } from 'rxjs';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { Fields } from '../../operators/http/fields.js';
import { TunnelRefusedError } from '../../operators/tunnel/connect-handshake.js';
import { createClient } from '../../src/client/create-client.js';
import { isExempt } from '../../src/client/no-proxy.js';
import { proxyFromEnvironment } from '../../src/client/proxy-from-environment.js';
import type { ClientConfig, RequestConfig } from '../../src/client/request-config.js';
import type { Response } from '../../src/client/response.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import { serve } from '../../src/server/serve.js';
import { memoryNetwork } from '../../src/sockets/memory.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { HstsStore } from '../../src/stores/hsts-store.js';
import { bakeCookie, parseCookies } from '../../src/stores/bake-cookie.js';
import { readNetscapeJar, writeNetscapeJar } from '../../src/stores/netscape-jar.js';
import { type Arrived, origins, to } from '../src/client/origins.js';
import { httpProxy, socksProxy } from '../src/client/proxy-servers.js';
import { realServer } from '../src/server/real-server.js';
import { Clock } from '../src/stores/clock.js';
import { certificates } from '../support/certificates.js';
import { testTitles } from '../support/docs/test-titles.js';

const read = (response: Observable<Response>): Promise<string> => lastValueFrom(response.pipe(text()));

/** Asks one after the other over a network of all origins; what arrived. */
async function asked(
  answer: Parameters<typeof origins>[0],
  config: ClientConfig,
  ...requests: (string | RequestConfig)[]
): Promise<Arrived[]> {
  const { network, arrived } = origins(answer);
  const client = createClient({ network, ...config });
  for (const request of requests) await read(client.request(request));
  return arrived;
}

const urls = (arrived: readonly Arrived[]): string[] => arrived.map(({ url }) => url);
const cookiesOf = (arrived: readonly Arrived[]): (string | undefined)[] =>
  arrived.map(({ fields }) => fields['cookie']);

describe('HSTS', () => {
  const answer = () => ({ fields: { 'Strict-Transport-Security': 'max-age=100; includeSubDomains' }, body: '' });

  it('trap 34: includeSubDomains of a real response counts', async () => {
    const arrived = await asked(answer, { hsts: new HstsStore() }, 'https://a.test/', 'http://www.a.test/');
    expect(urls(arrived)).toEqual(['https://a.test/', 'https://www.a.test/']);
  });

  it('trap 35: neither case nor a trailing dot gets around it', async () => {
    const hsts = new HstsStore();
    const arrived = await asked(answer, { hsts }, 'https://A.test./', 'http://a.TEST/', 'http://a.test./');
    expect(urls(arrived).map((url) => url.slice(0, 6))).toEqual(['https:', 'https:', 'https:']);
    expect([...hsts].map(({ host }) => host)).toEqual(['a.test']);
  });
});

describe('cookies', () => {
  const START = Date.UTC(2026, 0, 1);
  const store = (limits = {}) => new CookieStore({ scheduler: new Clock(START), limits });

  it('trap 36: a path is compared without the query, and a slash in a query makes no path', async () => {
    const arrived = await asked(
      ({ url }) => (url.includes('set') ? { fields: { 'set-cookie': ['a=1; Path=/foo', 'b=2'] } } : { body: '' }),
      { cookies: new CookieStore() },
      'http://a.test/x/set?/y/z',
      'http://a.test/foo?x=/1',
      'http://a.test/x/?q',
      'http://a.test/y/z',
    );
    expect(cookiesOf(arrived)).toEqual([undefined, 'a=1', 'b=2', undefined]);
  });

  describe('west of Greenwich', () => {
    const zone = process.env['TZ'];
    afterEach(() => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });

    it('trap 37: all four forms of a date are read, as UTC', () => {
      process.env['TZ'] = 'America/New_York';
      for (const date of [
        'Sun, 06 Dec 2026 08:49:37 GMT',
        'Sun, 06-Dec-2026 08:49:37 GMT',
        'Sunday, 06-Dec-26 08:49:37 GMT',
        'Sun Dec  6 08:49:37 2026',
      ]) {
        const cookie = store().store(`a=1; Expires=${date}`, { url: 'http://a.test/' });
        expect(cookie?.expires, date).toBe(Date.UTC(2026, 11, 6, 8, 49, 37));
      }
    });
  });

  it('trap 38: a client that says no site keeps SameSite cookies, and sends them', async () => {
    const set = ['s=1; SameSite=Strict', 'l=2; SameSite=Lax', 'n=3; SameSite=None', 'd=4'];
    const arrived = await asked(
      () => ({ fields: { 'set-cookie': set } }),
      { cookies: new CookieStore() },
      'http://www.a.test/',
      'http://www.a.test/',
      { url: 'http://www.a.test/', siteForCookies: 'a.test' },
    );
    expect(cookiesOf(arrived).slice(1)).toEqual(['s=1; l=2; n=3; d=4', 's=1; l=2; n=3; d=4']);
    expect(bakeCookie({ name: 'a', value: '1', sameSite: 'none' })).toBe('a=1; SameSite=None');
  });

  it('trap 39: the second column of a cookie file says whether hosts below are meant, and 0 is a session', () => {
    const cookies = store();
    for (const set of ['own=1', 'all=2; Domain=a.test; Max-Age=60']) cookies.store(set, { url: 'http://www.a.test/' });
    const lines = writeNetscapeJar(cookies).trimEnd().split('\n').slice(2);
    expect(lines).toEqual([
      'www.a.test\tFALSE\t/\tFALSE\t0\town\t1',
      `.a.test\tTRUE\t/\tFALSE\t${START / 1000 + 60}\tall\t2`,
    ]);
    const again = store();
    again.restore(readNetscapeJar(lines.join('\n'), START));
    expect(again.lookup({ url: 'http://www.a.test/' })).toBe('own=1; all=2');
    expect(again.lookup({ url: 'http://b.www.a.test/' })).toBe('all=2');
    expect(again.get('www.a.test', '/', 'own')?.expires).toBeUndefined();
  });

  it('trap 40: Set-Cookie and Cookie are read leniently, bad pairs do not spoil the others', () => {
    const cookies = store();
    const url = 'http://a.test/';
    for (const set of ['a=x y, z', 'b="q"uo"te"', 'c=\xc3\xa9', '  d = 4 ;;; PATH = / ; nonsense = 1', 'e']) {
      expect(cookies.store(set, { url }), set).toBeDefined();
    }
    expect(cookies.lookup({ url })).toBe('a=x y, z; b="q"uo"te"; c=\xc3\xa9; d=4; e');
    const parsed = parseCookies(new Fields({ cookie: ['a=1; b@d; c=2; ', 'a=3;; =x; d="4"'] }));
    expect([...parsed]).toEqual([
      ['a', '3'],
      ['c', '2'],
      ['d', '"4"'],
    ]);
  });

  it('trap 41: a limit of two a domain is two', () => {
    const cookies = store({ maxCookiesPerDomain: 2 });
    for (const name of ['a', 'b', 'c', 'd']) cookies.store(`${name}=1`, { url: 'http://a.test/' });
    cookies.store('e=1', { url: 'http://b.test/' });
    expect(cookies.lookup({ url: 'http://a.test/' })).toBe('c=1; d=1');
    expect(cookies.size).toBe(3);
  });
});

describe('redirects', () => {
  it('trap 42: another origin gets no credentials, whoever gave them', async () => {
    const headers = { authorization: 'Bearer s', cookie: 'a=s', 'x-api-key': 's' };
    const arrived = await asked(
      ({ url }) => (url === 'https://b.test/' ? {} : to('https://b.test/')),
      { headers },
      {
        url: 'https://u:p@a.test/',
        headers,
      },
    );
    expect(arrived[0]?.fields).toMatchObject(headers);
    expect(Object.keys(arrived[1]?.fields ?? {}).filter((name) => name in headers)).toEqual([]);
  });

  it.each([
    [['http://a.test/']],
    [['https://b.test/', 'http://b.test/']],
    [['/2', '/3', '//b.test/', 'http://a.test/']],
  ])('trap 43: from https to http is refused by default, at any hop: %j', async (locations) => {
    const answer = (_: Arrived, index: number) => to(locations[index] as string);
    await expect(asked(answer, {}, 'https://a.test/')).rejects.toMatchObject({ code: 'REDIRECT_DOWNGRADE' });
  });

  it('trap 44: 303 makes a GET of PUT, without its body', async () => {
    const [, second] = await asked(
      (_, index) => (index === 0 ? to('/2', 303) : {}),
      {},
      {
        url: 'http://a.test/',
        method: 'PUT',
        body: 'x',
      },
    );
    expect(second).toMatchObject({ method: 'GET', body: '' });
    expect(second?.fields).not.toHaveProperty('content-length');
  });

  it('trap 45: a body that is gone is a clear error on 307, and nothing is sent a second time', async () => {
    const { network, arrived } = origins(() => to('/2', 307));
    const body = (function* () {
      yield 'x';
    })();
    const request = createClient({ network }).request({ url: 'http://a.test/', method: 'POST', body });
    await expect(read(request)).rejects.toMatchObject({ name: 'UsageError', code: 'BODY_CONSUMED' });
    expect(arrived).toHaveLength(1);
  });

  it.each([
    ['ws://a.test/', 'wss://b.test/s'],
    ['wss://a.test/', 'wss://b.test/s'],
    ['ws://a.test/', '/s'],
  ])('trap 46: a WebSocket follows from %s to %s', async (url, location) => {
    const network = memoryNetwork();
    for (const config of [{ port: 80 }, { port: 443, tls: {} }]) {
      const serving = serve({ network, ...config }, (request) =>
        request.path === '/'
          ? { status: 302, fields: { location } }
          : acceptWebSocket(request, {}, (socket) => {
              socket.next(`${request.scheme}://${request.authority}${request.path}`);
            }),
      ).subscribe();
      onTestFinished(() => serving.unsubscribe());
    }
    const client = createClient({ network });
    const end = new URL(location, url).href.replace('ws', 'http');
    expect(await firstValueFrom(client.webSocket<string, string>({ url }).pipe(take(1)))).toBe(end);
  });

  it('trap 46: a WebSocket does not follow from wss to ws', async () => {
    const { network } = origins(() => to('ws://a.test/s'));
    const socket = createClient({ network }).webSocket({ url: 'wss://a.test/' });
    await expect(firstValueFrom(socket)).rejects.toMatchObject({ code: 'REDIRECT_DOWNGRADE' });
  });
});

describe('proxies', () => {
  const { ca, server, other } = certificates();
  const TRUST = { tls: { ca }, proxyTls: { ca } };
  const origin = (tls?: typeof server) =>
    realServer(
      (request) => ({ body: `${request.scheme} sni ${request.tls?.servername}` }),
      tls === undefined ? {} : { tls },
    );

  it('trap 47: a refusal of the proxy shows its status, its fields and its body', async () => {
    const proxy = await httpProxy({ login: ['u', 'p'] });
    const client = createClient({ ...TRUST, proxy: proxy.url.replace('u:p@', '') });
    const error = (await read(client.request('https://localhost:1/')).catch(
      (one: unknown) => one,
    )) as TunnelRefusedError;
    expect(error).toBeInstanceOf(TunnelRefusedError);
    expect([error.code, error.status, error.fields.get('proxy-authenticate')]).toEqual([
      'TUNNEL_REFUSED',
      407,
      'Basic realm="p"',
    ]);
    expect(Buffer.from(error.body).toString()).toBe('who are you?');
  });

  it('trap 48: an https proxy is spoken TLS to, for http and for https', async () => {
    const [proxy, plain, secure] = [await httpProxy({ secure: true }), await origin(), await origin(server)];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    expect(await read(client.request(`http://localhost:${plain.port}/`))).toBe('http sni undefined');
    expect(await read(client.request(`https://localhost:${secure.port}/`))).toBe('https sni localhost');
    expect(proxy.asked).toEqual([`GET http://localhost:${plain.port}/`, `CONNECT localhost:${secure.port}`]);
  });

  it.each([
    ['SOCKS', () => socksProxy()],
    ['CONNECT', () => httpProxy()],
    ['CONNECT over TLS', () => httpProxy({ secure: true })],
  ])('trap 49: through %s the name of the origin is asked for, and checked', async (_, start) => {
    const [proxy, right, wrong] = [await start(), await origin(server), await origin(other)];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    expect(await read(client.request(`https://localhost:${right.port}/`))).toBe('https sni localhost');
    await expect(read(client.request(`https://localhost:${wrong.port}/`))).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it.each([
    ['a.test, b.test', 'b.test', 80],
    ['a.test b.test', 'b.test', 80],
    ['A.Test', 'a.test', 80],
    ['a.test:80', 'a.test', 80],
    ['10.0.0.0/8', '10.9.8.7', 80],
    ['x.test,*', 'a.test', 80],
    ['.a.test', 'www.a.test', 80],
  ])('trap 50: no_proxy %j means %s:%i', (list, host, port) => {
    expect(isExempt(list, host, port)).toBe(true);
    expect(proxyFromEnvironment({ http_proxy: 'p:1', no_proxy: list }, `http://${host}:${port}/`)).toBeUndefined();
  });

  it.each([
    ['a.test:81', 'a.test'],
    ['0.0.1', '127.0.0.1'],
    ['a.test', 'evila.test'],
  ])('trap 50: no_proxy %j does not mean %s', (list, host) => {
    expect(isExempt(list, host, 80)).toBe(false);
  });

  it('trap 51: an empty variable is no proxy', () => {
    for (const empty of ['', ' ']) {
      const env = { http_proxy: empty, https_proxy: empty, all_proxy: empty, no_proxy: empty };
      for (const url of ['http://a.test/', 'https://a.test/']) expect(proxyFromEnvironment(env, url)).toBeUndefined();
    }
    expect(String(proxyFromEnvironment({ http_proxy: '', all_proxy: 'p:1' }, 'http://a.test/'))).toBe('http://p:1');
  });
});

it('every trap from 34 to 51 and every row from F1 to I9 has a test of its name', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^(traps|security)-.*spec\.ts$/.test(name));
  const titles = files.flatMap((file) => testTitles(join(import.meta.dirname, file)));
  const wanted = [
    ...Array.from({ length: 18 }, (_, i) => `trap ${i + 34}: `),
    ...(Object.entries({ F: 5, G: 12, H: 10, I: 9 }) as [string, number][]).flatMap(([row, last]) =>
      Array.from({ length: last }, (_, i) => `${row}${i + 1} `),
    ),
  ];
  expect(wanted).toHaveLength(54);
  expect(wanted.filter((start) => !titles.some((title) => title.startsWith(start)))).toEqual([]);
});
