/**
 * Attacks on HTTP/1 framing, by row A1 to A18 of the attack catalogue: the part that the readers and writers of messages
 * answer. What a server or client does with the error is tested beside them.
 */
import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { DATA, END, HEAD, NEED_DATA, RequestDecoder } from '../../operators/http1/message-decoder.js';
import { requestFraming, responseFraming } from '../../operators/http1/message-encoder.js';
import { bytesOf, readRequest, readResponse, refused, transcribe } from '../operators/http1/support.js';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** A request with these field lines and bytes behind it, cut in every way; nothing of SMUGGLED may ever be read. */
function post(fields: string, rest = SMUGGLED, limits = {}): string {
  const said = readRequest(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${rest}`, limits);
  expect(said.join('\n')).not.toContain('/smuggled');
  return refused(said);
}

function chunked(body: string, limits = {}): string {
  return post('Transfer-Encoding: chunked\r\n', body + SMUGGLED, limits);
}

const is400 = expect.stringMatching(/^[A-Z_]+ 400( \w+)?$/);

describe('A: framing and smuggling', () => {
  it('A1 both lengths', () => {
    for (const fields of [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\nContent-Length: 0\r\n',
      'transfer-encoding: chunked\r\nCONTENT-LENGTH: 5\r\n',
    ]) {
      expect(post(fields, `0\r\n\r\n${SMUGGLED}`)).toBe('LENGTH_AND_TRANSFER_ENCODING 400');
    }
  });

  it('A2 several Content-Length, received and sent', () => {
    expect(post('Content-Length: 5\r\nContent-Length: 6\r\n')).toBe('CONFLICTING_LENGTH 400');
    expect(post('Content-Length: 5, 6\r\n')).toBe('BAD_CONTENT_LENGTH 400');
    expect(post('Content-Length: 5, 5\r\n')).toBe('BAD_CONTENT_LENGTH 400');
    const fields = new Fields([
      ['Content-Length', '5'],
      ['content-length', '6'],
    ]);
    expect(() => requestFraming('POST', '1.1', fields, 5)).toThrow(
      expect.objectContaining({ code: 'CONFLICTING_LENGTH' }),
    );
    expect(() => responseFraming('GET', '1.1', 200, fields, 5, false)).toThrow(
      expect.objectContaining({ code: 'CONFLICTING_LENGTH' }),
    );
  });

  it.each([
    'chunked, identity',
    'identity, chunked',
    'identity',
    'xchunked',
    'chunkedx',
    'chunke',
    'x chunked',
    'chunked x',
    'chunked,',
    ',chunked',
    'chunked, chunked',
    'chunked;q=1',
    'chunked; foo',
    '"chunked"',
    "'chunked'",
    'chunked\x0b',
    '\x0bchunked',
    'chunked\x0c',
    'chun\tked',
    'chunked\t,\t',
    'chunked\t',
    '\tchunked',
    'chunked, gzip',
    'gzip',
    'gzip, identity, chunked',
    'gzip, gzip, chunked',
    'br, chunked',
    'gzip,, chunked',
    'gzip chunked',
    'cow',
    'cow, chunked',
    '',
    'chunked\r\nTransfer-Encoding: identity',
    'chunked\r\nTransfer-Encoding: chunked',
    'identity\r\ntransfer-encoding: chunked',
    '\r\n chunked',
    '\xa0chunked',
    'chunked\xa0',
    'ch\u0131nked'.replace('\u0131', '\xb1'),
  ])('A3 Transfer-Encoding %j', (value) => {
    expect(post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${SMUGGLED}`)).toEqual(is400);
  });

  it.each([
    'Transfer-Encoding : chunked',
    'Transfer Encoding: chunked',
    '\tTransfer-Encoding: chunked',
    'Transfer-Encoding\x00: chunked',
  ])('A3 %j', (line) => {
    expect(post(`${line}\r\n`)).toEqual(is400);
  });

  it('A4 Transfer-Encoding in HTTP/1.0', () => {
    const head = 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n';
    expect(readRequest(`${head}\r\n0\r\n\r\n`)).toEqual(['ERROR BAD_TRANSFER_ENCODING 400']);
    expect(readRequest(`${head}Connection: keep-alive\r\n\r\n0\r\n\r\n`)).toEqual(['ERROR BAD_TRANSFER_ENCODING 400']);
  });

  it('A5 folded lines, in requests and in responses', () => {
    for (const fold of [' b', '\tb', ' ', '  ']) {
      expect(post(`X: a\r\n${fold}\r\n`)).toBe('OBS_FOLD 400');
      expect(refused(readResponse(`HTTP/1.1 200 OK\r\nX: a\r\n${fold}\r\nContent-Length: 0\r\n\r\n`))).toBe(
        'OBS_FOLD 0',
      );
    }
  });

  describe('A6 every CRLF replaced', () => {
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\nT: 1\r\n\r\n';
    const response = 'HTTP/1.1 200 OK\r\nX: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\nT: 1\r\n\r\n';
    const cases = [request, response].flatMap((text) =>
      text.split('\r\n').flatMap((_, nth, parts) => {
        if (nth === parts.length - 1) return [];
        return ['\n', '\r', '\r\r', '\r\r\n', '\n\r', ' \n', '\r \n', '\r\rX', '\x0b', '\x7f'].map(
          (end) =>
            [
              text === request,
              nth,
              end,
              parts.slice(0, nth + 1).join('\r\n') + end + parts.slice(nth + 1).join('\r\n'),
            ] as const,
        );
      }),
    );
    it.each(cases)('request %s, line %d, by %j', (isRequest, _nth, _end, text) => {
      const said = isRequest ? readRequest(text) : readResponse(text);
      expect(refused(said)).toMatch(isRequest ? /^[A-Z_]+ 400$/ : /^[A-Z_]+ 0$/);
    });
  });

  it('A7 white space around names, empty names', () => {
    for (const line of [
      'Content-Length : 5',
      ' Content-Length: 5',
      '\tContent-Length: 5',
      ': x',
      ' : x',
      'Content-Length\t: 5',
      'a b: c',
      ' ',
      'novalue',
    ]) {
      expect(post(`${line}\r\n`, `hello${SMUGGLED}`)).toEqual(is400);
    }
  });

  it('A8 line ends and control bytes in chunk extensions', () => {
    for (const line of [
      '5;\nhello',
      '5;\x00\r\nhello',
      '5;a=b\rX\r\n',
      '5;a\nb\r\n',
      '5;a\r\r\n',
      '5;\r\nhello\r\n',
      '5\n',
      '5;a=\x7f\r\n',
      '5;a\x01\r\n',
    ]) {
      expect(chunked(`${line}0\r\n\r\n`).split('\n').at(-1)).toEqual(is400);
    }
  });

  it('A9 a quoted extension that hides CRLF', () => {
    expect(chunked('5;a="\r\n0\r\n\r\n"\r\n')).toEqual(expect.stringContaining('BAD_CHUNK 400'));
    expect(chunked('5;a="\\\r\n0\r\n\r\n"\r\n')).toEqual(expect.stringContaining('BAD_CHUNK 400'));
  });

  it('A10 chunk sizes that other parsers get wrong', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000004\r\n'));
    expect(decoder.read()).toBe(HEAD);
    decoder.push(new Uint8Array(1000));
    expect([decoder.read(), decoder.chunk.length, decoder.read()]).toEqual([DATA, 1000, NEED_DATA]); // not 4
    for (const size of [
      'ffffffffffffffff',
      '10000000000000',
      '-1',
      '+1',
      '0x5',
      '5 ',
      '5\t',
      ' 5',
      '',
      '0_5',
      'NaN',
      'Infinity',
      '5.',
      '5e',
      '٥',
      'g',
    ]) {
      const body = size === '5e' ? `${size} \r\n` : `${Buffer.from(size).toString('latin1')}\r\n`;
      expect(chunked(`${body}hello\r\n0\r\n\r\n`), size).toEqual(is400);
    }
  });

  it('A11 chunk data that goes on, junk after the last chunk', () => {
    for (const body of [
      '5\r\nhelloX',
      '5\r\nhello\n',
      '5\r\nhello\rX',
      '5\r\nhello0\r\n\r\n',
      '0\r\nX',
      '0\r\n\n',
      '0\r\n\rX',
      '0\r\n \r\n',
    ]) {
      expect(chunked(body).split('\n').at(-1)).toEqual(is400);
    }
  });

  it('A12 Expect: what the decoder tells', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'));
    expect([decoder.read(), decoder.expectContinue, decoder.read(), decoder.midMessage]).toEqual([
      HEAD,
      true,
      NEED_DATA,
      true,
    ]);
    decoder.push(bytesOf('GET /'));
    expect([decoder.read(), decoder.read(), decoder.buffered]).toEqual([DATA, END, 0]); // body, whatever it looks like
  });

  it('A13 Host', () => {
    for (const fields of [
      '',
      'Host: a\r\nHost: b\r\n',
      'Host: a\r\nhost: a\r\n',
      'Host: u@a\r\n',
      'Host: a b\r\n',
      'Host: a/b\r\n',
      'Host: a:b\r\n',
      'Host: a, b\r\n',
    ]) {
      expect(readRequest(`GET / HTTP/1.1\r\n${fields}\r\n`)).toEqual(['ERROR BAD_HOST 400']);
    }
    for (const target of ['http://b/', 'http://u@a/', 'http://a:81/']) {
      expect(readRequest(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toEqual(['ERROR BAD_HOST 400']);
    }
  });

  it('A15 nothing is repaired', () => {
    for (const line of [
      'Transfer\rEncoding: chunked',
      'Transfer_Encoding : chunked',
      'Transfer-Encoding\r: chunked',
      'Content-Length: 5\r\r',
    ]) {
      expect(post(`${line}\r\n`)).toEqual(is400);
    }
    expect(post('Transfer_Encoding: chunked\r\nConnection: close\r\n', '')).toContain('transfer_encoding=chunked');
  });

  it('A16 one field too many: refused, not cut off', () => {
    const fields = 'X: y\r\n'.repeat(127); // and Host
    const last = 'Content-Length: 5\r\n';
    expect(
      transcribe(new RequestDecoder(), [bytesOf(`POST / HTTP/1.1\r\nHost: a\r\n${fields}${last}\r\nhello`)]),
    ).toEqual(['ERROR FIELD_LIMIT 431 maxFields']);
    const fits = bytesOf(`POST / HTTP/1.1\r\nHost: a\r\n${fields.slice(6)}${last}\r\nhello`);
    expect(transcribe(new RequestDecoder(), [fits]).at(-1)).toBe('CLOSED');
  });

  it('A17 data after Connection: close', () => {
    const said = readRequest(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${SMUGGLED}`);
    expect(said.slice(1)).toEqual(['END', 'CLOSED']);
  });

  it('A18 bytes behind CONNECT are never requests', () => {
    const said = readRequest(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n${SMUGGLED}`);
    expect(said.slice(1)).toEqual(['END', 'CLOSED']);
  });
});
