import { describe, expect, it } from 'vitest';
import {
  isFieldValue,
  isRequestTarget,
  isToken,
  isTokenByte,
  isValueByte,
  quoteIfNeeded,
  splitList,
  trimOws,
} from '../../../operators/http/field-syntax.js';

const bytes = Array.from({ length: 256 }, (_, byte) => byte);

describe('character classes, against the ABNF written as expressions', () => {
  it.each(bytes)('byte %i', (byte) => {
    const char = String.fromCharCode(byte);
    expect(isTokenByte(byte)).toBe(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(char));
    expect(isValueByte(byte)).toBe(/^[\t \x21-\x7e\x80-\xff]$/.test(char));
    expect(isToken(char)).toBe(isTokenByte(byte));
    expect(isFieldValue(char)).toBe(isValueByte(byte));
    expect(isRequestTarget(char)).toBe(byte > 0x20 && byte < 0x7f);
  });

  it('code units above 255 are not cut down to a byte', () => {
    for (const char of ['\u010a', '\u0161', '\u0120', '€', '😀']) {
      expect([isToken(char), isFieldValue(char), isRequestTarget(char)]).toEqual([false, false, false]);
    }
  });

  it('empty text is a value, and neither token nor target', () => {
    expect([isToken(''), isFieldValue(''), isRequestTarget('')]).toEqual([false, true, false]);
    expect([isToken(':', 1), isToken(':path', 1), isToken('::path', 1)]).toEqual([false, true, false]);
  });
});

it.each([
  ['', ''],
  [' \t', ''],
  ['a', 'a'],
  [' a b\t', 'a b'],
  ['\u00a0a\r', '\u00a0a\r'],
])('trimOws(%j)', (text, trimmed) => {
  expect(trimOws(text)).toBe(trimmed);
});

it.each([
  ['token', 'token'],
  ['two words', '"two words"'],
  ['', '""'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['é', '"é"'],
  ['tab\t', '"tab\t"'],
  ['a\r\nb', undefined],
  ['\0', undefined],
  ['€', undefined],
])('quoteIfNeeded(%j)', (text, quoted) => {
  expect(quoteIfNeeded(text)).toBe(quoted);
});

it.each<[string, string[]]>([
  ['', []],
  ['a', ['a']],
  [' a ,\tb,c ', ['a', 'b', 'c']],
  [',, a ,,', ['a']],
  ['"a,b", c', ['"a,b"', 'c']],
  ['"a\\",b", c', ['"a\\",b"', 'c']],
  ['x="a,b";y, z', ['x="a,b";y', 'z']],
  ['"open, a', ['"open, a']],
  ['"a\\', ['"a\\']],
])('splitList(%j)', (value, members) => {
  expect(splitList(value)).toEqual(members);
});
