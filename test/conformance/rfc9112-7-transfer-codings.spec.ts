import { gzipSync } from 'node:zlib';
import { firstValueFrom, lastValueFrom, map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, statusesIn } from './raw-peer.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const echo = () => ourServer((request) => request.body.pipe(text(), map((body) => ({ body: `<${body}>` })))); // prettier-ignore

describe('RFC 9112 §7.1, chunked', () => {
  it.each([
    ['upper-case digits', 'A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['leading zeros', '0003\r\nabc\r\n000\r\n\r\n', 'abc'],
    ['white space before an extension', '3 ;a\r\nabc\r\n0\r\n\r\n', 'abc'],
  ])('reads %s', async (_, chunks, body) => {
    const server = await echo();
    expect(await server.send(POST + chunks)).toContain(`<${body}>`);
    const raw = await answering(OK + chunks);
    expect((await outcome(raw.url)).body).toBe(body);
  });

  it.each([
    ['past 2^53', '20000000000000\r\n'],
    ['past 2^64', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
    ['signed', '+3\r\nabc\r\n0\r\n\r\n'],
    ['negative', '-3\r\nabc\r\n0\r\n\r\n'],
    ['with a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['with an underscore', '1_0\r\n'],
    ['empty', '\r\nabc\r\n0\r\n\r\n'],
    ['followed by a space alone', '3 \r\nabc\r\n0\r\n\r\n'],
  ])('a size %s is refused, not wrapped or guessed', async (_, chunks) => {
    const server = await echo();
    expect(statusesIn(await server.send(POST + chunks))).toEqual([400]);
    const raw = await answering(OK + chunks);
    expect((await outcome(raw.url)).code).toBe('BAD_CHUNK');
  });

  it('a size of 4 GiB and 4 is that, and not 4', async () => {
    const raw = await answering(`${OK}100000004\r\nabcd\r\n0\r\n\r\n`, { end: true });
    expect((await outcome(raw.url)).code).toBe('TRUNCATED_MESSAGE');
  });

  it('chunk data is followed by CRLF and nothing else', async () => {
    const server = await echo();
    expect(statusesIn(await server.send(`${POST}3\r\nabcX\r\n0\r\n\r\n`))).toEqual([400]);
    const raw = await answering(`${OK}3\r\nabcd\r\n0\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('BAD_CHUNK');
  });

  it('§7.1.1: extensions nobody knows are ignored', async () => {
    const chunks = '3;a;b=c;d="e;f \\" g"\r\nabc\r\n0;z\r\n\r\n';
    const server = await echo();
    expect(await server.send(POST + chunks)).toContain('<abc>');
    const raw = await answering(OK + chunks);
    expect((await outcome(raw.url)).body).toBe('abc');
  });

  it('§7.1.1: too many bytes of extensions are answered by 400', async () => {
    const server = await echo();
    expect(statusesIn(await server.send(`${POST}3;${'a'.repeat(1100)}\r\nabc\r\n0\r\n\r\n`))).toEqual([400]);
  });

  it('§7.1.2: trailers are kept apart from the header section', async () => {
    const raw = await answering(`${OK}3\r\nabc\r\n0\r\nX-Sum: 7\r\nDate: now\r\n\r\n`);
    const client = ourClient();
    const response = await firstValueFrom(client.request(raw.url));
    const trailers = firstValueFrom(response.trailers);
    await lastValueFrom(response.body);
    expect((await trailers).get('x-sum')).toBe('7');
    expect(response.fields.has('x-sum')).toBe(false);
  });

  it('§7.1.2: a trailer that frames or routes is refused', async () => {
    const server = await echo();
    expect(statusesIn(await server.send(`${POST}3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n`))).toEqual([400]);
    const raw = await answering(`${OK}0\r\nTransfer-Encoding: chunked\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('FORBIDDEN_TRAILER');
  });
});

describe('RFC 9112 §7.1.2, trailers that are sent', () => {
  it('none that frames or routes is sent', async () => {
    const raw = await answering(NO_CONTENT);
    const trailers = { 'content-length': '1' };
    const { code } = await outcome({ url: raw.url, method: 'POST', body: ['a'], trailers });
    expect(code).toBe('FORBIDDEN_TRAILER');
  });
});

describe('RFC 9112 §7.2 and §7.4, compression as a transfer coding', () => {
  it('a client that asks for gzip reads gzip, chunked', async () => {
    const zipped = gzipSync('much ado').toString('latin1');
    const size = zipped.length.toString(16);
    const raw = await answering(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${size}\r\n${zipped}\r\n0\r\n\r\n`,
    );
    expect((await outcome({ url: raw.url, transferCoding: true })).body).toBe('much ado');
  });

  it('a server that is asked for gzip codes a body of unknown length with gzip, and chunked last', async () => {
    const server = await ourServer(() => ({ body: ['much ', 'ado'].values() }));
    const answer = await server.send('GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\nConnection: te, close\r\n\r\n');
    expect(answer).toMatch(/^transfer-encoding: gzip, chunked\r$/m);
    const raw = await answering(answer, { end: true });
    expect((await outcome(raw.url)).body).toBe('much ado');
  });

  it('a client does not name chunked in TE, and lists te in Connection', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome({ url: raw.url, transferCoding: true });
    expect(raw.received[0]).toContain('te: gzip\r\n');
    expect(raw.received[0]).toMatch(/^connection: te\r$/m);
    const own = await answering(NO_CONTENT);
    await outcome({ url: own.url, headers: { te: 'trailers' } });
    expect(own.received[0]).toMatch(/^connection: te\r$/m);
  });
});
