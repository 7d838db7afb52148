import { describe, expect, it } from 'vitest';
import { HOST, readRequest, refused, withFields } from './support.js';

describe('fields', () => {
  it('trims white space, lowers names, keeps order and case of values', () => {
    const said = readRequest('GET / HTTP/1.1\r\nHOST:\t a \t\r\nX-Y:\r\nx-y:  Two  Words \r\nCookie:b\r\n\r\n');
    expect(said[0]).toBe('GET / 1.1 framing=0 {host=a; x-y=; x-y=Two  Words; cookie=b}');
  });

  it('takes obs-text in values', () => {
    expect(withFields('X: \x80\xff\r\n')).toContain('x=\x80\xff');
  });

  it.each([
    ['X : 1\r\n', 'BAD_FIELD_LINE'],
    [': 1\r\n', 'BAD_FIELD_LINE'],
    ['X\r\n', 'BAD_FIELD_LINE'],
    ['X Y: 1\r\n', 'BAD_FIELD_LINE'],
    ['X\x00: 1\r\n', 'BAD_FIELD_LINE'],
    ['X\xe9: 1\r\n', 'BAD_FIELD_LINE'],
    ['X: \x00\r\n', 'BAD_FIELD_LINE'],
    ['X: \x7f\r\n', 'BAD_FIELD_LINE'],
    ['X: \x0b\r\n', 'BAD_FIELD_LINE'],
    ['X: 1\n', 'BARE_LF'],
    ['X: 1\rY: 2\r\n', 'BARE_CR'],
    ['X: 1\r\r\n', 'BARE_CR'],
    ['X: 1\r\n 2\r\n', 'OBS_FOLD'],
    ['X: 1\r\n\t2\r\n', 'OBS_FOLD'],
    ['X\n: 1\r\n', 'BARE_LF'],
  ])('refuses %j', (fields, code) => {
    expect(withFields(fields)).toBe(`${code} 400`);
  });

  it('refuses white space before the first field', () => {
    expect(refused(readRequest(`GET / HTTP/1.1\r\n ${HOST}\r\n`))).toBe('BAD_FIELD_LINE 400');
  });

  it('a bare LF or CR instead of the last CRLF is an error', () => {
    expect(withFields('\n')).toBe('BARE_LF 400');
    expect(withFields('\rX')).toBe('BARE_CR 400');
  });

  it('ends inside a head: truncated', () => {
    const head = `GET / HTTP/1.1\r\n${HOST}\r\n`;
    for (let length = 1; length < head.length; length++) {
      expect(refused(readRequest(head.slice(0, length)))).toBe('TRUNCATED_MESSAGE 400');
    }
  });
});
