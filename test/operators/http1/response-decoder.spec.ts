import { describe, expect, it } from 'vitest';
import { CLOSED, END, HEAD, NEED_DATA, ResponseDecoder } from '../../../operators/http1/message-decoder.js';
import { bytesOf, readResponse, refused, textOf, transcribe } from './support.js';

const EMPTY = 'Content-Length: 0\r\n\r\n';

describe('ResponseDecoder: status line', () => {
  it.each([
    ['HTTP/1.1 200 OK', '1.1 200 OK'],
    ['HTTP/1.1 200 ', '1.1 200 '],
    ['HTTP/1.1 999 Very  Odd\t\xe9', '1.1 999 Very  Odd\t\xe9'],
    ['HTTP/1.1 404 Not Found', '1.1 404 Not Found'],
  ])('%j', (line, head) => {
    expect(readResponse(`${line}\r\n${EMPTY}`)).toEqual([`${head} framing=1:0 {content-length=0}`, 'END', 'CLOSED']);
  });

  it.each([
    ['HTTP/1.1 200', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 20 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 2000 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 099 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 +20 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1.1  200 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 200 O\x00K', 'BAD_STATUS_LINE'],
    ['HTTP/1.1 200 O\x7fK', 'BAD_STATUS_LINE'],
    [' HTTP/1.1 200 OK', 'BAD_STATUS_LINE'],
    ['\r\nHTTP/1.1 200 OK', 'BAD_STATUS_LINE'],
    ['http/1.1 200 OK', 'BAD_STATUS_LINE'],
    ['ICY 200 OK', 'BAD_STATUS_LINE'],
    ['HTTP/1 200 OK', 'BAD_STATUS_LINE'],
    ['HTTP/2.0 200 OK', 'VERSION_UNSUPPORTED'],
    ['HTTP/1.2 200 OK', 'VERSION_UNSUPPORTED'],
    ['HTTP/1.1 200 OK\n', 'BARE_LF'],
    ['HTTP/1.1 200 O\rK', 'BARE_CR'],
  ])('refuses %j', (line, code) => {
    expect(refused(readResponse(`${line}\r\n${EMPTY}`))).toBe(`${code} 0`);
  });
});

describe('ResponseDecoder: which body', () => {
  const framingOf = (method: string, status: number, fields: string): string => {
    const decoder = new ResponseDecoder();
    decoder.expect(method.replace('!', ''), method.endsWith('!'));
    decoder.push(bytesOf(`HTTP/1.1 ${status} x\r\n${fields}\r\n`));
    try {
      decoder.read();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return `${decoder.framing}${decoder.contentLength < 0 ? '' : `:${decoder.contentLength}`}${decoder.keepAlive ? '' : ' close'}`;
  };
  const LENGTH = 'Content-Length: 3\r\n';
  const CHUNKED = 'Transfer-Encoding: chunked\r\n';

  it.each([
    ['GET', 200, '', '3 close'],
    ['GET', 200, LENGTH, '1:3'],
    ['GET', 200, CHUNKED, '2'],
    ['GET', 200, `Connection: close\r\n${LENGTH}`, '1:3 close'],
    ['HEAD', 200, '', '0'],
    ['HEAD', 200, LENGTH, '0'],
    ['HEAD', 200, CHUNKED, '0'],
    ['GET', 204, '', '0'],
    ['GET', 204, 'Content-Length: 0\r\n', '0'],
    ['GET', 204, LENGTH, '0 close'],
    ['GET', 204, CHUNKED, '0 close'],
    ['GET', 205, '', '3 close'],
    ['GET', 304, LENGTH, '0'],
    ['GET', 304, CHUNKED, '0'],
    ['CONNECT', 200, '', '4 close'],
    ['CONNECT', 299, LENGTH, '4 close'],
    ['CONNECT', 200, CHUNKED + LENGTH, '4 close'],
    ['CONNECT', 407, LENGTH, '1:3'],
    ['GET!', 101, '', '4 close'],
    ['GET', 101, '', 'UNEXPECTED_UPGRADE'],
    ['GET!', 200, LENGTH, '1:3'],
    ['GET', 100, '', '0'],
    ['GET', 103, 'Content-Length: 0\r\n', '0'],
    ['GET', 103, LENGTH, 'BAD_CONTENT_LENGTH'],
    ['GET', 103, CHUNKED, 'BAD_TRANSFER_ENCODING'],
    ['GET', 200, LENGTH + CHUNKED, 'LENGTH_AND_TRANSFER_ENCODING'],
    ['HEAD', 200, LENGTH + CHUNKED, 'LENGTH_AND_TRANSFER_ENCODING'],
    ['GET', 200, LENGTH + LENGTH, 'CONFLICTING_LENGTH'],
    ['GET', 200, 'Content-Length: x\r\n', 'BAD_CONTENT_LENGTH'],
    ['GET', 200, 'Transfer-Encoding: identity\r\n', 'BAD_TRANSFER_ENCODING'],
  ])('%s %d %j → %s', (method, status, fields, framing) => {
    expect(framingOf(method, status, fields)).toBe(framing);
  });

  it('Transfer-Encoding in HTTP/1.0 is refused', () => {
    expect(refused(readResponse(`HTTP/1.0 200 OK\r\n${CHUNKED}\r\n`))).toBe('BAD_TRANSFER_ENCODING 0');
  });

  it('a 204 that announces a body is the last thing read', () => {
    const said = readResponse(`HTTP/1.1 204 x\r\n${LENGTH}\r\nabcHTTP/1.1 200 OK\r\n${EMPTY}`, ['GET', 'GET']);
    expect(said).toEqual(['1.1 204 x framing=0 close {content-length=3}', 'END', 'CLOSED']);
  });

  it('until the end of the input', () => {
    expect(readResponse('HTTP/1.0 200 OK\r\n\r\nall of it\r\n')).toEqual([
      '1.0 200 OK framing=3 close {}',
      'DATA() all of it\r\n',
      'END',
      'CLOSED',
    ]);
    expect(readResponse('HTTP/1.1 200 OK\r\n\r\n')).toEqual(['1.1 200 OK framing=3 close {}', 'END', 'CLOSED']);
  });

  it('cut short: never a clean end', () => {
    expect(readResponse('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab').at(-1)).toBe('ERROR TRUNCATED_MESSAGE 0');
    expect(readResponse(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n2\r\nab\r\n`).at(-1)).toBe('ERROR TRUNCATED_MESSAGE 0');
    expect(readResponse('HTTP/1.1 200 OK\r\n')).toEqual(['ERROR TRUNCATED_MESSAGE 0']);
  });
});

describe('ResponseDecoder: exchanges', () => {
  it('reads pipelined responses by the methods of their requests', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
    const said = readResponse(`${head}ab${head}HTTP/1.1 304 \r\n\r\n${head}cd`, ['GET', 'HEAD', 'GET', 'POST']);
    expect(said.filter((line) => !line.startsWith('1.1'))).toEqual([
      'DATA() ab',
      'END',
      'END',
      'END',
      'DATA() cd',
      'END',
      'CLOSED',
    ]);
  });

  it('interim responses leave the request waiting', () => {
    const said = readResponse(`HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\n${EMPTY}`);
    expect(said).toEqual([
      '1.1 103 Early framing=0 {link=x}',
      'END',
      '1.1 100  framing=0 {}',
      'END',
      '1.1 200 OK framing=1:0 {content-length=0}',
      'END',
      'CLOSED',
    ]);
  });

  it('an interim response may say close, and the final one still comes', () => {
    const said = readResponse(`HTTP/1.0 103 x\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\n${EMPTY}`);
    expect(said.slice(2)).toEqual(['1.1 200 OK framing=1:0 {content-length=0}', 'END', 'CLOSED']);
  });

  it('counts awaited requests', () => {
    const decoder = new ResponseDecoder();
    decoder.expect('GET', false);
    decoder.expect('GET', false);
    decoder.push(bytesOf(`HTTP/1.1 200 OK\r\n${EMPTY}`));
    expect([decoder.awaited, decoder.read(), decoder.awaited, decoder.read()]).toEqual([2, HEAD, 1, END]);
  });

  it('forgets the framing of the response before', () => {
    const first = [
      'HTTP/1.1 200 x\r\nContent-Length: 1\r\n\r\na',
      'HTTP/1.1 200 x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ];
    for (const text of first) {
      const said = readResponse(`${text}HTTP/1.1 304 x\r\n\r\n`, ['GET', 'GET']);
      expect(said.slice(-3)).toEqual(['1.1 304 x framing=0 {}', 'END', 'CLOSED']);
    }
  });

  it('nothing may come unasked', () => {
    expect(readResponse('H', [])).toEqual(['ERROR UNSOLICITED_RESPONSE 0']);
    expect(readResponse('\r', [])).toEqual(['ERROR UNSOLICITED_RESPONSE 0']);
    expect(readResponse(`HTTP/1.1 200 OK\r\n${EMPTY}H`).at(-1)).toBe('ERROR UNSOLICITED_RESPONSE 0');
    expect(readResponse('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc').at(-1)).toBe('ERROR UNSOLICITED_RESPONSE 0');
    expect(transcribe(new ResponseDecoder(), [])).toEqual(['CLOSED']);
  });

  it('a byte may not come between expectations, but may come after the next', () => {
    const decoder = new ResponseDecoder();
    decoder.expect('GET', false);
    decoder.push(bytesOf(`HTTP/1.1 200 OK\r\n${EMPTY}`));
    expect([decoder.read(), decoder.read(), decoder.read()]).toEqual([HEAD, END, NEED_DATA]);
    decoder.expect('GET', false);
    decoder.push(bytesOf(`HTTP/1.1 200 OK\r\n${EMPTY}`));
    expect(decoder.read()).toBe(HEAD);
  });

  it('the bytes of a tunnel are the rest', () => {
    const decoder = new ResponseDecoder();
    decoder.expect('GET', true);
    decoder.push(bytesOf('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nraw'));
    expect([decoder.read(), decoder.framing, decoder.read()]).toEqual([HEAD, 4, END]);
    expect(textOf(decoder.takeRest())).toBe('raw');
    expect(decoder.read()).toBe(CLOSED);
  });

  it('reads nothing behind a response that closes', () => {
    const said = readResponse(`HTTP/1.1 200 OK\r\nConnection: close\r\n${EMPTY}HTTP/1.1 200 OK\r\n`, ['GET', 'GET']);
    expect(said.slice(1)).toEqual(['END', 'CLOSED']);
  });
});
