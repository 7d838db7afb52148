import { describe, expect, it } from 'vitest';
import { NEED_DATA, RequestDecoder } from '../../../operators/http1/message-decoder.js';
import { bytesOf, HOST, readRequest, refused, transcribe, withLine } from './support.js';

describe('request line', () => {
  it.each([
    ['GET / HTTP/1.1', 'GET / 1.1'],
    ['GET /a?b=%20&c HTTP/1.1', 'GET /a?b=%20&c 1.1'],
    ['POST / HTTP/1.1', 'POST / 1.1'],
    ['M-SEARCH * HTTP/1.1', undefined],
    ['M-SEARCH /x HTTP/1.1', 'M-SEARCH /x 1.1'],
    ['VERSION-CONTROL / HTTP/1.1', 'VERSION-CONTROL / 1.1'],
    ["!#$%&'*+-.^_`|~0 / HTTP/1.1", "!#$%&'*+-.^_`|~0 / 1.1"],
    ['get / HTTP/1.1', 'get / 1.1'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS * 1.1'],
    ['GET http://a/x HTTP/1.1', 'GET http://a/x 1.1'],
    ['GET http://A:80/x HTTP/1.1', 'GET http://A:80/x 1.1'],
    ['GET http://a?q HTTP/1.1', 'GET http://a?q 1.1'],
  ])('%s', (line, head) => {
    const said = withLine(line);
    if (head === undefined) expect(said).toBe('BAD_TARGET 400');
    else expect(said).toBe(`${head} framing=0 {host=a}\nEND\nCLOSED`);
  });

  it.each([
    ['GET  / HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET /  HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET / HTTP/1.1 ', 'BAD_REQUEST_LINE'],
    [' GET / HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET  HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET /', 'BAD_REQUEST_LINE'],
    ['GET / ', 'BAD_REQUEST_LINE'],
    ['GET', 'BAD_REQUEST_LINE'],
    ['', 'BAD_REQUEST_LINE'],
    ['GET / HTTP/1', 'BAD_REQUEST_LINE'],
    ['GET / HTTP/11.1', 'BAD_REQUEST_LINE'],
    ['GET / HTTP/1.10', 'BAD_REQUEST_LINE'],
    ['GET / HTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET / http/1.1', 'BAD_REQUEST_LINE'],
    ['GET / HTTPS/1.1', 'BAD_REQUEST_LINE'],
    ['G(T / HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET\t/ HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET /\x00 HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET /\xe9 HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['GET /a#b HTTP/1.1', 'BAD_REQUEST_LINE'],
    ['\x16\x03\x01\x02\x00', 'BAD_REQUEST_LINE'],
    ['GET a HTTP/1.1', 'BAD_TARGET'],
    ['GET * HTTP/1.1', 'BAD_TARGET'],
    ['GET a:80 HTTP/1.1', 'BAD_TARGET'],
    ['GET http:/a HTTP/1.1', 'BAD_TARGET'],
    ['GET http:///a HTTP/1.1', 'BAD_TARGET'],
    ['GET 1http://a HTTP/1.1', 'BAD_TARGET'],
    ['CONNECT / HTTP/1.1', 'BAD_TARGET'],
    ['CONNECT a HTTP/1.1', 'BAD_TARGET'],
    ['CONNECT http://a:80 HTTP/1.1', 'BAD_TARGET'],
  ])('refuses %j', (line, code) => {
    expect(withLine(line)).toBe(`${code} 400`);
  });

  it.each(['HTTP/2.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/3.1'])('refuses %s with 505', (version) => {
    expect(withLine(`GET / ${version}`)).toBe('VERSION_UNSUPPORTED 505');
    expect(refused(readRequest('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe('VERSION_UNSUPPORTED 505');
  });

  it('tolerates one empty line before a request', () => {
    const get = `GET / HTTP/1.1\r\n${HOST}\r\n`;
    const read = ['GET / 1.1 framing=0 {host=a}', 'END'];
    expect(readRequest(`\r\n${get}`)).toEqual([...read, 'CLOSED']);
    expect(readRequest(`${get}\r\n${get}`)).toEqual([...read, ...read, 'CLOSED']);
    expect(readRequest(`\r\n${get}\r\n${get}`)).toEqual([...read, ...read, 'CLOSED']);
    expect(readRequest(`\r\n\r\n${get}`)).toEqual(['ERROR BAD_REQUEST_LINE 400']);
    expect(readRequest(`\n${get}`)).toEqual(['ERROR BARE_LF 400']);
    expect(readRequest(`\r${get}`)).toEqual(['ERROR BARE_CR 400']);
  });

  it('an empty line and the end of the input are a clean end', () => {
    expect(readRequest(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)).toEqual(['GET / 1.1 framing=0 {host=a}', 'END', 'CLOSED']);
    expect(readRequest('\r\n')).toEqual(['CLOSED']);
    expect(readRequest('\r')).toEqual(['ERROR TRUNCATED_MESSAGE 400']);
    expect(transcribe(new RequestDecoder(), [])).toEqual(['CLOSED']);
  });

  it('refuses at the first wrong byte, without waiting for the rest', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf('GET / HTTP/1.1\n'));
    expect(() => decoder.read()).toThrow(expect.objectContaining({ code: 'BARE_LF', wireCode: 400 }));
    for (const text of [
      'GET / HTTP/2',
      'GET / HTTP/1.1\rX',
      'GET / HTTP/1.1\r\nHost : a',
      'GET / HTTP/1.1\r\nA: \x00',
    ]) {
      const partial = new RequestDecoder();
      partial.push(bytesOf(text));
      if (text.endsWith('2')) expect(partial.read()).toBe(NEED_DATA);
      else expect(() => partial.read()).toThrow();
    }
  });
});
