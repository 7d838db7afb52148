import { describe, expect, it } from 'vitest';
import { HEAD, RequestDecoder } from '../../../operators/http1/message-decoder.js';
import { bytesOf, HOST, readRequest, withFields } from './support.js';

describe('framing of requests', () => {
  it.each([
    ['Content-Length: 5\r\n', 'hello', 'framing=1:5', 'DATA() hello\n'],
    ['Content-Length: 0\r\n', '', 'framing=1:0', ''],
    ['Content-Length: 0000000000000000000002\r\n', 'ab', 'framing=1:2', 'DATA() ab\n'],
    ['Transfer-Encoding: chunked\r\n', '2\r\nab\r\n0\r\n\r\n', 'framing=2', 'DATA() ab\n'],
    ['Transfer-Encoding: CHUNKED\r\n', '0\r\n\r\n', 'framing=2', ''],
    ['Transfer-Encoding: gzip, chunked\r\n', '1\r\nx\r\n0\r\n\r\n', 'framing=2(gzip)', 'DATA() x\n'],
    ['Transfer-Encoding:  X-GZIP , chunked \r\n', '0\r\n\r\n', 'framing=2(gzip)', ''],
    ['Transfer-Encoding: deflate,chunked\r\n', '0\r\n\r\n', 'framing=2(deflate)', ''],
    ['', '', 'framing=0', ''],
  ])('%j', (fields, body, framing, data) => {
    const said = withFields(fields, body);
    expect(said).toContain(`POST / 1.1 ${framing} {`);
    expect(said.endsWith(`}\n${data}END\nCLOSED`)).toBe(true);
  });

  it.each(['', '-5', '+5', 'abc', '5 5', '5,5', '5, 5', '0x5', '5.0', '9007199254740992', '99999999999999999999', '٥'])(
    'refuses Content-Length %j',
    (value) => {
      const text = value === '٥' ? '\xd9\xa5' : value;
      expect(withFields(`Content-Length: ${text}\r\n`)).toBe('BAD_CONTENT_LENGTH 400');
    },
  );

  it.each(['5\t', '\t5', ' \t 5'])('refuses Content-Length with a tab around it: %j', (value) => {
    expect(withFields(`Content-Length:${value}\r\n`)).toBe('BAD_CONTENT_LENGTH 400');
  });

  it.each(['chunked\t', '\tchunked', 'gzip,\tchunked', 'gzip\t, chunked'])(
    'refuses Transfer-Encoding with a tab: %j',
    (value) => {
      expect(withFields(`Transfer-Encoding:${value}\r\n`)).toBe('BAD_TRANSFER_ENCODING 400');
      expect(withFields(`X: \t\r\nTransfer-Encoding: chunked\r\nX: \t\r\n`, '0\r\n\r\n')).toContain('END');
    },
  );

  it('takes the largest length there is', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(`PUT / HTTP/1.1\r\n${HOST}Content-Length: 9007199254740991\r\n\r\n`));
    expect(decoder.read()).toBe(HEAD);
    expect(decoder.contentLength).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('refuses two of either, and both', () => {
    expect(withFields('Content-Length: 5\r\ncontent-length: 6\r\n')).toBe('CONFLICTING_LENGTH 400');
    expect(withFields('Content-Length: 5\r\ncontent-length: 5\r\n')).toBe('CONFLICTING_LENGTH 400');
    expect(withFields('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')).toBe(
      'BAD_TRANSFER_ENCODING 400',
    );
    expect(withFields('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')).toBe('LENGTH_AND_TRANSFER_ENCODING 400');
    expect(withFields('Content-Length: 5\r\nTransfer-Encoding: identity\r\n')).toBe('LENGTH_AND_TRANSFER_ENCODING 400');
  });

  it('ends inside a body: truncated', () => {
    expect(withFields('Content-Length: 5\r\n', 'hell').split('\n').at(-1)).toBe('TRUNCATED_MESSAGE 400');
    const chunked = '2;a\r\nab\r\n0\r\nX: 1\r\n\r\n';
    for (let length = 0; length < chunked.length; length++) {
      const said = readRequest(
        `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunked.slice(0, length)}`,
      );
      expect(said.at(-1)).toBe('ERROR TRUNCATED_MESSAGE 400');
    }
  });
});
