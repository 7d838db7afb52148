import { describe, expect, it } from 'vitest';
import { answering, ourServer, outcome } from './raw-peer.js';

describe('RFC 9112 §8, incomplete messages', () => {
  it.each([
    ['in the head', 'HTTP/1.1 200 OK\r\nContent-Le', 'TRUNCATED_MESSAGE'],
    ['in a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'TRUNCATED_MESSAGE'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc', 'TRUNCATED_MESSAGE'],
    ['between two chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'TRUNCATED_MESSAGE'],
    ['before the last empty line', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'TRUNCATED_MESSAGE'],
    ['before anything', '', 'CONNECTION_CLOSED'],
  ])('a response that ends %s is an error, never a short success', async (_, bytes, code) => {
    const raw = await answering(bytes, { end: true });
    expect((await outcome(raw.url)).code).toBe(code);
  });

  it('a client that gets no whole response does not take the connection for another request', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    expect((await outcome(raw.url)).code).toBe('BAD_CHUNK');
    await raw.ended();
  });

  it('a request that ends in its body is an error of that body, and the handler learns that it was cancelled', async () => {
    const seen: string[] = [];
    const server = await ourServer(({ body, cancelled$ }) => {
      cancelled$.subscribe(() => seen.push('cancelled'));
      body.subscribe({ error: (error: { code: string }) => seen.push(error.code) });
      return { body };
    });
    const { connect } = await import('node:net');
    await new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.end('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
      });
      socket.on('error', () => undefined);
      socket.resume().on('close', resolve);
    });
    expect(seen).toContain('TRUNCATED_MESSAGE');
  });
});
