import { describe, expect, it } from 'vitest';
import { chooseSubprotocol, checkSubprotocols, parseSubprotocols } from '../../../operators/websocket/subprotocol.js';
import {
  formatWebSocketExtension,
  parseWebSocketExtensions,
} from '../../../operators/websocket/websocket-extensions.js';
import { thrown } from './frames.js';

const show = (value: string): string =>
  parseWebSocketExtensions(value)?.map(formatWebSocketExtension).join(' | ') ?? 'malformed';

describe('parseWebSocketExtensions', () => {
  it.each([
    ['', ''],
    [' , ,\t', ''],
    ['a', 'a'],
    ['a, b', 'a | b'],
    [',a,,b,', 'a | b'],
    ['a;b', 'a; b'],
    ['a ; b = c ;d="e"', 'a; b=c; d=e'],
    ['a; b="\\c\\d"', 'a; b=cd'],
    [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10, x-webkit',
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10 | x-webkit',
    ],
  ])('%j', (value, expected) => {
    expect(show(value)).toBe(expected);
  });

  it.each([
    ';', 'a;', 'a;;b', 'a; =b', 'a; b=', 'a b', 'a; b c', 'a; b="', 'a; b=""', 'a; b="c d"', 'a; b="c', 'a; b="c\\', '"a"', 'a/b', 'é', 'a, é',
    'a; b="é"', 'a\n', '=', 'a=b',
  ])('%j is malformed', (value) => {
    expect(show(value)).toBe('malformed');
  }); // prettier-ignore

  it('32 at most, of either', () => {
    expect(parseWebSocketExtensions(Array(32).fill('a').join())).toHaveLength(32);
    expect(parseWebSocketExtensions(Array(33).fill('a').join())).toBeUndefined();
    expect(parseWebSocketExtensions(`a${';b'.repeat(32)}`)?.[0]?.params).toHaveLength(32);
    expect(parseWebSocketExtensions(`a${';b'.repeat(33)}`)).toBeUndefined();
  });
});

describe('subprotocols', () => {
  it('an offer is a list of different tokens', () => {
    expect(parseSubprotocols('a')).toEqual(['a']);
    expect(parseSubprotocols('a ,\tb')).toEqual(['a', 'b']);
    for (const value of [
      '',
      ',',
      'a,',
      'a,,b',
      'a b',
      'a,a',
      '"a"',
      'é',
      Array.from({ length: 65 }, (_, i) => i).join(),
    ]) {
      expect(parseSubprotocols(value)).toBeUndefined();
    }
    expect(parseSubprotocols(Array.from({ length: 64 }, (_, i) => i).join())).toHaveLength(64);
    checkSubprotocols(['a', 'b']);
    for (const names of [['a', 'a'], [''], ['a,b'], ['a\r\nx: y'], ['é']]) {
      expect(thrown(() => checkSubprotocols(names))).toBe('usage INVALID_SUBPROTOCOL');
    }
  });

  it('the client’s order decides, or a function', () => {
    expect(chooseSubprotocol(['b', 'a'], ['a', 'b'])).toBe('b');
    expect(chooseSubprotocol(['c'], ['a'])).toBeUndefined();
    expect(chooseSubprotocol(['c'])).toBeUndefined();
    expect(chooseSubprotocol(['a', 'b'], (offered) => offered.at(-1))).toBe('b');
    expect(thrown(() => chooseSubprotocol(['a'], () => 'x'))).toBe('usage INVALID_SUBPROTOCOL');
  });
});
