import { describe, expect, it } from 'vitest';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import { get, inVirtualTime } from './world.js';

/** What is sent back for `bytes`, and the requests a handler got. */
function send(
  bytes: string,
  config: ServeConfig = {},
): { received: string; requests: ServerRequest[]; codes: string[] } {
  const requests: ServerRequest[] = [];
  let received = '';
  let codes: string[] = [];
  inVirtualTime(
    (world) => {
      world.serve((request) => {
        requests.push(request);
        return { body: 'ok' };
      }, config);
      const client = world.connect(bytes);
      world.at(1, () => {
        received = client.received;
      });
    },
    (world) => {
      codes = world.eventsOf('refused').map(({ error }) => (error as { code: string }).code);
    },
  );
  return { received, requests, codes };
}

function statuses(received: string): string[] {
  return received.match(/HTTP\/1\.1 \d{3}/g) ?? [];
}

describe('a request', () => {
  it('in origin form', () => {
    const { requests } = send('GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nX-Tag: 1\r\nX-Tag: 2\r\n\r\n');
    const [request] = requests as [ServerRequest];
    expect(request).toMatchObject({
      id: 1,
      method: 'GET',
      target: '/a/b?c=d',
      path: '/a/b?c=d',
      authority: 'example.com:8080',
      scheme: 'http',
      claimedScheme: undefined,
      version: '1.1',
      upgrade: '',
      tls: undefined,
    });
    expect(request.url.href).toBe('http://example.com:8080/a/b?c=d');
    expect(request.fields.getAll('x-tag')).toEqual(['1', '2']);
    expect(request.remote.family).toBe('memory');
    expect(request.connection.transport).toBe('memory');
    expect(request.toString()).toBe('GET /a/b?c=d');
  });

  it('in absolute form: its authority wins, and must agree', () => {
    const { requests } = send('GET http://example.com/x HTTP/1.1\r\nhost: example.com:80\r\n\r\n');
    expect(requests[0]).toMatchObject({ path: '/x', authority: 'example.com', target: 'http://example.com/x' });
    expect(requests[0]?.url.href).toBe('http://example.com/x');
    const [claims] = send('GET HTTPS://example.com/x HTTP/1.1\r\nhost: example.com\r\n\r\n').requests;
    expect([requests[0]?.claimedScheme, claims?.claimedScheme, claims?.scheme]).toEqual(['http', 'https', 'http']);
    const other = send('GET http://example.com/x HTTP/1.1\r\nhost: example.org\r\n\r\n');
    expect(statuses(other.received)).toEqual(['HTTP/1.1 400']);
  });

  it('OPTIONS *', () => {
    const { requests } = send('OPTIONS * HTTP/1.1\r\nhost: example.com\r\n\r\n');
    expect(requests[0]).toMatchObject({ path: '*', method: 'OPTIONS' });
    expect(requests[0]?.url.href).toBe('http://example.com/');
  });

  it('a path of two slashes is no authority', () => {
    const { requests } = send('GET //evil.example/x HTTP/1.1\r\nhost: good.example\r\n\r\n');
    expect(requests[0]?.url.host).toBe('good.example');
  });

  it('for a host that no URL has is 400 for the handler that asks for the URL', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ url }) => ({ body: url.href }));
        const client = world.connect('GET / HTTP/1.1\r\nhost: 1.2.3.999\r\n\r\n');
        world.at(1, () => expect(client.statuses).toEqual([400]));
      },
      () => undefined,
    );
  });

  it('HTTP/1.0 without Host', () => {
    const { requests } = send('GET / HTTP/1.0\r\n\r\n');
    expect(requests[0]).toMatchObject({ authority: '', version: '1.0' });
    expect(requests[0]?.url.pathname).toBe('/');
  });

  it('trap 8: any token is a method', () => {
    const { requests } = send('M-SEARCH /x HTTP/1.1\r\nhost: a\r\n\r\nVERSION-CONTROL / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(requests.map(({ method }) => method)).toEqual(['M-SEARCH', 'VERSION-CONTROL']);
  });

  it('ids count on', () => {
    expect(send(get('/').repeat(3)).requests.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('nothing is made before it is asked for', () => {
    const [request] = send(get('/')).requests as [ServerRequest];
    expect(Object.keys(request)).toEqual(['id', 'reply']);
  });
});

describe('a request that is refused', () => {
  it.each([
    ['trap 9: a bad request line', 'nonsense\r\n\r\n', 400, 'BAD_REQUEST_LINE'],
    [
      'trap 6: content-length: abc',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: abc\r\n\r\n',
      400,
      'BAD_CONTENT_LENGTH',
    ],
    [
      'trap 6: content-length: -5',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n',
      400,
      'BAD_CONTENT_LENGTH',
    ],
    [
      'trap 6: two different content-lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
      400,
      'CONFLICTING_LENGTH',
    ],
    [
      'trap 6: content-length with transfer-encoding',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'LENGTH_AND_TRANSFER_ENCODING',
    ],
    [
      'trap 7: a bad transfer-encoding',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n',
      400,
      'BAD_TRANSFER_ENCODING',
    ],
    ['trap 12: NUL in a value', 'GET / HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n', 400, undefined],
    ['a version of the future', 'GET / HTTP/2.0\r\nhost: a\r\n\r\n', 505, 'VERSION_UNSUPPORTED'],
    ['a request line too long', `GET /${'x'.repeat(9000)} HTTP/1.1\r\n`, 414, 'START_LINE_LIMIT'],
    ['a head too long', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'FIELD_LIMIT'],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n', 400, 'BAD_HOST'],
  ])('%s', (_, bytes, status, code) => {
    const { received, requests, codes } = send(bytes + get('/next'));
    expect(statuses(received)).toEqual([`HTTP/1.1 ${status}`]);
    expect(received).toContain('connection: close\r\n');
    expect(requests).toEqual([]);
    expect(codes).toHaveLength(1);
    if (code !== undefined) expect(codes).toEqual([code]);
  });

  it('A16, trap 5: a field too many is 431 and the end, not a shorter request', () => {
    const fields = Array.from({ length: 127 }, (_, i) => `x-${i}: 1\r\n`).join('');
    const fits = `POST / HTTP/1.1\r\nhost: a\r\n${fields}`;
    const { requests: accepted } = send(`${fits}\r\n`);
    expect(accepted).toHaveLength(1);
    const { received, requests, codes } = send(`${fits}content-length: 5\r\n\r\nhello`);
    expect(statuses(received)).toEqual(['HTTP/1.1 431']);
    expect(requests).toEqual([]);
    expect(codes).toEqual(['FIELD_LIMIT']);
  });

  it('limits are options', () => {
    const { received } = send(`GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n`, { limits: { maxFields: 1 } });
    expect(statuses(received)).toEqual(['HTTP/1.1 431']);
  });
});
