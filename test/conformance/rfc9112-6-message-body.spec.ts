import { map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const CLOSE = 'Connection: close\r\n';
const LAST = `${GET}${CLOSE}\r\n`;

/** A server that sends the body of a request back. */
const echo = () => ourServer((request) => request.body.pipe(text(), map((body) => ({ body: `<${body}>` })))); // prettier-ignore

describe('RFC 9112 §6.1, Transfer-Encoding', () => {
  it('a server reads a chunked request, a client a chunked response', async () => {
    const server = await echo();
    expect(await server.send(`${POST}${CHUNKED}${CLOSE}\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)).toContain('<abcde>');
    const raw = await answering(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
    expect((await outcome(raw.url)).body).toBe('abcde');
  });

  it('a sender applies chunked once and last: any other list is refused before anything is sent', async () => {
    const raw = await answering(NO_CONTENT);
    for (const coding of ['chunked, chunked', 'chunked, gzip', 'gzip', 'identity, chunked']) {
      const request = { url: raw.url, method: 'POST', body: ['a'], headers: { 'transfer-encoding': coding } };
      expect((await outcome(request)).code, coding).toBe('INVALID_TRANSFER_ENCODING');
    }
    expect(raw.received).toEqual([]);
  });

  it.each([103, 204])('a server sends no Transfer-Encoding with %i', async (status) => {
    const server = await ourServer(() => (status === 103 ? of({ status }, { body: ['a'] }) : { status, body: ['a'] }));
    const answer = await server.send(LAST);
    const head = answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase();
    expect(head).toContain(` ${status} `);
    expect(head).not.toContain('transfer-encoding');
  });

  it('a client chunks nothing for HTTP/1.0: there a body needs a length', async () => {
    const raw = await answering(NO_CONTENT);
    const request = { url: raw.url, method: 'POST', version: '1.0', body: ['a', 'b'].values() } as const;
    expect((await outcome(request)).code).toBe('LENGTH_REQUIRED');
    expect(raw.received).toEqual([]);
  });

  it('a server chunks nothing for HTTP/1.0: the end of the connection ends the body', async () => {
    const server = await ourServer(() => ({ body: ['a', 'b'] }));
    const answer = await server.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer.toLowerCase()).not.toContain('transfer-encoding');
    expect(answer.endsWith('\r\n\r\nab')).toBe(true);
  });

  it('Content-Length beside Transfer-Encoding is answered by 400 and the connection closes', async () => {
    const server = await echo();
    const bytes = `${POST}Content-Length: 3\r\n${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n${LAST}`;
    expect(statusesIn(await server.send(bytes))).toEqual([400]);
    expect(server.requests).toEqual([]);
  });

  it('a client refuses Content-Length beside Transfer-Encoding', async () => {
    const raw = await answering(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('LENGTH_AND_TRANSFER_ENCODING');
    await raw.ended();
  });

  it('Transfer-Encoding in an HTTP/1.0 message is faulty framing, on either side', async () => {
    const server = await echo();
    const request = `POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n${CHUNKED}\r\n0\r\n\r\n`;
    expect(statusesIn(await server.send(request))).toEqual([400]);
    const raw = await answering(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${CHUNKED}\r\n0\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('BAD_TRANSFER_ENCODING');
    await raw.ended();
  });
});

describe('RFC 9112 §6.2, Content-Length', () => {
  it('no message is sent with both Content-Length and Transfer-Encoding', async () => {
    const raw = await answering(NO_CONTENT);
    const headers = { 'content-length': '1', 'transfer-encoding': 'chunked' };
    expect((await outcome({ url: raw.url, method: 'POST', body: ['a'], headers })).code).toBe('CONFLICTING_LENGTH');
    expect(raw.received).toEqual([]);
    const server = await ourServer(() => ({ fields: headers, body: ['a'] }));
    expect(statusesIn(await server.send(LAST))).toEqual([500]);
  });
});

describe('RFC 9112 §6.3, message body length', () => {
  it('rule 1: no body after HEAD, 204 and 304, whatever the fields say', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('\r\n\r\n', 1);
      write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      await until('\r\n\r\n', 2);
      write('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
      await until('\r\n\r\n', 3);
      write(`HTTP/1.1 304 Not Modified\r\n${CHUNKED}\r\n`);
      await until('\r\n\r\n', 4);
      write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    const client = ourClient();
    const bodies = [await outcome({ url: raw.url, method: 'HEAD' }, client)];
    for (let i = 0; i < 3; i++) bodies.push(await outcome(raw.url, client));
    expect(bodies.map(({ body }) => body)).toEqual(['', '', '', '']);
    expect(raw.received).toHaveLength(1); // one connection: nothing was taken for a body
  });

  it('rule 2: after 2xx to CONNECT a tunnel begins; Content-Length and Transfer-Encoding are ignored', async () => {
    const raw = await answering(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${CHUNKED}\r\nraw bytes`);
    const { response } = await outcome({ url: raw.url, method: 'CONNECT', target: 'far.example:80' });
    const first = await new Promise<string>((resolve) => {
      const reading = response?.upgraded?.subscribe((chunk) => {
        resolve(Buffer.from(chunk).toString());
        queueMicrotask(() => reading?.unsubscribe());
      });
    });
    expect(first).toBe('raw bytes');
  });

  it.each(['gzip', 'identity', 'chunked, identity', 'chunked, chunked', 'xchunked', 'chunked;a=b', ''])(
    'rule 4: a server answers 400 where the last transfer coding is not chunked, or the list odd: %j',
    async (coding) => {
      const server = await echo();
      expect(statusesIn(await server.send(`${POST}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n${LAST}`))).toEqual([
        400,
      ]);
      expect(server.requests).toEqual([]);
    },
  );

  it.each([
    ['no number', 'Content-Length: abc\r\n'],
    ['signed', 'Content-Length: +3\r\n'],
    ['negative', 'Content-Length: -3\r\n'],
    ['hexadecimal', 'Content-Length: 0x3\r\n'],
    ['empty', 'Content-Length:\r\n'],
    ['a list', 'Content-Length: 3, 3\r\n'],
    ['given twice, alike', 'Content-Length: 3\r\nContent-Length: 3\r\n'],
    ['given twice, unlike', 'Content-Length: 3\r\nContent-Length: 4\r\n'],
    ['too large to count', 'Content-Length: 99999999999999999999\r\n'],
  ])('rule 5: a Content-Length that is %s is an unrecoverable error, on either side', async (_, line) => {
    const server = await echo();
    expect(statusesIn(await server.send(`${POST}${line}\r\nabc${LAST}`))).toEqual([400]);
    expect(server.requests).toEqual([]);
    const raw = await answering(`HTTP/1.1 200 OK\r\n${line}\r\nabc`);
    expect((await outcome(raw.url)).code).toMatch(/^(BAD_CONTENT_LENGTH|CONFLICTING_LENGTH)$/);
    await raw.ended();
  });

  it('rule 6: a body shorter than its Content-Length is incomplete', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc', { end: true });
    expect((await outcome(raw.url)).code).toBe('TRUNCATED_MESSAGE');
  });

  it('rule 7: a request with neither field has no body', async () => {
    const server = await echo();
    expect(statusesIn(await server.send(`${POST}\r\n${LAST}`))).toEqual([200, 200]);
  });

  it('rule 8: a response with neither field ends with its connection', async () => {
    const raw = await answering('HTTP/1.1 200 OK\r\n\r\nall of it', { end: true });
    expect((await outcome(raw.url)).body).toBe('all of it');
  });

  it('a client sends a body with Content-Length where it knows the length, else chunked', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('abc');
      write(NO_CONTENT);
      await until('0\r\n\r\n');
      write(NO_CONTENT);
    });
    const client = ourClient();
    await outcome({ url: raw.url, method: 'POST', body: 'abc' }, client);
    await outcome({ url: raw.url, method: 'POST', body: ['d', 'ef'].values() }, client);
    const [known, unknown] = raw.received[0]?.split('abc') ?? [];
    expect(known).toContain('content-length: 3\r\n');
    expect(unknown?.toLowerCase()).toContain('transfer-encoding: chunked\r\n');
    expect(unknown).toContain('\r\n\r\n1\r\nd\r\n2\r\nef\r\n0\r\n\r\n');
  });

  it('bytes after the last response are no response: the connection closes', async () => {
    const raw = await answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    );
    const client = ourClient();
    expect((await outcome(raw.url, client)).body).toBe('ok');
    expect((await outcome(raw.url, client)).body).toBe('ok');
    expect(raw.received).toHaveLength(2);
  });
});
