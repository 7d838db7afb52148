import { describe, expect, it } from 'vitest';
import { isChunkExtension } from '../../../operators/http1/read-chunk-size.js';
import { readRequest, type Transcript } from './support.js';

function chunked(body: string): Transcript {
  return readRequest(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`).slice(1);
}

describe('chunks', () => {
  it.each([
    ['0\r\n\r\n', ['END']],
    ['000\r\n\r\n', ['END']],
    ['a\r\n0123456789\r\n0\r\n\r\n', ['DATA() 0123456789', 'END']],
    ['A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n', ['DATA() 0123456789x', 'END']],
    ['1\r\n\n\r\n2\r\n\r\n\r\n0\r\n\r\n', ['DATA() \n\r\n', 'END']],
    ['1;a\r\nx\r\n1\r\ny\r\n1;b=c\r\nz\r\n0;d\r\n\r\n', ['DATA(a) xy', 'DATA(b=c) z', 'END']],
    ['1 \t; \ta \t= \tb \t; c\r\nx\r\n0\r\n\r\n', ['DATA( \ta \t= \tb \t; c) x', 'END']],
    ['1;a="\\"; \xff\\\t";b=""\r\nx\r\n0\r\n\r\n', ['DATA(a="\\"; \xff\\\t";b="") x', 'END']],
    ['0\r\nA: 1\r\nB:\r\n\r\n', ['END a=1; b=']],
  ])('%j', (body, events) => {
    expect(chunked(body)).toEqual([...events, 'CLOSED']);
  });

  it.each([
    ['', ''],
    ['\r\n', 'BAD_CHUNK'],
    ['\n', 'BARE_LF'],
    ['g\r\n', 'BAD_CHUNK'],
    ['-1\r\n', 'BAD_CHUNK'],
    ['+1\r\n', 'BAD_CHUNK'],
    [' 1\r\n', 'BAD_CHUNK'],
    ['0x1\r\nx\r\n', 'BAD_CHUNK'],
    ['1_0\r\n', 'BAD_CHUNK'],
    ['1 \r\nx\r\n', 'BAD_CHUNK'],
    ['1 1\r\nx\r\n', 'BAD_CHUNK'],
    ['1;\r\nx\r\n', 'BAD_CHUNK'],
    ['1; \r\nx\r\n', 'BAD_CHUNK'],
    ['1;;a\r\nx\r\n', 'BAD_CHUNK'],
    ['1;a \r\nx\r\n', 'BAD_CHUNK'],
    ['1;a=\r\nx\r\n', 'BAD_CHUNK'],
    ['1;a=b \r\nx\r\n', 'BAD_CHUNK'],
    ['1;a=b=c\r\nx\r\n', 'BAD_CHUNK'],
    ['1;a b\r\nx\r\n', 'BAD_CHUNK'],
    ['1;a="b\r\n', 'BAD_CHUNK'],
    ['1;a="b"c\r\n', 'BAD_CHUNK'],
    ['1;a="b\\\r\n', 'BAD_CHUNK'],
    ['1;a="b\nc"\r\n', 'BARE_LF'],
    ['1;\xe9\r\n', 'BAD_CHUNK'],
    ['1;a\x00\r\n', 'BAD_CHUNK'],
    ['1;a\x7f\r\n', 'BAD_CHUNK'],
    ['1\nx\r\n', 'BARE_LF'],
    ['1\rx', 'BARE_CR'],
    ['1;a\rx', 'BARE_CR'],
  ])('refuses the size line %j', (body, code) => {
    expect(chunked(body)).toEqual([code === '' ? 'ERROR TRUNCATED_MESSAGE 400' : `ERROR ${code} 400`]);
  });

  it.each([
    ['1\r\nxy\r\n', 'BAD_CHUNK'],
    ['1\r\nx\n', 'BARE_LF'],
    ['1\r\nx\rX', 'BARE_CR'],
    ['1\r\nx0\r\n\r\n', 'BAD_CHUNK'],
  ])('refuses the end of a chunk: %j', (body, code) => {
    expect(chunked(body)).toEqual(['DATA() x', `ERROR ${code} 400`]);
  });

  it.each(['content-length', 'Transfer-Encoding', 'HOST', 'trailer', 'te', 'connection', 'upgrade', 'content-type'])(
    'refuses the trailer %s',
    (name) => {
      expect(chunked(`0\r\n${name}: 1\r\n\r\n`)).toEqual(['ERROR FORBIDDEN_TRAILER 400']);
    },
  );

  it('trailers obey the rules of fields', () => {
    expect(chunked('0\r\nA : 1\r\n\r\n')).toEqual(['ERROR BAD_FIELD_LINE 400']);
    expect(chunked('0\r\nA: 1\r\n b\r\n\r\n')).toEqual(['ERROR OBS_FOLD 400']);
    expect(chunked('0\r\nA: 1\n\r\n')).toEqual(['ERROR BARE_LF 400']);
    expect(chunked('0\r\nX\r\n')).toEqual(['ERROR BAD_FIELD_LINE 400']);
  });

  it('trailers of one message are not those of the next', () => {
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n';
    const said = readRequest(`${post}A: 1\r\n\r\n${post}\r\n`);
    expect(said.filter((line) => line.startsWith('END'))).toEqual(['END a=1', 'END']);
  });
});

it.each([
  ['a', true],
  ['a=b;c="d \\" e"', true],
  [' a', true],
  ['', false],
  ['a=', false],
  ['a;', false],
  ['a="', false],
  ['a\r\nb', false],
  ['a\r', false],
  ['a=\u010a', false],
  ['a="\u{1f600}"', false],
])('isChunkExtension(%j)', (text, yes) => {
  expect(isChunkExtension(text)).toBe(yes);
});
