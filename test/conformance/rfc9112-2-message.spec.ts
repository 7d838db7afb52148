import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

describe('RFC 9112 §2.2, message parsing', () => {
  it('a server reads octets: bytes above 127 are themselves, one by one', async () => {
    const server = await ourServer();
    await server.send('GET / HTTP/1.1\r\nHost: a\r\nX-Name: caf\xc3\xa9 \xff\r\nConnection: close\r\n\r\n');
    expect(server.requests[0]?.fields.get('x-name')).toBe('caf\xc3\xa9 \xff');
  });

  it('a client reads octets: bytes above 127 are themselves, one by one', async () => {
    const raw = await answering('HTTP/1.1 204 caf\xe9\r\nX-Name: \xc3\xa9\r\n\r\n');
    const { response } = await outcome(raw.url);
    expect(response?.fields.get('x-name')).toBe('\xc3\xa9');
  });

  it.each([
    ['in the request line', 'GET /\r HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['in a field name', 'GET / HTTP/1.1\r\nHo\rst: a\r\n\r\n'],
    ['in a field value', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n'],
    ['doubled before LF', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n'],
    ['in a chunk-size line', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\rX\r\na\r\n0\r\n\r\n'],
  ])('a server refuses a bare CR %s', async (_, bytes) => {
    const server = await ourServer(({ body }) => body.pipe(text(), map((body) => ({ body })))); // prettier-ignore
    expect(statusesIn(await server.send(bytes))).toEqual([400]);
  });

  it.each([
    ['in the status line', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n'],
    ['in a field value', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: b\rc\r\n\r\n'],
    ['in a chunk-size line', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\r\na\r\n0\r\n\r\n'],
  ])('a client refuses a bare CR %s', async (_, bytes) => {
    const raw = await answering(bytes);
    expect((await outcome(raw.url)).code).toBe('BARE_CR');
    await raw.ended();
  });

  it('a bare LF ends no line, on either side', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET / HTTP/1.1\nHost: a\n\n'))).toEqual([400]);
    const raw = await answering('HTTP/1.1 200 OK\nContent-Length: 0\n\n');
    expect((await outcome(raw.url)).code).toBe('BARE_LF');
  });

  it('a sender writes no bare CR: field values, reasons and targets that hold one are refused before anything is sent', async () => {
    const raw = await answering(NO_CONTENT);
    const client = ourClient();
    expect((await outcome({ url: raw.url, headers: { x: 'a\rb' } }, client)).code).toBe('INVALID_FIELD_VALUE');
    expect((await outcome({ url: raw.url, target: '/a\rb' }, client)).code).toBe('INVALID_TARGET');
    expect((await outcome({ url: raw.url, method: 'GET\r' }, client)).code).toBe('INVALID_METHOD');
    expect(raw.received).toEqual([]);
  });

  it('a request is neither preceded nor followed by an extra CRLF', async () => {
    const raw = await answering(NO_CONTENT);
    const client = ourClient();
    await outcome({ url: raw.url, method: 'POST', body: 'abc' }, client);
    await outcome(raw.url, client);
    expect(raw.received).toHaveLength(1);
    expect(raw.received[0]?.startsWith('POST / HTTP/1.1\r\n')).toBe(true);
    expect(raw.received[0]).toContain('\r\n\r\nabcGET / HTTP/1.1\r\n');
  });

  it('a server ignores one empty line before a request', async () => {
    const server = await ourServer();
    const answer = await server.send('\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(statusesIn(answer)).toEqual([200]);
  });

  it.each([
    ['a server', 'GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n'],
    ['a server, for a tab', 'GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n'],
  ])('white space before the first field is refused by %s', async (_, bytes) => {
    const server = await ourServer();
    expect(statusesIn(await server.send(bytes))).toEqual([400]);
    expect(server.requests).toEqual([]);
  });

  it('white space before the first field is refused by a client', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('BAD_FIELD_LINE');
  });

  it.each(['\0\0\0\0', 'hello there\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', '\x16\x03\x01\x02\x00', '{"a":1}\r\n\r\n'])(
    'a server answers 400 to what is no request, and closes: %j',
    async (bytes) => {
      const server = await ourServer();
      expect(statusesIn(await server.send(bytes))).toEqual([400]);
    },
  );
});

describe('RFC 9112 §2.3, HTTP version', () => {
  it('the name is case-sensitive', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET / http/1.1\r\nHost: a\r\n\r\n'))).toEqual([400]);
    const raw = await answering('http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('BAD_STATUS_LINE');
  });

  it('a server answers 505 to a major version it does not speak', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET / HTTP/2.0\r\nHost: a\r\n\r\n'))).toEqual([505]);
    expect(statusesIn(await server.send('GET / HTTP/0.9\r\nHost: a\r\n\r\n'))).toEqual([505]);
  });

  it('a client refuses a response of a major version it does not speak', async () => {
    const raw = await answering('HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('VERSION_UNSUPPORTED');
  });

  it('a server answers a request of HTTP/1.0 without what only HTTP/1.1 has', async () => {
    const server = await ourServer(() => ({ body: ['a', 'b'] }));
    const answer = await server.send('GET / HTTP/1.0\r\n\r\n');
    expect(answer.toLowerCase()).not.toContain('transfer-encoding');
    expect(answer.endsWith('\r\n\r\nab')).toBe(true);
  });

  it('a client says HTTP/1.1, or HTTP/1.0 where told to', async () => {
    const raw = await rawServer(async ({ socket, write, until }) => {
      await until('\r\n\r\n');
      write(NO_CONTENT);
      socket.end();
    });
    await outcome(raw.url);
    await outcome({ url: raw.url, version: '1.0' });
    expect(raw.received.map((request) => request.split('\r\n')[0])).toEqual(['GET / HTTP/1.1', 'GET / HTTP/1.0']);
  });
});
