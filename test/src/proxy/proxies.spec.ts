import { once } from 'node:events';
import { connect } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  asyncScheduler,
  concat,
  firstValueFrom,
  interval,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  type SchedulerLike,
  type Subscription,
  take,
  toArray,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import { publicAddressesOnly } from '../../../src/client/public-addresses-only.js';
import { basicAuth } from '../../../src/handlers/basic-auth.js';
import { forwardProxy, type ForwardProxyConfig } from '../../../src/proxy/forward-proxy.js';
import { reverseProxy, type ReverseProxyConfig } from '../../../src/proxy/reverse-proxy.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import type { Handler } from '../../../src/server/respond-context.js';
import { eventually, realServer } from '../server/real-server.js';

async function behind(handler: Handler, config: ReverseProxyConfig = {}, base = '') {
  const origin = await realServer(handler);
  const proxy = await realServer(reverseProxy(origin.url + base, config));
  return { ...proxy, origin };
}

const client = createClient({ redirect: 'manual', decompress: false });

async function ask(url: string, more: object = {}) {
  const response = await firstValueFrom(client.request({ url, ...more }));
  return {
    response,
    status: response.status,
    fields: response.fields,
    body: await firstValueFrom(response.body.pipe(text())),
  };
}

/** Tells what it was asked. */
const mirror: Handler = ({ method, path, fields, body }) =>
  body.pipe(
    bytes(),
    map((content) => ({
      fields: { 'x-secret': 'of the server', etag: '"e"', 'keep-alive': 'timeout=3' },
      body: JSON.stringify({ method, path, body: Buffer.from(content).toString(), fields: Object.fromEntries([...fields].map(({ name, value }) => [name, value])) }), // prettier-ignore
    })),
  );

describe.each(['1.1', '2'] as const)('reverseProxy over HTTP/%s', (version) => {
  it('passes on what is allowed, and says who it is', async () => {
    const { url, origin } = await behind(mirror, { name: 'weir', requestFields: ['X-Ok'] }, '/base/');
    const headers = {
      'x-ok': '1',
      'x-not': '2',
      accept: 'a/b',
      'x-forwarded-for': 'liar',
      te: 'trailers',
      cookie: 'c=d',
    };
    const { fields, body } = await ask(`${url}/a%2Fb/x?q=1`, { version, headers, method: 'PUT', body: 'hello' });
    const seen = JSON.parse(body) as { method: string; path: string; body: string; fields: Record<string, string> };
    expect([seen.method, seen.path, seen.body]).toEqual(['PUT', '/base/a%2Fb/x?q=1', 'hello']);
    expect(seen.fields).toMatchObject({
      'x-ok': '1',
      accept: 'a/b',
      cookie: 'c=d',
      te: 'trailers',
      'content-length': '5',
    });
    expect(seen.fields).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      via: `${version} weir`,
    });
    expect(seen.fields['host']).toBe(new URL(origin.url).host);
    expect(seen.fields['forwarded']).toBe(`for=127.0.0.1;host="${new URL(url).host}";proto=http`);
    expect(seen.fields).not.toHaveProperty('x-not');
    expect([fields.get('etag'), fields.get('via'), fields.has('x-secret'), fields.has('keep-alive')]).toEqual(['"e"', '1.1 weir', false, false]); // prettier-ignore
  });

  it('streams bodies, with interim responses and trailers', async () => {
    const { url } = await behind(
      ({ body, trailers }) =>
        concat(
          of({ status: 103, fields: { link: '</a>' } }),
          of({
            fields: { trailer: 'x-sum', 'content-type': 'text/plain' },
            body,
            trailers: () => ({ 'x-sum': sum, 'x-secret': 'of the server' }),
          }),
        ).pipe(
          map(
            (response) => (
              trailers.subscribe((fields) => (sum = `${fields.get('x-sum')} ${fields.get('x-not')}`)),
              response
            ),
          ),
        ),
      { requestFields: ['x-sum'], responseFields: ['link', 'x-sum'] },
    );
    let sum = '';
    const pieces = interval(2).pipe(
      take(5),
      map((n) => `piece ${n} `),
    );
    const trailers = { 'x-sum': '7', 'x-not': '8' };
    const { response, body } = await ask(url, { version, method: 'POST', body: pieces, trailers });
    expect(body).toBe('piece 0 piece 1 piece 2 piece 3 piece 4 ');
    expect(response.informational.map(({ status, fields }) => [status, fields.get('link')])).toEqual([[103, '</a>']]);
    const received = await firstValueFrom(response.trailers);
    expect([received.get('x-sum'), received.get('x-secret')]).toEqual(['7 undefined', undefined]);
  });

  it('leaves the server when the client leaves', async () => {
    let cancelled = 0;
    const { url } = await behind((request) => {
      request.cancelled$.subscribe(() => cancelled++);
      return request.path === '/head' ? NEVER : { body: concat(of('x'), NEVER) };
    });
    const waiting = client.request({ url: `${url}/head`, version }).subscribe();
    const response = await firstValueFrom(client.request({ url, version }));
    await firstValueFrom(response.body);
    waiting.unsubscribe();
    await eventually(() => cancelled === 2);
  });

  it('holds a server back that is read slowly', async () => {
    let sent = 0;
    function* endless(): Generator<Buffer> {
      for (const chunk = Buffer.alloc(65_536); ; sent += chunk.length) yield chunk;
    }
    const { url } = await behind(() => ({ body: endless() }));
    const response = await firstValueFrom(client.request({ url, version, timeout: { unclaimed: 0 } }));
    let still = -1;
    await eventually(() => still === (still = sent) && sent > 0);
    expect(sent).toBeLessThan(32 * 1024 * 1024); // what the buffers of three sockets hold
    response.body.subscribe().unsubscribe();
  });

  it('passes a WebSocket through', async () => {
    const { url } = await behind((request) => acceptWebSocket(request, { protocols: ['echo'] }, (socket) => socket));
    const socket = client.webSocket<string>({ url: url.replace('http', 'ws'), version, protocols: ['echo'] });
    const echoed = lastValueFrom(socket.pipe(take(2), toArray()));
    socket.next('one');
    socket.next('two');
    expect(await echoed).toEqual(['one', 'two']);
  });

  it('answers HEAD, 304 and redirects as they are', async () => {
    const { url, origin } = await behind(({ method, path }) => {
      if (path === '/304') return { status: 304, fields: { etag: '"x"' } };
      if (path === '/moved') return { status: 302, fields: { location: `${origin.url}/there` } };
      return { body: `${method} me` };
    });
    expect((await ask(url, { version, method: 'HEAD' })).fields.get('content-length')).toBe('7');
    expect((await ask(`${url}/304`, { version })).status).toBe(304);
    expect((await ask(`${url}/moved`, { version })).fields.get('location')).toBe('/there');
  });
});

describe('reverseProxy', () => {
  it('says what became of the server', async () => {
    const refused = await realServer(reverseProxy('http://127.0.0.1:1'));
    expect((await ask(refused.url)).status).toBe(502);
    const nonsense = createServer((socket) => socket.end('nonsense\r\n\r\n')).listen(0, '127.0.0.1');
    onTestFinished(() => void nonsense.close());
    await once(nonsense, 'listening');
    const broken = await realServer(reverseProxy(`http://127.0.0.1:${(nonsense.address() as AddressInfo).port}`));
    expect((await ask(broken.url)).status).toBe(502);
    const silent = await behind(() => NEVER, { timeout: { head: 20 } });
    expect((await ask(silent.url)).status).toBe(504);
    expect(silent.events.filter(({ type }) => type === 'handler-error')).toEqual([]);
  });

  it('notices a request that has been here, tunnels, and odd options', async () => {
    const looping: { url?: string } = {};
    const proxy = await realServer(reverseProxy(() => looping.url as string));
    looping.url = proxy.url;
    expect((await ask(proxy.url)).status).toBe(508);
    const raw = proxy.raw().send('CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n');
    expect(await raw.until('\r\n\r\n')).toContain(' 405 ');
    expect(() => reverseProxy('nonsense')).toThrow('to: a URL');
    expect(() => reverseProxy('ftp://x')).toThrow('http or https');
    expect(() => reverseProxy('http://x', { name: 'a b' })).toThrow('token');
    expect(() => reverseProxy('http://x', { idle: -1 })).toThrow('idle');
  });

  it('keeps what is asked for below its base, and the fields of one connection to itself', async () => {
    const { url, raw } = await behind(
      mirror,
      { requestFields: 'all', responseFields: 'all', keepHost: true, forwarded: 'append' },
      '/app',
    );
    expect((JSON.parse((await ask(url, { target: '/../../etc' })).body) as { path: string }).path).toBe('/app/etc');
    expect((JSON.parse((await ask(url, { target: '/%2e%2e/x' })).body) as { path: string }).path).toBe('/app/x');
    const client = raw().send(
      'GET / HTTP/1.1\r\nhost: front\r\nconnection: close, x-hop\r\nx-hop: 1\r\nx-end: 2\r\nproxy-authorization: Basic x\r\nx-forwarded-for: 10.0.0.1\r\n\r\n',
    );
    const text = await client.closed;
    expect(text).toContain('x-secret: of the server');
    const seen = (
      JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { fields: Record<string, string> }
    ).fields;
    expect(seen).toMatchObject({ 'x-end': '2', host: 'front', 'x-forwarded-for': '10.0.0.1, 127.0.0.1' });
    expect(seen).not.toHaveProperty('x-hop');
    expect(seen).not.toHaveProperty('proxy-authorization');
  });

  it('says nothing of its client where it is told so, and passes on nothing the client says of others', async () => {
    const { raw } = await behind(mirror, { requestFields: 'all', forwarded: 'none' });
    const lines =
      'forwarded: for=10.0.0.1\r\nx-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: https\r\nx-forwarded-host: bank\r\n';
    const text = await raw().send(`GET / HTTP/1.1\r\nhost: front\r\nconnection: close\r\n${lines}\r\n`).closed;
    expect(text).toContain('200 OK');
    expect(text).not.toContain('forwarded');
  });

  it.each(['OPTIONS', 'TRACE'])('counts down how often %s may be passed on', async (method) => {
    const { raw } = await behind(mirror);
    const asked = (left: string) =>
      raw().send(`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nmax-forwards: ${left}\r\n\r\n`).closed;
    expect(await asked('10')).toContain('"max-forwards":"9"');
    expect(await asked('99999999999999999999')).toContain('"max-forwards":"9007199254740991"');
    expect(await asked('x')).toContain('"max-forwards":"x"');
    const last = await asked('0');
    expect(last).toContain(method === 'OPTIONS' ? ' 204 ' : ' 405 ');
    expect(last).toContain('allow: OPTIONS');
    expect(last).not.toContain('via');
  });

  it('leaves other methods with the Max-Forwards they have', async () => {
    const { url } = await behind(mirror);
    expect((await ask(url, { headers: { 'max-forwards': '0' } })).body).toContain('"max-forwards":"0"');
  });

  it('does not let a client speak HTTP/2 behind its back', async () => {
    const { raw } = await behind(
      (request) => {
        if (request.upgrade === '') return mirror(request);
        return { status: 101, upgraded: (socket) => socket.complete(), fields: { upgrade: 'h2c' } };
      },
      { requestFields: 'all' },
    );
    const send = (upgrade: string) =>
      raw().send(
        `GET / HTTP/1.1\r\nhost: x\r\nupgrade: ${upgrade}\r\nhttp2-settings: AAMAAABk\r\nconnection: upgrade, http2-settings\r\n\r\n`,
      );
    const plain = await send('h2c').until('\r\n\r\n{');
    expect(plain).toContain(' 200 OK');
    expect(plain).not.toContain('upgrade');
    expect(await send('H2C, other').until('\r\n\r\n')).toContain(' 502 '); // the server chose what it was not offered
  });

  it('says in Via how it got the answer', async () => {
    const { origin } = await behind(() => ({ body: 'x' }));
    const over = (version: '1.1' | '2') =>
      reverseProxy(origin.url, { name: 'weir', request: (config) => client.request({ ...config, version }) });
    for (const version of ['1.1', '2'] as const) {
      const { url } = await realServer(over(version));
      expect((await ask(url)).fields.get('via')).toBe(`${version} weir`);
    }
  });

  it('waits for the server to want the body, where the client does', async () => {
    const refusing = await behind(() => ({ status: 413 }));
    const raw = refusing.raw().send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    const answer = await raw.until('\r\n\r\n');
    expect(answer).toContain(' 413 ');
    expect(answer).not.toContain(' 100 ');
    const taking = await behind(mirror);
    const sender = taking.raw().send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    await sender.until('100 Continue');
    sender.send('hello');
    expect(await sender.until('"body":"hello"')).toContain(' 200 ');
  });
});

/** An echo that tells when its peers have gone. */
function echo(): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
      .pipe(socket);
  });
  onTestFinished(() => void server.close());
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port, sockets })),
  );
}

describe('forwardProxy', () => {
  const proxying = (
    config: Partial<ForwardProxyConfig> = {},
    wrap: (handler: Handler) => Handler = (handler) => handler,
  ) => realServer(wrap(forwardProxy({ allow: ['127.0.0.1'], ...config })));

  it('tunnels both ways, each direction to its own end', async () => {
    const { port, sockets } = await echo();
    const { raw } = await proxying();
    const client = raw().send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\nearly `);
    await client.until('200 OK');
    client.send('and late');
    await client.until('early and late');
    client.socket.end();
    await client.closed;
    await eventually(() => sockets.size === 0);
  });

  it.each(['1.1', '2'] as const)('tunnels for our client over HTTP/%s', async (version) => {
    const { port } = await echo();
    const { url } = await proxying();
    const { upgraded, status } = await firstValueFrom(
      client.request({ url, method: 'CONNECT', target: `127.0.0.1:${port}`, version }),
    );
    expect(status).toBe(200);
    const back = new Subject<string>();
    upgraded?.subscribe({ next: (chunk) => back.next(Buffer.from(chunk).toString()), complete: () => back.complete() });
    const all = lastValueFrom(back.pipe(toArray()));
    upgraded?.next(Buffer.from('through'));
    upgraded?.complete();
    expect((await all).join('')).toBe('through');
  });

  it('closes the far end when the client breaks off', async () => {
    const { port, sockets } = await echo();
    const { raw } = await proxying();
    const client = raw().send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await client.until('200 OK');
    await eventually(() => sockets.size === 1);
    client.socket.resetAndDestroy();
    await eventually(() => sockets.size === 0);
  });

  it('keeps to its list, its number, and its time', async () => {
    const { port, sockets } = await echo();
    const { raw } = await proxying({ allow: [`127.0.0.1:${port}`, '*.example.com'], maxTunnels: 1, idle: 50 });
    const statusOf = async (target: string) => {
      const client = raw().send(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
      return { status: Number(/ (\d+) /.exec(await client.until('\r\n\r\n'))?.[1]), client };
    };
    expect((await statusOf('127.0.0.1:1')).status).toBe(403);
    expect((await statusOf('example.com:443')).status).toBe(403);
    expect((await statusOf('evil-example.com:443')).status).toBe(403);
    const first = await statusOf(`127.0.0.1:${port}`);
    expect(first.status).toBe(200);
    expect((await statusOf(`127.0.0.1:${port}`)).status).toBe(503);
    await first.client.closed; // idle
    await eventually(() => sockets.size === 0);
    expect((await statusOf(`127.0.0.1:${port}`)).status).toBe(200);
    expect(() => forwardProxy({ allow: ['http://x'] })).toThrow('allow');
    expect(() => forwardProxy({ allow: [], idle: -1 })).toThrow('idle');
    expect(() => forwardProxy({ allow: [], name: ' ' })).toThrow('token');
  });

  it('connects to no address that is refused, neither for a tunnel nor for a request', async () => {
    const origin = await realServer(() => ({ body: 'inside' }));
    const lookup = ((_: string, __: object, answer: (error: null, found: object[]) => void) =>
      answer(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as ForwardProxyConfig['lookup'];
    const statuses = async (addressPolicy?: ForwardProxyConfig['addressPolicy']) => {
      const { raw } = await proxying({ allow: () => true, lookup, ...(addressPolicy && { addressPolicy }) });
      const asked = ['rebind.example', '127.0.0.1'].flatMap((host) => [
        `GET http://${host}:${origin.port}/ HTTP/1.1\r\nhost: ${host}:${origin.port}\r\n\r\n`,
        `CONNECT ${host}:${origin.port} HTTP/1.1\r\nhost: x\r\n\r\n`,
      ]);
      const answers = await Promise.all(asked.map((text) => raw().send(text).until('\r\n\r\n')));
      return answers.map((answer) => Number(/ (\d+) /.exec(answer)?.[1]));
    };
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    expect(await statuses(publicAddressesOnly)).toEqual([403, 403, 403, 403]);
  });

  it('over HTTP/2, passes on what is for http alone', async () => {
    const origin = await realServer(() => ({ body: 'in clear' }));
    const { url } = await proxying();
    const session = connect(url);
    onTestFinished(() => session.destroy());
    const authority = `127.0.0.1:${origin.port}`;
    const statusFor = (scheme: string) =>
      new Promise((resolve) => {
        const stream = session.request({ ':path': '/', ':scheme': scheme, ':authority': authority });
        stream.on('response', (fields) => resolve(fields[':status'])).resume();
      });
    expect(await statusFor('http')).toBe(200);
    expect(await statusFor('https')).toBe(400);
    expect(await statusFor('ftp')).toBe(400);
  });

  it('waits for ever where no timer can wait so long', async () => {
    const { port } = await echo();
    const waits: number[] = [];
    const schedule = (work: () => void, delay = 0): Subscription => {
      waits.push(delay);
      return asyncScheduler.schedule(work, delay);
    };
    const scheduler = { now: () => asyncScheduler.now(), schedule } as SchedulerLike;
    const { raw } = await proxying({ connectTimeout: 2 ** 31, idle: 2 ** 31, scheduler });
    const client = raw().send(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: x\r\n\r\nthrough`);
    await client.until('through');
    expect(Math.max(...waits)).toBe(2 ** 31 - 1);
  });

  it('judges by a function, and says what became of the target', async () => {
    const { raw } = await proxying({ allow: ({ host, port, tunnel }) => tunnel && (host === '::1' || port === 1) });
    for (const [target, status] of [
      ['127.0.0.1:1', 502],
      ['127.0.0.1:2', 403],
      ['127.0.0.1', 400],
      ['u@h:1', 400],
    ] as const) {
      const client = raw().send(`CONNECT ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);
      expect([target, await client.until('\r\n\r\n')]).toEqual([target, expect.stringContaining(` ${status} `)]);
    }
  });

  it('passes requests on, without what is meant for it, and knows its loops', async () => {
    const origin = await realServer(mirror);
    const { url, raw, port } = await proxying({ name: 'weir' }, (handler) =>
      basicAuth({ realm: 'p', users: { a: 'b' }, proxy: true })(handler),
    );
    const through = createClient({ proxy: url.replace('//', '//a:b@') });
    const response = await firstValueFrom(through.request({ url: `${origin.url}/x?y`, headers: { 'x-any': '1' } }));
    const seen = JSON.parse(await firstValueFrom(response.body.pipe(text()))) as {
      path: string;
      fields: Record<string, string>;
    };
    expect(seen).toMatchObject({
      path: '/x?y',
      fields: { 'x-any': '1', via: '1.1 weir', host: new URL(origin.url).host },
    });
    expect(seen.fields).not.toHaveProperty('proxy-authorization');
    const auth = `proxy-authorization: Basic ${Buffer.from('a:b').toString('base64')}\r\n`;
    const send = (line: string, more = '') =>
      raw()
        .send(`${line}\r\nhost: ${/\/\/([^/]+)/.exec(line)?.[1] ?? 'x'}\r\n${auth}${more}\r\n`)
        .until('\r\n\r\n');
    expect(await raw().send('GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n').until('\r\n\r\n')).toContain(' 407 ');
    expect(await send(`GET http://127.0.0.1:${port}/ HTTP/1.1`, 'via: 1.1 weir\r\n')).toContain(' 508 ');
    expect(await send('GET http://other/ HTTP/1.1')).toContain(' 403 ');
    expect(await send('GET / HTTP/1.1')).toContain(' 400 ');
    expect(await send('GET https://127.0.0.1/ HTTP/1.1')).toContain(' 400 ');
    expect(await send('GET http://127.0.0.1:1/ HTTP/1.1')).toContain(' 502 ');
  });

  it('gives up a tunnel that does not stand in time, or whose client has gone', () => {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      let connecting = 0;
      const network = {
        listen: () => NEVER,
        connect: () => new Observable<never>(() => (connecting++, () => connecting--)),
      };
      const handler = forwardProxy({ allow: ['h'], network: network as never, connectTimeout: 20, scheduler });
      const request = { method: 'CONNECT', authority: 'h:1', upgrade: '', fields: { getAll: () => [] } };
      const seen: unknown[] = [];
      (handler(request as never) as ReturnType<typeof of>).subscribe((response) => seen.push(response));
      (handler(request as never) as ReturnType<typeof of>).subscribe((response) => seen.push(response)).unsubscribe();
      expect(connecting).toBe(1);
      flush();
      expect([seen, connecting]).toEqual([[expect.objectContaining({ status: 504 })], 0]);
    });
  });
});
