import { describe, expect, it } from 'vitest';
import { answering, ourServer, outcome } from './raw-peer.js';

describe('RFC 9112 §4, status line', () => {
  it('a server sends the space after the status code also where there is no reason phrase', async () => {
    const server = await ourServer(() => ({ status: 299 }));
    const answer = await server.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer.startsWith('HTTP/1.1 299 \r\n')).toBe(true);
  });

  it('a client takes an empty reason phrase, and any other without looking at it', async () => {
    const empty = await answering('HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n');
    expect((await outcome(empty.url)).response?.reason).toBe('');
    const wrong = await answering('HTTP/1.1 200 Not Found at all\r\nContent-Length: 2\r\n\r\nok');
    expect(await outcome(wrong.url)).toMatchObject({ body: 'ok', response: { status: 200 } });
  });

  it.each([
    'HTTP/1.1 200',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 000 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 O\0K',
  ])('a client refuses %j', async (line) => {
    const raw = await answering(`${line}\r\nContent-Length: 0\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('BAD_STATUS_LINE');
    await raw.ended();
  });
});
