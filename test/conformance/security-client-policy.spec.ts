/** Rows of the attack catalogue that only a whole client can answer: F5, G10, G12, I3, I6, I7. */
import { firstValueFrom, lastValueFrom, type Observable, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { resumeDownload } from '../../operators/exchange/resume-download.js';
import { retryExchange } from '../../operators/exchange/retry-exchange.js';
import { createClient } from '../../src/client/create-client.js';
import type { Response } from '../../src/client/response.js';
import { acceptWebSocket } from '../../src/server/accept-web-socket.js';
import { type Network, nodeNetwork } from '../../src/sockets/network.js';
import { origins, to } from '../src/client/origins.js';
import { httpProxy, socksProxy } from '../src/client/proxy-servers.js';
import { rawServer } from '../src/client/raw-server.js';
import { type RealServer, realServer } from '../src/server/real-server.js';
import { certificates } from '../support/certificates.js';

const read = (response: Observable<Response>): Promise<string> => lastValueFrom(response.pipe(text()));
const { ca, server } = certificates();
const TRUST = { tls: { ca }, proxyTls: { ca } };
const at = ({ port }: RealServer, scheme = 'https'): string => `${scheme}://localhost:${port}/`;
const origin = (): Promise<RealServer> =>
  realServer(
    (request) =>
      request.fields.has('sec-websocket-version')
        ? acceptWebSocket(request, {}, (socket) => socket)
        : { body: `told ${request.fields.get('proxy-authorization') ?? 'nothing'}` },
    { tls: server },
  );

describe('F: content', () => {
  it.each([
    ['another part', 'bytes 1-5/6', '"1"', 'BAD_CONTENT_RANGE'],
    ['another length', 'bytes 2-6/7', '"1"', 'BAD_CONTENT_RANGE'],
    ['another representation', 'bytes 2-5/6', '"2"', 'DOWNLOAD_CHANGED'],
  ])('F5 a download taken up with %s fails, and no byte of that is given out', async (_, range, etag, code) => {
    let asked = 0;
    const raw = await rawServer(() =>
      asked++ === 0
        ? 'HTTP/1.1 200 OK\r\netag: "1"\r\ncontent-length: 6\r\n\r\nab'
        : `HTTP/1.1 206 Partial Content\r\netag: ${etag}\r\ncontent-range: ${range}\r\ncontent-length: 5\r\n\r\nXXXXX`,
    );
    let got = '';
    const cut = tap<Uint8Array>((chunk) => {
      got += Buffer.from(chunk).toString();
      if (got === 'ab') raw.sockets[0]?.destroy();
    });
    const download = createClient()
      .request(raw.url)
      .pipe(resumeDownload({ delay: 0 }), cut);
    await expect(lastValueFrom(download)).rejects.toMatchObject({ code });
    expect([got, asked]).toEqual(['ab', 2]);
  });
});

describe('G: redirects', () => {
  it('G10 validators stay with their origin, and nothing is cached that could be mixed up', async () => {
    const { network, arrived } = origins(({ url }) =>
      url === 'https://a.test/' ? to('https://b.test/', 301, { 'cache-control': 'max-age=99' }) : { body: 'b' },
    );
    const client = createClient({ network });
    const headers = { 'if-none-match': '"a"', 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT', 'if-range': '"a"' };
    for (let i = 0; i < 2; i++) await read(client.request({ url: 'https://a.test/', headers }));
    expect(arrived.map(({ url }) => url)).toEqual([
      'https://a.test/',
      'https://b.test/',
      'https://a.test/',
      'https://b.test/',
    ]);
    expect(Object.keys(arrived[1]?.fields ?? {}).filter((name) => name in headers)).toEqual([]);
  });

  it('G12 a POST whose connection breaks is not sent again, by the client or by retryExchange', async () => {
    const raw = await rawServer((_, socket) => {
      socket.destroy();
      return undefined;
    });
    const post = { url: raw.url, method: 'POST', body: 'x' };
    await expect(read(createClient().request(post))).rejects.toMatchObject({ code: expect.any(String) as string });
    await expect(
      read(
        createClient()
          .request(post)
          .pipe(retryExchange({ delay: 0 })),
      ),
    ).rejects.toMatchObject({ code: expect.any(String) as string });
    expect(raw.sockets).toHaveLength(2);
    await expect(
      read(
        createClient()
          .request(raw.url)
          .pipe(retryExchange({ delay: 0 })),
      ),
    ).rejects.toMatchObject({ code: expect.any(String) as string });
    expect(raw.sockets).toHaveLength(5);
  });
});

describe('I: proxies', () => {
  it('I3 what one proxy is told as credentials goes to no other, nor to the origin', async () => {
    const [one, two] = [await httpProxy({ login: ['a', '1'] }), await httpProxy({ login: ['b', '2'] })];
    const end = await origin();
    const start = await realServer(() => ({ status: 302, fields: { location: at(end) } }));
    const client = createClient({ ...TRUST, proxy: one.url });
    const first = await firstValueFrom(client.request({ url: at(start, 'http'), redirect: 'manual' }));
    const next = { url: at(end), proxy: two.url };
    expect(await read(first.reissue(next))).toBe('told nothing');
    expect(await read(client.request({ url: at(end), proxy: false }))).toBe('told nothing');
    expect([one.credentials, two.credentials]).toEqual([['Basic YTox'], ['Basic Yjoy']]);
  });

  it('I6 two origins through one proxy are two tunnels, one origin is one', async () => {
    const [a, b, proxy] = [await origin(), await origin(), await socksProxy()];
    let connections = 0;
    const network: Network = {
      ...nodeNetwork,
      connect: (target) => nodeNetwork.connect(target).pipe(tap(() => connections++)),
    };
    const client = createClient({ ...TRUST, network, proxy: proxy.url });
    for (const url of [at(a), at(a), at(b), at(a), at(b)]) await read(client.request({ url, version: '1.1' }));
    expect([connections, proxy.asked]).toEqual([2, [`name localhost:${a.port}`, `name localhost:${b.port}`]]);
  });

  it.each([
    ['http', () => httpProxy()],
    ['https', () => httpProxy({ secure: true })],
    ['SOCKS', () => socksProxy()],
    ['SOCKS with a login', () => socksProxy({ login: ['u', 'p'] })],
  ])('I7 through %s, https and wss are TLS from the first byte', async (_, start) => {
    const [end, proxy] = [await origin(), await start()];
    const client = createClient({ ...TRUST, proxy: proxy.url });
    expect(await read(client.request(at(end)))).toBe('told nothing');
    const socket = client.webSocket<string, string>({ url: at(end, 'wss') });
    socket.next('hello');
    expect(await firstValueFrom(socket)).toBe('hello');
    expect(proxy.firstBytes).toEqual([0x16, 0x16]);
    const untrusting = createClient({ proxyTls: { ca }, proxy: proxy.url });
    await expect(read(untrusting.request(at(end)))).rejects.toMatchObject({ phase: 'tls' });
  });
});
