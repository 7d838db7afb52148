import { describe, expect, it } from 'vitest';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, statusesIn } from './raw-peer.js';

const CLOSE = 'Connection: close\r\n\r\n';

describe('RFC 9112 §3, request line', () => {
  it.each([
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    ' GET / HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET / HTTP/1.1 ',
    'GET /a b HTTP/1.1',
    'GET /',
    'GET',
    'G@T / HTTP/1.1',
    'GET / HTTP/1',
    'GET / HTTP/1.1x',
  ])('one space between its parts, and nothing else: %j is refused', async (line) => {
    const server = await ourServer();
    expect(statusesIn(await server.send(`${line}\r\nHost: a\r\n\r\n`))).toEqual([400]);
    expect(server.requests).toEqual([]);
  });

  it('a target that is too long is answered by 414', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send(`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n${CLOSE}`))).toEqual([414]);
  });

  it('request lines of 8000 octets pass', async () => {
    const server = await ourServer();
    const target = `/${'a'.repeat(7985)}`;
    expect(statusesIn(await server.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}`))).toEqual([200]);
    expect(server.requests[0]?.target).toBe(target);
  });

  it('§3.1: the method is case-sensitive', async () => {
    const server = await ourServer();
    await server.send(`get / HTTP/1.1\r\nHost: a\r\n${CLOSE}`);
    expect(server.requests[0]?.method).toBe('get');
  });
});

describe('RFC 9112 §3.2, request target', () => {
  it('a client sends a Host field in each HTTP/1.1 request, first, identical to the authority', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome(raw.url.replace('http://', 'http://user:password@'));
    const [, host] = raw.received[0]?.split('\r\n') ?? [];
    expect(host).toBe(`host: ${new URL(raw.url).host}`);
  });

  it('userinfo appears in no field but Authorization', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome(raw.url.replace('http://', 'http://user:password@'));
    expect(raw.received[0]).not.toContain('user:');
    expect(raw.received[0]).not.toContain('@');
    expect(raw.received[0]).toContain(`authorization: Basic ${btoa('user:password')}\r\n`);
  });

  it('an HTTP/1.1 request has exactly one Host field, or is not sent', async () => {
    const raw = await answering(NO_CONTENT);
    const twice = { url: raw.url, headers: { host: ['a', 'b'] } };
    expect((await outcome(twice)).code).toBe('INVALID_HOST');
    expect(raw.received).toEqual([]);
  });

  it.each([
    ['lacks Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['has two Host fields', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['has two Host fields, in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['has an invalid Host: a list', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
    ['has an invalid Host: userinfo', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
    ['has an invalid Host: a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['has an invalid Host: a port that is none', 'GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n'],
    ['has an invalid Host: an address that is none', 'GET / HTTP/1.1\r\nHost: [::zz]\r\n\r\n'],
  ])('a server answers 400 to a request that %s', async (_, bytes) => {
    const server = await ourServer();
    expect(statusesIn(await server.send(bytes))).toEqual([400]);
    expect(server.requests).toEqual([]);
  });

  it('§3.2.1: a client sends path and query as the target, "/" where the path is empty, and no fragment', async () => {
    const raw = await answering(NO_CONTENT);
    const client = ourClient();
    await outcome(raw.url.slice(0, -1), client);
    await outcome(`${raw.url}a/b?c=d#e`, client);
    await outcome(`${raw.url.slice(0, -1)}?q`, client);
    const lines = raw.received[0]?.split('\r\n').filter((line) => line.startsWith('GET'));
    expect(lines).toEqual(['GET / HTTP/1.1', 'GET /a/b?c=d HTTP/1.1', 'GET /?q HTTP/1.1']);
  });

  it('§3.2.2: a client sends Host beside a target in absolute form', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome({ url: raw.url, target: 'http://far.example/a', headers: { host: 'far.example' } });
    expect(raw.received[0]?.split('\r\n').slice(0, 2)).toContain('GET http://far.example/a HTTP/1.1');
    expect(raw.received[0]).toMatch(/^host: far\.example\r$/m);
  });

  it('§3.2.2: a server accepts the absolute form', async () => {
    const server = await ourServer();
    await server.send(`GET http://a.example:81/b?c HTTP/1.1\r\nHost: a.example:81\r\n${CLOSE}`);
    const [request] = server.requests;
    expect([request?.authority, request?.path]).toEqual(['a.example:81', '/b?c']);
  });

  it('§3.2.2: a Host that differs from the absolute form is refused: one of the two is a lie', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n'))).toEqual([400]);
  });

  it('§3.2.3: a client sends host and port, and only these, as the target of CONNECT', async () => {
    const raw = await answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    await outcome({ url: raw.url, method: 'CONNECT', target: 'far.example:443' });
    expect(raw.received[0]?.split('\r\n').slice(0, 2)).toEqual([
      'CONNECT far.example:443 HTTP/1.1',
      'host: far.example:443',
    ]);
    expect((await outcome({ url: raw.url, method: 'CONNECT' })).code).toBe('INVALID_TARGET');
    expect((await outcome({ url: raw.url, method: 'CONNECT', target: 'http://far.example/' })).code).toBe(
      'INVALID_TARGET',
    );
  });

  it('§3.2.4: a client sends "*" for OPTIONS of the server as a whole, and for nothing else', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome({ url: raw.url, method: 'OPTIONS', target: '*' });
    expect(raw.received[0]?.split('\r\n')[0]).toBe('OPTIONS * HTTP/1.1');
    expect((await outcome({ url: raw.url, target: '*' })).code).toBe('INVALID_TARGET');
  });

  it('§3.2.4: a server takes "*" with OPTIONS only', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send(`OPTIONS * HTTP/1.1\r\nHost: a\r\n${CLOSE}`))).toEqual([200]);
    expect(statusesIn(await server.send('GET * HTTP/1.1\r\nHost: a\r\n\r\n'))).toEqual([400]);
  });
});
