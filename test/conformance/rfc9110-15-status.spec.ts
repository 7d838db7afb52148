import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answering, ourServer, outcome, statusesIn } from './raw-peer.js';

const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('RFC 9110 §15, status codes', () => {
  it('a client takes any status from 100 to 999, and treats it as of its class', async () => {
    for (const status of [299, 399, 499, 599, 799, 999]) {
      const raw = await answering(`HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`);
      expect(await outcome(raw.url)).toMatchObject({ body: 'ok', response: { status } });
    }
  });

  it('§15.2: a client reads any number of interim responses before the final one, up to a limit', async () => {
    const interim = 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 New\r\nX: y\r\n\r\n';
    const few = await answering(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
    const { response, body } = await outcome(few.url);
    expect([body, response?.informational.map(({ status }) => status)]).toEqual(['ok', [102, 199]]);
    const many = await answering(`${interim.repeat(9)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    expect((await outcome(many.url)).code).toBe('INTERIM_LIMIT');
  });

  it('§15.2: a client ignores 100 that it did not ask for', async () => {
    const raw = await answering('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await outcome(raw.url)).body).toBe('ok');
  });

  it('§15.2: a server sends interim responses to HTTP/1.1 clients, and none to HTTP/1.0 clients', async () => {
    const server = await ourServer(() => of({ status: 103, fields: { link: '<a>' } }, { body: 'final' }));
    expect(statusesIn(await server.send(LAST))).toEqual([103, 200]);
    expect(statusesIn(await server.send('GET / HTTP/1.0\r\n\r\n'))).toEqual([200]);
  });

  it.each([204, 205, 304])('§15.3.5, §15.3.6, §15.4.5: no content is sent with %i', async (status) => {
    const server = await ourServer(() => ({ status, body: 'not this' }));
    const answer = await server.send(LAST);
    expect(statusesIn(answer)).toEqual([status]);
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });
});
