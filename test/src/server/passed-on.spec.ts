import { gzipSync } from 'node:zlib';
import { EMPTY, firstValueFrom, map, NEVER, of, Subject, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { request } from '../../../src/client/request.js';
import type { Handler } from '../../../src/server/respond-context.js';
import { acceptWebSocket } from '../../../src/server/accept-web-socket.js';
import { webSocket } from '../../../src/client/web-socket.js';
import { rawServer, type RawServer } from '../client/raw-server.js';
import { eventually, realServer, type RealServer } from './real-server.js';
import { get, inVirtualTime } from './world.js';

/** The proxy of three lines: what is asked is asked elsewhere, and what that answers is the answer. */
const passOn =
  (origin: string): Handler =>
  ({ method, target, body }) =>
    request({ url: origin + target, method, body });

async function through(
  answer: string,
  asked: string,
  handler = passOn,
): Promise<{ received: string; origin: RawServer; proxy: RealServer }> {
  const origin = await rawServer((_head, socket) => {
    socket.write(answer);
    if (answer.startsWith('HTTP/1.0')) socket.end();
    return undefined;
  });
  const proxy = await realServer(handler(origin.url), { date: false });
  const client = proxy.raw();
  client.socket.write(asked);
  const received = await client.closed;
  return { received, origin, proxy };
}

const CLOSE = 'connection: close\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\n';

describe('a response of a client is one of a server', () => {
  it.each([
    [
      'with a length',
      `${HEAD}content-length: 3\r\n\r\nabc`,
      get('/', 'connection: close'),
      `${HEAD}content-length: 3\r\n${CLOSE}\r\nabc`,
    ],
    [
      'in chunks, trailers and all',
      `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n`,
      get('/', 'connection: close'),
      `${HEAD}transfer-encoding: chunked\r\n${CLOSE}\r\n3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n`,
    ],
    [
      'in chunks, to HTTP/1.0',
      `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n`,
      'GET / HTTP/1.0\r\n\r\n',
      `${HEAD}${CLOSE}\r\nabc`,
    ],
    [
      'up to the end of the connection',
      'HTTP/1.0 200 OK\r\n\r\nabc',
      get('/', 'connection: close'),
      `${HEAD}transfer-encoding: chunked\r\n${CLOSE}\r\n3\r\nabc\r\n0\r\n\r\n`,
    ],
    [
      'to HEAD',
      `${HEAD}content-length: 3\r\n\r\n`,
      `HEAD / HTTP/1.1\r\nhost: a\r\n${CLOSE}\r\n`,
      `${HEAD}content-length: 3\r\n${CLOSE}\r\n`,
    ],
    [
      '204, measured as it should not be',
      'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n',
      get('/', 'connection: close'),
      `HTTP/1.1 204 No Content\r\n${CLOSE}\r\n`,
    ],
  ])('%s', async (_name, answer, asked, expected) => {
    const { received, proxy } = await through(answer, asked);
    expect(received).toBe(expected);
    expect(proxy.events.filter(({ type }) => type === 'handler-error')).toEqual([]);
  });

  it('one that is cut is cut', async () => {
    const { received, proxy } = await through(
      'HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nabc',
      get('/', 'connection: close'),
    );
    expect(received).toBe(`${HEAD}content-length: 5\r\n${CLOSE}\r\nabc`);
    expect(proxy.events.map(({ type }) => type)).toContain('handler-error');
  });

  it('a request without a body is passed on without one', async () => {
    const { origin } = await through(`${HEAD}content-length: 0\r\n\r\n`, get('/a', 'connection: close'));
    expect(origin.received[0]).toMatch(
      /^GET \/a HTTP\/1\.1\r\nhost: [^\r]+\r\nuser-agent: [^\r]+\r\naccept-[^\r]+\r\n\r\n$/,
    );
  });

  it('a transfer coding is for one connection: what was undone is not said', async () => {
    const origin = await realServer(({ body, fields }) =>
      body.pipe(
        text(),
        map((all) => ({ fields: { 'x-te': fields.get('transfer-encoding') ?? '' }, body: of(all, ' and back') })),
      ),
    );
    const proxy = await realServer(
      ({ target, method, body, fields }) => request({ url: origin.url + target, method, body, headers: fields }),
      { date: false },
    );
    const zipped = gzipSync('there');
    const client = proxy.raw();
    client.socket.write(
      'POST / HTTP/1.1\r\nhost: a\r\nte: gzip\r\nconnection: te, close\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    );
    client.socket.write(
      Buffer.concat([Buffer.from(`${zipped.length.toString(16)}\r\n`), zipped, Buffer.from('\r\n0\r\n\r\n')]),
    );
    const received = await client.closed;
    expect(received).toContain('x-te: chunked\r\ntransfer-encoding: chunked\r\n');
    expect(received).not.toContain('gzip');
    expect(received.replace(/^[0-9a-f]+\r\n/gm, '').replaceAll('\r\n', '')).toContain('there and back');
  });

  it('one that opens a byte stream is joined to it, both ways, unread bytes first', async () => {
    const websockets = await realServer((asked) => acceptWebSocket(asked, {}, (socket) => socket));
    const proxy = await realServer(({ target, method, fields, upgrade }) =>
      request({ url: websockets.url + target, method, headers: fields, upgrade }),
    );
    const socket = webSocket(proxy.url.replace('http', 'ws'));
    const answer = firstValueFrom(socket);
    socket.next('through');
    expect(await answer).toBe('through');
    await eventually(() => socket.state?.state === 'closed');
    expect(socket.state).toMatchObject({ clean: true, code: 1000 });
    expect(proxy.events.filter(({ type }) => type === 'handler-error')).toEqual([]);
  });
});

describe('trailers as an Observable', () => {
  const chunks = of('abc');
  const ended = (sent: string): string => `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${sent}\r\n`;

  it.each([
    ['the first value', of({ a: '1' }, { a: '2' }), ended('a: 1\r\n')],
    ['nothing', of([]), ended('')],
    ['no value', EMPTY, ended('')],
    ['later', timer(50).pipe(map(() => ({ a: '1' }))), ended('a: 1\r\n')],
    ['an error', throwError(() => new Error('no sum')), `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc`],
    ['never', NEVER, undefined],
  ])('%s', (_name, trailers, expected) => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: chunks, trailers }), { date: false });
        const client = world.connect(get('/'));
        world.at(100, () => {
          expect(client.received).toBe(expected ?? `${HEAD}transfer-encoding: chunked\r\n\r\n3\r\nabc`);
          client.socket.error(new Error('away'));
        });
      },
      () => undefined,
    );
  });

  it('is left when the client is gone', () => {
    let left = false;
    inVirtualTime(
      (world) => {
        const trailers = new Subject<Record<string, string>>();
        world.serve(() => ({ body: chunks, trailers }));
        const client = world.connect(get('/'));
        world.at(10, () => {
          expect(trailers.observed).toBe(true);
          client.socket.error(new Error('away'));
        });
        world.at(20, () => {
          left = !trailers.observed;
        });
      },
      () => expect(left).toBe(true),
    );
  });
});
