import { request as nodeRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, firstValueFrom, lastValueFrom, map, type Observable, of, switchMap, take, timer, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { connect } from '../../../src/client/connect.js';
import { createClient } from '../../../src/client/create-client.js';
import { webSocket } from '../../../src/client/web-socket.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { serve } from '../../../src/server/serve.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { ResolvedAddress, Resolver } from '../../../src/sockets/resolved-address.js';
import { certificates } from '../../support/certificates.js';
import { runMarbles } from '../../support/marbles.js';
import { realServer } from '../server/real-server.js';
import { httpProxy, socksProxy } from './proxy-servers.js';

const { ca, server, other } = certificates();
const at = (...addresses: string[]): readonly ResolvedAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const here: Resolver = () => of(at('127.0.0.1'));

describe('a resolver', () => {
  it('of a client, and one of a request before it; a redirect asks for the new name', async () => {
    const asked: string[] = [];
    const asking =
      (tag: string): Resolver =>
      (name) => {
        asked.push(`${tag} ${name}`);
        return of(at('127.0.0.1'));
      };
    const { port } = await realServer(({ authority }) =>
      authority.startsWith('a.')
        ? { status: 302, fields: { location: `http://b.test:${port}/` } }
        : { body: authority },
    );
    const client = createClient({ resolver: asking('client') });
    const ask = (more: object = {}): Promise<string> =>
      lastValueFrom(client.request({ url: `http://a.test:${port}/`, ...more }).pipe(text()));
    expect(await ask()).toBe(`b.test:${port}`);
    expect(await ask({ resolver: asking('request') })).toBe(`b.test:${port}`);
    expect(asked).toEqual(['client a.test', 'client b.test', 'request a.test', 'request b.test']);
  });

  it('leads to another address while the URL says what is indicated and verified', async () => {
    const { port } = await realServer(({ tls, authority }) => ({ body: `${tls?.servername} ${authority}` }), {
      tls: other,
    });
    const client = createClient({ tls: { ca }, resolver: here });
    expect(await lastValueFrom(client.request(`https://other.example:${port}/`).pipe(text()))).toBe(
      `other.example other.example:${port}`,
    );
    await expect(firstValueFrom(client.request(`https://localhost:${port}/`))).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('serves connect and webSocket', async () => {
    const { port } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket.pipe(take(1))));
    const made = await firstValueFrom(connect({ host: 'c.test', port, resolver: here }));
    expect(made.info.remote.address).toBe('127.0.0.1');
    made.close();
    const socket = createClient({ resolver: here }).webSocket<string>(`ws://w.test:${port}/`);
    const answer = firstValueFrom(socket);
    socket.next('echo');
    expect(await answer).toBe('echo');
  });

  it('finds proxies, and what a socks5 proxy is told; of a name for a proxy that resolves it is not asked', async () => {
    const { port } = await realServer(() => ({ body: 'ok' }));
    const [http, socks] = [await httpProxy(), await socksProxy()];
    const asked: string[] = [];
    const resolver: Resolver = (name) => {
      asked.push(name);
      return of(name === 'origin.test' ? at('127.0.0.7', '::7') : at('127.0.0.1'));
    };
    for (const proxy of [http.url, socks.url, socks.url.replace('socks5h', 'socks5')]) {
      const client = createClient({ resolver, proxy: proxy.replace('localhost', 'proxy.test') });
      await lastValueFrom(client.request(`http://origin.test:${port}/`).pipe(text()));
    }
    expect(asked).toEqual(['proxy.test', 'proxy.test', 'proxy.test', 'origin.test']);
    expect(socks.asked).toEqual([`name origin.test:${port}`, `address [${'0'.repeat(31)}7]:${port}`]);
  });
});

describe('a UNIX socket', () => {
  it('is spoken to in TLS, for the name of the URL, in either version', async () => {
    const path = join(tmpdir(), `rxweir-${process.pid}-connecting.sock`);
    await realServer(({ tls, version, authority }) => ({ body: `${version} ${tls?.servername} ${authority}` }), {
      path,
      tls: server,
    });
    const client = createClient({ tls: { ca }, socketPath: path });
    const ask = (url: string, version?: '1.1'): Promise<string> =>
      lastValueFrom(client.request({ url, version }).pipe(text()));
    expect(await ask('https://localhost/')).toBe('2 localhost localhost');
    expect(await ask('https://localhost/', '1.1')).toBe('1.1 localhost localhost');
    await expect(ask('https://other.example/')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(ask('http://localhost/')).rejects.toMatchObject({ name: expect.any(String) as string });
    const peer = await new Promise<string>((resolve, reject) => {
      nodeRequest({ socketPath: path, servername: 'localhost', ca }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    expect(peer).toContain('1.1 localhost');
  });
});

describe('requests on virtual time', () => {
  const [six, four] = ['2001:db8::1', '192.0.2.1'];

  /** IPv4 answers in a millisecond, IPv6 never; what is asked for takes another two. */
  const scene = (
    body: (helpers: Parameters<Parameters<typeof runMarbles>[0]>[0], client: ReturnType<typeof createClient>) => void,
    config: object = {},
  ): void =>
    runMarbles((helpers) => {
      const { scheduler } = helpers;
      const network = memoryNetwork({
        scheduler,
        latency: 1,
        faults: (_attempt, _target, host) => (host === six ? { connect: 'hang' } : undefined),
      });
      const serving = serve({ network, port: 80, scheduler }, ({ authority }) => ({ body: authority })).subscribe();
      scheduler.schedule(() => serving.unsubscribe(), 20_000);
      body(helpers, createClient({ network, scheduler, ...config }));
    });

  it('a dead family costs the attempt delay, and no more', () => {
    scene(
      ({ expectObservable }, client) => {
        const asked = client.request('http://two.test/').pipe(
          map(({ connection }) => connection.remote.address),
          toArray(),
        );
        expectObservable(asked).toBe('253ms (a|)', { a: [four] });
      },
      { resolver: () => of(at(four, six)) },
    );
  });

  it('a slow resolver, and a dead address, have the time to connect between them', () => {
    scene(
      ({ scheduler, expectObservable }, client) => {
        const resolver: Resolver = () => of(at(six)).pipe(delay(40, scheduler));
        const failed = client.request({ url: 'http://dead.test/', resolver });
        const error = expect.objectContaining({ code: 'TIMEOUT_CONNECT', milliseconds: 100 }) as never;
        expectObservable(failed).toBe('100ms #', {}, error);
      },
      { timeout: { connect: 100 } },
    );
  });

  it('cancelling lets the resolver and the attempts go', () => {
    scene(({ cold, expectObservable, expectSubscriptions }, client) => {
      const names = cold('5ms a', { a: at(six) });
      const asked = client.request({ url: 'http://dead.test/', resolver: () => names });
      expectObservable(asked, '^ 299ms !').toBe('');
      expectSubscriptions(names.subscriptions).toBe('^ 299ms !');
    });
  });

  it('trap 2: over HTTP/2 a server that never says 100 gets the body after a second, and its response is delivered', () => {
    const log: string[] = [];
    runMarbles(({ scheduler, flush }) => {
      const network = memoryNetwork({ scheduler, latency: 1 });
      const answer = ({ body }: ServerRequest): Observable<{ body: string }> =>
        timer(1500, scheduler).pipe(
          switchMap(() => body.pipe(text())),
          map((content) => ({ body: `got ${content}` })),
        );
      const serving = serve({ network, port: 80, scheduler }, answer).subscribe();
      scheduler.schedule(() => serving.unsubscribe(), 5000);
      createClient({ network, scheduler })
        .requestEvents({ url: 'http://a.test/', method: 'POST', body: 'it', version: '2', expectContinue: true })
        .subscribe((event) => {
          if (event.type === 'upload' || event.type === 'informational') log.push(`${scheduler.now()} ${event.type}`);
          if (event.type === 'body') log.push(`${scheduler.now()} ${Buffer.from(event.chunk).toString()}`);
        });
      flush();
    });
    expect(log).toEqual(['1001 upload', '1503 got it']);
  });

  it('trap 3: one time for everything, redirects, retries and slow names included', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const network = memoryNetwork({ scheduler, latency: 1 });
      let calls = 0;
      network
        .listen({ port: 80 })
        .pipe(switchMap(({ connections }) => connections))
        .subscribe((socket) =>
          socket.subscribe({
            next: () => {
              calls++;
              // One in three is cut off, so that it is tried again; the others lead on.
              if (calls % 3 === 2) socket.error(new Error('gone'));
              else socket.next(Buffer.from('HTTP/1.1 302 F\r\nlocation: /on\r\ncontent-length: 0\r\n\r\n'));
            },
            error: () => undefined,
          }),
        );
      const resolver: Resolver = () => of(at(four)).pipe(delay(5, scheduler));
      const client = createClient({ network, scheduler, resolver, maxRedirects: 1000 });
      const failed = client.request({ url: 'http://a.test/', timeout: 100 });
      const error = expect.objectContaining({ code: 'TIMEOUT_TOTAL', milliseconds: 100 }) as never;
      expectObservable(failed).toBe('100ms #', {}, error);
      scheduler.schedule(() => expect(calls).toBeGreaterThan(10), 101);
    });
  });
});

it('waits for ever where no timer can wait so long', async () => {
  const { port } = await realServer((request) => acceptWebSocket(request, {}, (socket) => socket));
  const limit = 2 ** 31;
  const connection = await firstValueFrom(connect({ host: '127.0.0.1', port, timeout: limit }));
  connection.close();
  const socket = webSocket<string>({ url: `ws://127.0.0.1:${port}/`, handshakeTimeout: limit, closeTimeout: limit });
  socket.next('through');
  expect(await firstValueFrom(socket)).toBe('through');
});
