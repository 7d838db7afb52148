import { inspect } from 'node:util';
import { concat, firstValueFrom, lastValueFrom, type Observable, tap, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { text } from '../../../operators/body/text.js';
import { TunnelRefusedError } from '../../../operators/tunnel/connect-handshake.js';
import { connect } from '../../../src/client/connect.js';
import { createClient } from '../../../src/client/create-client.js';
import { parseProxy } from '../../../src/client/proxy-address.js';
import type { ClientConfig, RequestConfig } from '../../../src/client/request-config.js';
import type { Response } from '../../../src/client/response.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import { type ConnectTarget, type Network, nodeNetwork } from '../../../src/sockets/network.js';
import { CookieStore } from '../../../src/stores/cookie-store.js';
import { HstsStore } from '../../../src/stores/hsts-store.js';
import { certificates } from '../../support/certificates.js';
import { runMarbles } from '../../support/marbles.js';
import { type RealServer, realServer } from '../server/real-server.js';
import { httpProxy, type RunningProxy, socksProxy } from './proxy-servers.js';
import { rawServer, turns, until } from './raw-server.js';

const { ca, server, other, client: clientCertificate } = certificates();
const TRUST = { tls: { ca }, proxyTls: { ca } };

/** An origin that says how it was asked. */
function origin(secure: boolean, credentials = server): Promise<RealServer> {
  return realServer(
    ({ version, method, target, authority, tls, fields, upgrade }: ServerRequest) => {
      if (upgrade === 'echo') {
        return { status: 101, upgraded: (socket) => void socket.subscribe(socket) };
      }
      const told = fields.get('proxy-authorization') ?? 'nothing';
      return {
        body: `${version} ${method} ${target} at ${authority.split(':')[0]} sni ${tls?.servername} told ${told}`,
      };
    },
    secure ? { tls: credentials } : {},
  );
}

const urlOf = ({ port }: RealServer, secure: boolean): string => `http${secure ? 's' : ''}://localhost:${port}/p?q`;
const read = (response: Observable<Response>): Promise<string> => lastValueFrom(response.pipe(text()));

const KINDS: [string, () => Promise<RunningProxy>][] = [
  ['http', () => httpProxy()],
  ['http with a login', () => httpProxy({ login: ['u', 'p:w'] })],
  ['https', () => httpProxy({ secure: true })],
  ['https with a login', () => httpProxy({ secure: true, login: ['ü', 'p'] })],
  ['socks5h', () => socksProxy()],
  ['socks5h with a login', () => socksProxy({ login: ['u', 'p'] })],
];

describe.each(KINDS)('through %s', (kind, start) => {
  const http = kind.startsWith('http');

  it('http: is asked', async () => {
    const [proxy, at] = [await start(), await origin(false)];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    const request = client.request(urlOf(at, false));
    const answer = `1.1 GET /p?q at localhost sni undefined told nothing`;
    expect(await lastValueFrom(concat(request.pipe(text()), request.pipe(text())).pipe(toArray()))).toEqual([
      answer,
      answer,
    ]);
    // A request in absolute form each, or one tunnel for both.
    const asked = `GET http://localhost:${at.port}/p?q`;
    expect(proxy.asked).toEqual(http ? [asked, asked] : [`name localhost:${at.port}`]);
  });

  it('row I7: https: is asked through a tunnel, and nothing but TLS goes through it', async () => {
    const [proxy, at] = [await start(), await origin(true)];
    for (const [version, says] of [
      [undefined, '2'],
      ['1.1', '1.1'],
      ['2', '2'],
    ] as const) {
      const response = createClient({ ...TRUST, proxy: proxy.url }).request({ url: urlOf(at, true), version });
      expect(await read(response)).toBe(`${says} GET /p?q at localhost sni localhost told nothing`);
    }
    expect(new Set(proxy.asked)).toEqual(new Set([`${http ? 'CONNECT' : 'name'} localhost:${at.port}`]));
    expect(proxy.firstBytes).toEqual([0x16, 0x16, 0x16]);
  });

  it('the certificate is checked against the origin', async () => {
    const [proxy, at] = [await start(), await origin(true, other)];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    await expect(read(client.request(urlOf(at, true)))).rejects.toMatchObject({
      phase: 'tls',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    await until(() => proxy.open() === 0, 'the tunnel is closed');
  });

  it('HTTP/2 without TLS, and an upgrade, go through a tunnel too', async () => {
    const [proxy, at] = [await start(), await origin(false)];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    expect(await read(client.request({ url: urlOf(at, false), version: '2' }))).toContain('2 GET /p?q');
    const { upgraded, connection } = await firstValueFrom(client.request({ url: urlOf(at, false), upgrade: 'echo' }));
    expect(connection.tls).toBeUndefined();
    const echo = firstValueFrom(upgraded as NonNullable<typeof upgraded>);
    upgraded?.next(Buffer.from('hallo'));
    expect(Buffer.from(await echo).toString()).toBe('hallo');
    const asked = `${http ? 'CONNECT' : 'name'} localhost:${at.port}`;
    expect(proxy.asked).toEqual([asked, asked]);
  });

  it('a connection to drive by hand goes through a tunnel', async () => {
    const [proxy, at] = [await start(), await origin(true)];
    const connection = await firstValueFrom(connect({ url: urlOf(at, true), proxy: proxy.url, ...TRUST }));
    expect(connection.info.tls?.servername).toBe('localhost');
    connection.close();
    const other = await firstValueFrom(createClient({ proxy: proxy.url, ...TRUST }).connect(urlOf(at, true)));
    other.close();
    expect(proxy.asked).toHaveLength(2);
  });
});

describe('the way', () => {
  it('goes through several proxies, with TLS to each that wants it', async () => {
    const [first, second, third] = [
      await socksProxy({ login: ['u', 'p'] }),
      await httpProxy({ secure: true, login: ['v', 'q'] }),
      await httpProxy(),
    ];
    const at = await origin(true);
    const proxy = [first.url, new URL(second.url), parseProxy(third.url)];
    expect(await read(createClient({ ...TRUST, proxy }).request(urlOf(at, true)))).toContain('sni localhost');
    expect(first.asked).toEqual([`name localhost:${new URL(second.url).port}`]);
    expect(second.asked).toEqual([`CONNECT localhost:${new URL(third.url).port}`]);
    expect(third.asked).toEqual([`CONNECT localhost:${at.port}`]);
    expect(third.credentials).toEqual([undefined]);
    const plain = await origin(false);
    expect(await read(createClient({ ...TRUST, proxy }).request(urlOf(plain, false)))).toContain('told nothing');
    expect(third.asked[1]).toBe(`GET ${urlOf(plain, false)}`);
  });

  it('socks5 resolves here, by the lookup that was given', async () => {
    const [proxy, at] = [await socksProxy(), await origin(false)];
    const names: string[] = [];
    const lookup = (name: string, options: { all?: boolean }, answer: (...found: unknown[]) => void): void => {
      names.push(name);
      if (options.all) answer(null, [{ address: '127.0.0.1', family: 4 }]);
      else answer(null, '127.0.0.1', 4);
    };
    const url = `http://name.test:${at.port}/`;
    const socks5 = proxy.url.replace('socks5h', 'socks5').replace('localhost', '127.0.0.1');
    expect(await read(createClient({ lookup, proxy: socks5 }).request(url))).toContain('at name.test');
    expect(proxy.asked).toEqual([`address 127.0.0.1:${at.port}`]);
    expect(names).toEqual(['name.test']);
    const lost = createClient({
      lookup: (_: string, __: object, answer: (error: Error) => void) => answer(new Error('no')),
      proxy: socks5,
    });
    await expect(read(lost.request(url))).rejects.toMatchObject({ name: 'NetworkError', phase: 'resolve' });
  });

  it('is the client’s unless the request has another; false is straight', async () => {
    const [one, two, at] = [await httpProxy(), await httpProxy(), await origin(false)];
    const client = createClient({ proxy: one.url });
    const url = urlOf(at, false);
    await read(client.request(url));
    await read(client.request({ url, proxy: two.url }));
    await read(client.request({ url, proxy: false }));
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
    await read(createClient().request(url));
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
  });

  it('`*` and a body go in the absolute form', async () => {
    const [proxy, at] = [await httpProxy(), await origin(false)];
    const client = createClient({ proxy: proxy.url });
    await firstValueFrom(client.request({ url: urlOf(at, false), method: 'OPTIONS', target: '*' }));
    expect(await read(client.request({ url: urlOf(at, false), method: 'POST', body: 'x' }))).toContain('POST /p?q');
    expect(proxy.asked).toEqual([`OPTIONS http://localhost:${at.port}`, `POST ${urlOf(at, false)}`]);
  });

  it('makes no sense with a socket path, nor with what is no proxy', async () => {
    await expect(
      read(createClient({ proxy: 'http://p' }).request({ url: 'http://a', socketPath: '/x' })),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    expect(() => createClient({ proxy: 'ftp://p' })).toThrow(expect.objectContaining({ code: 'INVALID_PROXY' }));
    await expect(read(createClient().request({ url: 'http://a', proxy: 'ftp://p' }))).rejects.toMatchObject({
      code: 'INVALID_PROXY',
    });
  });
});

describe('the environment', () => {
  const before = { ...process.env };
  afterEach(() => {
    for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  it('is asked where the client is told to, and not otherwise', async () => {
    const [proxy, at] = [await httpProxy(), await origin(false)];
    process.env['http_proxy'] = proxy.url;
    await read(createClient().request(urlOf(at, false)));
    expect(proxy.asked).toHaveLength(0);
    const client = createClient({ proxy: 'environment' });
    await read(client.request(urlOf(at, false)));
    await read(createClient().request({ url: urlOf(at, false), proxy: 'environment' }));
    expect(proxy.asked).toHaveLength(2);
    process.env['no_proxy'] = `localhost:${at.port}`;
    await read(client.request(urlOf(at, false)));
    expect(proxy.asked).toHaveLength(2);
  });

  it('HSTS goes before the choice: what became https goes by the proxy for https', async () => {
    const [forHttp, forHttps, at] = [await httpProxy(), await httpProxy(), await origin(true)];
    process.env['http_proxy'] = forHttp.url;
    process.env['https_proxy'] = forHttps.url;
    const hsts = new HstsStore();
    hsts.restore([{ host: 'localhost', includeSubDomains: false, expires: Infinity }]);
    const client = createClient({ ...TRUST, hsts, proxy: 'environment' });
    expect(await read(client.request(urlOf(at, false)))).toContain('sni localhost');
    expect([forHttp.asked, forHttps.asked]).toEqual([[], [`CONNECT localhost:${at.port}`]]);
  });
});

describe('identity', () => {
  it('row I3, I6: the proxy, its credentials, and the origin make the connection', async () => {
    const [at, beside] = [await origin(true), await origin(true)];
    const proxy = await socksProxy();
    const { port } = new URL(proxy.url.replace('socks5h', 'http'));
    let connections = 0;
    const network: Network = {
      ...nodeNetwork,
      connect: (target) => nodeNetwork.connect(target).pipe(tap(() => connections++)),
    };
    const client = createClient({ ...TRUST, network });
    const ask = async (url: string, user: string): Promise<number> => {
      await read(client.request({ url, version: '1.1', proxy: `socks5h://${user}localhost:${port}` }));
      return connections;
    };
    expect(await ask(urlOf(at, true), '')).toBe(1);
    expect(await ask(urlOf(at, true), '')).toBe(1);
    expect(await ask(urlOf(beside, true), '')).toBe(2);
    await ask(urlOf(at, true), 'u:p@');
    expect(connections).toBe(3);
    await ask(urlOf(at, true), 'u:q@');
    expect(connections).toBe(4);
    expect(await ask(urlOf(at, true), 'u:p@')).toBe(4);
    await read(client.request({ url: urlOf(at, true), version: '1.1' }));
    expect(connections).toBe(5);
  });

  it('row I3: a redirect goes by its own proxy, with that one’s credentials', async () => {
    const [one, two] = [await httpProxy({ login: ['a', '1'] }), await httpProxy({ login: ['b', '2'] })];
    const end = await origin(false);
    const start = await realServer(() => ({ status: 302, fields: { location: urlOf(end, false) } }));
    const first = await firstValueFrom(
      createClient().request({ url: `http://localhost:${start.port}/`, proxy: one.url, redirect: 'manual' }),
    );
    const next = first.reissue({ url: urlOf(end, false), proxy: two.url } as RequestConfig);
    expect(await read(next)).toContain('told nothing');
    expect(one.credentials).toEqual(['Basic YTox']);
    expect(two.credentials).toEqual(['Basic Yjoy']);
    const direct = first.reissue({ url: urlOf(end, false) });
    expect(await read(direct)).toContain('told nothing');
  });

  it('every hop through a proxy is a tunnel of its own, with TLS of its own', async () => {
    const proxy = await httpProxy();
    const end = await origin(true);
    const start = await realServer(() => ({ status: 302, fields: { location: urlOf(end, true) } }), { tls: server });
    const client = createClient({ tls: { ca, ...clientCertificate }, proxy: proxy.url });
    expect(await read(client.request(`https://localhost:${start.port}/`))).toContain('sni localhost');
    expect(proxy.asked).toEqual([`CONNECT localhost:${start.port}`, `CONNECT localhost:${end.port}`]);
  });

  it('row G2: what is meant for a proxy does not go through its tunnel', async () => {
    const [proxy, at] = [await httpProxy(), await origin(true)];
    const headers = { 'proxy-authorization': 'Basic mine' };
    expect(
      await read(createClient({ ...TRUST, proxy: proxy.url }).request({ url: urlOf(at, true), headers })),
    ).toContain('told nothing');
    await read(createClient({ proxy: proxy.url }).request({ url: urlOf(await origin(false), false), headers }));
    expect(proxy.credentials).toEqual([undefined, 'Basic mine']);
  });

  it('TLS settings of the origin are not for the proxy, nor the other way round', async () => {
    const [proxy, at] = [await httpProxy({ secure: true }), await origin(true)];
    await expect(read(createClient({ tls: { ca }, proxy: proxy.url }).request(urlOf(at, true)))).rejects.toMatchObject({
      phase: 'tls',
    });
    await expect(
      read(createClient({ proxyTls: { ca }, proxy: proxy.url }).request(urlOf(at, true))),
    ).rejects.toMatchObject({ phase: 'tls' });
    expect(proxy.asked).toEqual([`CONNECT localhost:${at.port}`]);
  });
});

describe('a proxy that will not', () => {
  const refused = async (config: ClientConfig, url: string): Promise<Error & Record<string, unknown>> =>
    (await read(createClient({ ...TRUST, ...config }).request(url)).catch((error: unknown) => error)) as never;

  it('row I2: its refusal is an error that has all of it, and nothing of it is acted on', async () => {
    const cookies = new CookieStore();
    const proxy = (await httpProxy({ login: ['u', 'p'] })).url.replace('u:p@', 'u:wrong@');
    const error = await refused({ proxy, cookies }, 'https://localhost:1/');
    expect(error).toBeInstanceOf(TunnelRefusedError);
    expect(error).toMatchObject({ code: 'TUNNEL_REFUSED', status: 407 });
    expect((error['fields'] as Fields).get('proxy-authenticate')).toBe('Basic realm="p"');
    expect(Buffer.from(error['body'] as Uint8Array).toString()).toBe('who are you?');
    expect(inspect(error, { depth: 9 })).not.toContain('wrong');
    // In absolute form it is a response, and as little is remembered of it.
    const response = await firstValueFrom(createClient({ proxy, cookies }).request('http://localhost:1/'));
    expect(response.status).toBe(407);
    expect(cookies.size).toBe(0);
  });

  it.each([
    [1, 'SOCKS_FAILURE'],
    [2, 'SOCKS_NOT_ALLOWED'],
    [4, 'SOCKS_HOST_UNREACHABLE'],
    [5, 'SOCKS_CONNECTION_REFUSED'],
  ])('reply %i of SOCKS is %s', async (reply, code) => {
    const proxy = (await socksProxy({ reply })).url;
    expect(await refused({ proxy }, 'http://localhost:1/')).toMatchObject({ code });
  });

  it('a wrong password for SOCKS', async () => {
    const proxy = (await socksProxy({ login: ['u', 'p'] })).url.replace('u:p', 'u:x');
    expect(await refused({ proxy }, 'http://localhost:1/')).toMatchObject({ code: 'SOCKS_AUTH_REJECTED' });
  });

  it('row I1: a byte behind the 200 is no tunnel, and the socket is let go', async () => {
    const raw = await rawServer(() => 'HTTP/1.1 200 OK\r\n\r\nx');
    expect(await refused({ proxy: raw.url }, 'https://localhost:1/')).toMatchObject({ code: 'EARLY_TUNNEL_BYTES' });
    await until(() => raw.sockets[0]?.destroyed === true, 'closed');
  });

  it('is not there', async () => {
    expect(await refused({ proxy: 'http://127.0.0.1:1' }, 'https://localhost:1/')).toMatchObject({
      name: 'NetworkError',
      code: 'ECONNREFUSED',
    });
  });

  it('row I9: is given 30 seconds for a tunnel, whatever it dribbles, or what it is told', () => {
    runMarbles(({ scheduler, expectObservable, cold }) => {
      const network = memoryNetwork({ scheduler, latency: 1 });
      const released: number[] = [];
      network.listen({ port: 3128 }).subscribe(({ connections }) =>
        connections.subscribe((socket) => {
          socket.subscribe({
            error: () => released.push(scheduler.now()),
            complete: () => released.push(scheduler.now()),
          });
          cold('9s a 9s a 9s a').subscribe(() => socket.next(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')));
        }),
      );
      const targets: ConnectTarget[] = [];
      const watched: Network = {
        ...network,
        connect: (target) => network.connect(target).pipe(tap({ subscribe: () => targets.push(target) })),
      };
      const client = createClient({ network: watched, scheduler, proxy: 'http://proxy:3128' });
      const late = (milliseconds: number): unknown =>
        expect.objectContaining({ code: 'TIMEOUT_CONNECT', milliseconds });
      expectObservable(client.request('https://a.test/')).toBe('30001ms #', undefined, late(30_000));
      const own = { url: 'https://b.test/', timeout: { tunnel: 100, connect: 7 } };
      expectObservable(client.request(own)).toBe('101ms #', undefined, late(100));
      scheduler.schedule(() => {
        expect(released).toEqual([102, 30_002]);
        expect(targets).toHaveLength(2);
      }, 40_000);
    });
  });

  it('unsubscribing during the handshake lets the socket go', async () => {
    const raw = await rawServer(() => undefined);
    const subscription = createClient({ proxy: raw.url }).request('https://localhost:1/').subscribe();
    await until(() => (raw.received[0] ?? '').includes('CONNECT'), 'asked');
    subscription.unsubscribe();
    await until(() => raw.sockets[0]?.destroyed === true, 'closed');
    await turns();
  });
});
