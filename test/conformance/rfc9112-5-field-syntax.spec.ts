import { describe, expect, it } from 'vitest';
import { answering, NO_CONTENT, ourServer, outcome, statusesIn } from './raw-peer.js';

describe('RFC 9112 §5.1, field line parsing', () => {
  it.each(['Host : a', 'Host\t: a', 'Ho st: a', ': a', 'Host', 'H\0st: a', 'Hö: a', '"Host": a'])(
    'a server answers 400 to the field line %j',
    async (line) => {
      const server = await ourServer();
      expect(statusesIn(await server.send(`GET / HTTP/1.1\r\nX: y\r\n${line}\r\n\r\n`))).toEqual([400]);
      expect(server.requests).toEqual([]);
    },
  );

  it('a client refuses white space between a field name and its colon', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('BAD_FIELD_LINE');
  });

  it('white space around a value is no part of it', async () => {
    const server = await ourServer();
    await server.send('GET / HTTP/1.1\r\nHost: \t a \t\r\nX:b\r\nY:\r\nConnection: close\r\n\r\n');
    expect(['host', 'x', 'y'].map((name) => server.requests[0]?.fields.get(name))).toEqual(['a', 'b', '']);
  });
});

describe('RFC 9112 §5.2, obsolete line folding', () => {
  it('a server answers 400 to a folded value', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n'))).toEqual([400]);
    expect(server.requests).toEqual([]);
  });

  it('a client refuses a folded value, rather than replace the fold by spaces', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\nX: b\r\n\tc\r\nContent-Length: 0\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('OBS_FOLD');
  });

  it('a sender folds nothing: a value with a line break is refused before anything is sent', async () => {
    const raw = await answering(NO_CONTENT);
    expect((await outcome({ url: raw.url, headers: { x: 'a\r\n b' } })).code).toBe('INVALID_FIELD_VALUE');
    expect(raw.received).toEqual([]);
  });
});
