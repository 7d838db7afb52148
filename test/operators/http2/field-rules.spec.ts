import { describe, expect, it } from 'vitest';
import { BodyLengthCheck } from '../../../operators/http2/content-length.js';
import { checkTrailers } from '../../../operators/http2/field-rules.js';
import { checkRequestFields } from '../../../operators/http2/request-rules.js';
import { checkResponseFields } from '../../../operators/http2/response-rules.js';
import { thrown } from './frames.js';

const MALFORMED = 'stream PROTOCOL_ERROR 1';
const GET = [':method', 'GET', ':scheme', 'https', ':authority', 'a.example', ':path', '/'];
/** GET with one value changed, or left out. */
const but = (name: string, value?: string): string[] => {
  const at = GET.indexOf(name);
  return [...GET.slice(0, at), ...(value === undefined ? [] : [name, value]), ...GET.slice(at + 2)];
};

describe('A14: malformed requests are stream PROTOCOL_ERRORs', () => {
  it.each<[string, string[]]>([
    ['an empty name', [...GET, '', 'x']],
    ['upper case', [...GET, 'X-Tag', 'x']],
    ['one letter of upper case', [...GET, 'x-taG', 'x']],
    ['a blank in a name', [...GET, 'x tag', 'x']],
    ['CR in a name', [...GET, 'x\rtag', 'x']],
    ['LF in a name', [...GET, 'x\ntag', 'x']],
    ['NUL in a name', [...GET, 'x\0', 'x']],
    ['a colon in a name', [...GET, 'x:tag', 'x']],
    ['DEL in a name', [...GET, 'x\x7f', 'x']],
    ['a byte above 127 in a name', [...GET, 'x\xe9', 'x']],
    ['CR in a value', [...GET, 'x', 'a\rb']],
    ['LF in a value', [...GET, 'x', 'a\nb']],
    ['CR LF and a field in a value', [...GET, 'x', 'a\r\nb: c']],
    ['NUL in a value', [...GET, 'x', 'a\0b']],
    ['a blank before a value', [...GET, 'x', ' a']],
    ['a tab behind a value', [...GET, 'x', 'a\t']],
    ['LF in :path', but(':path', '/\n')],
    ['trap 33: connection', [...GET, 'connection', 'close']],
    ['trap 33: keep-alive', [...GET, 'keep-alive', '5']],
    ['trap 33: proxy-connection', [...GET, 'proxy-connection', 'close']],
    ['trap 33: transfer-encoding', [...GET, 'transfer-encoding', 'chunked']],
    ['trap 33: upgrade', [...GET, 'upgrade', 'h2c']],
    ['te other than trailers', [...GET, 'te', 'gzip']],
    ['te with more than trailers', [...GET, 'te', 'trailers, gzip']],
    ['a pseudo-field behind a field', [...but(':path'), 'x', 'a', ':path', '/']],
    ['an unknown pseudo-field', [...GET, ':other', 'x']],
    ['an empty pseudo-field name', [...GET, ':', 'x']],
    ['a pseudo-field of responses', [...GET, ':status', '200']],
    [':protocol that we did not announce', [...GET, ':protocol', 'websocket']],
    [':method twice', [':method', 'GET', ...GET]],
    [':path twice', [...GET, ':path', '/']],
    [':authority twice', [...GET, ':authority', 'a.example']],
    ['no :method', but(':method')],
    ['no :scheme', but(':scheme')],
    ['no :path', but(':path')],
    ['an empty :method', but(':method', '')],
    ['a blank in :method', but(':method', 'GET /')],
    ['an empty :path', but(':path', '')],
    ['blanks in :path', but(':path', '/a HTTP/1.1')],
    [':path that does not start with /', but(':path', 'a')],
    [':path * but of OPTIONS', but(':path', '*')],
    ['an empty :scheme', but(':scheme', '')],
    [':scheme that is none', but(':scheme', 'https://x')],
    ['an empty :authority', but(':authority', '')],
    ['user information in :authority', but(':authority', 'u@a.example')],
    ['a blank in :authority', but(':authority', 'a b')],
    ['host that differs', [...GET, 'host', 'b.example']],
    ['CONNECT with a scheme', [':method', 'CONNECT', ':scheme', 'https', ':authority', 'a:1']],
    ['CONNECT with a path', [':method', 'CONNECT', ':authority', 'a:1', ':path', '/']],
    ['CONNECT without an authority', [':method', 'CONNECT']],
    ['content-length twice', [...GET, 'content-length', '1', 'content-length', '1']],
    ['content-length of a list', [...GET, 'content-length', '1, 1']],
    ['content-length below 0', [...GET, 'content-length', '-1']],
    ['content-length of 16 digits', [...GET, 'content-length', '1234567890123456']],
    ['nothing at all', []],
  ])('%s', (_name, list) => {
    expect(thrown(() => checkRequestFields(list))).toBe(MALFORMED);
  });
});

describe('checkRequestFields', () => {
  it('returns the control data', () => {
    expect(
      checkRequestFields([...GET, 'host', 'A.example', 'te', 'trailers', 'x', 'a\tb', 'content-length', '007']),
    ).toEqual({
      method: 'GET',
      scheme: 'https',
      authority: 'a.example',
      path: '/',
      protocol: undefined,
      contentLength: 7,
    });
    expect(checkRequestFields([...but(':authority'), 'x', '', 'host', 'a']).authority).toBeUndefined();
    expect(checkRequestFields([':path', '*', ':method', 'OPTIONS', ':scheme', 'http']).path).toBe('*');
    expect(checkRequestFields(but(':scheme', 'coap+tcp')).scheme).toBe('coap+tcp');
    expect(checkRequestFields([':method', 'CONNECT', ':authority', 'a:443'])).toMatchObject({
      scheme: undefined,
      path: undefined,
    });
  });

  const extended = (...list: string[]): string => thrown(() => checkRequestFields(list, { extendedConnect: true }));
  const CONNECT = [':method', 'CONNECT', ':scheme', 'https', ':authority', 'a', ':path', '/', ':protocol', 'websocket'];

  it('RFC 8441: extended CONNECT has everything a request has', () => {
    expect(checkRequestFields(CONNECT, { extendedConnect: true }).protocol).toBe('websocket');
    expect(thrown(() => checkRequestFields(CONNECT))).toBe(MALFORMED);
    for (let i = 0; i < CONNECT.length - 2; i += 2) expect(extended(...CONNECT.toSpliced(i, 2))).toBe(MALFORMED);
    expect(extended(...CONNECT.with(1, 'GET'))).toBe(MALFORMED);
    expect(extended(...CONNECT.with(9, 'web socket'))).toBe(MALFORMED);
    expect(extended(':method', 'CONNECT', ':authority', 'a:1')).toBe('nothing');
  });
});

describe('checkResponseFields', () => {
  it('returns the control data', () => {
    expect(checkResponseFields([':status', '200', 'content-length', '5'])).toEqual({ status: 200, contentLength: 5 });
    expect(checkResponseFields([':status', '103', 'link', 'x'])).toEqual({ status: 103, contentLength: undefined });
  });

  it.each<[string, string[]]>([
    ['no :status', ['x', 'a']],
    ['two digits', [':status', '20']],
    ['no digits', [':status', '2x0']],
    ['600', [':status', '600']],
    ['099', [':status', '099']],
    ['twice', [':status', '200', ':status', '200']],
    ['of a request', [':status', '200', ':path', '/']],
    ['101', [':status', '101']],
    ['connection', [':status', '200', 'connection', 'x']],
  ])('refuses: %s', (_name, list) => {
    expect(thrown(() => checkResponseFields(list))).toBe(MALFORMED);
  });
});

describe('checkTrailers', () => {
  it('trap 24: fields alone, at the end', () => {
    checkTrailers(['grpc-status', '0'], true);
    checkTrailers([], true);
    expect(thrown(() => checkTrailers(['x', 'a'], false))).toBe(MALFORMED);
    expect(thrown(() => checkTrailers([':status', '200'], true))).toBe(MALFORMED);
    expect(thrown(() => checkTrailers(['x', 'a', ':path', '/'], true))).toBe(MALFORMED);
    expect(thrown(() => checkTrailers(['connection', 'a'], true))).toBe(MALFORMED);
  });
});

describe('BodyLengthCheck', () => {
  const body = (declared: number | undefined, pieces: number[], bodiless = false): string =>
    thrown(() => {
      const check = new BodyLengthCheck(declared, bodiless);
      for (const piece of pieces) check.data(piece);
      check.end();
    });

  it.each<[string, string, string]>([
    ['exactly', body(5, [2, 3]), 'nothing'],
    ['trap 26: one byte short', body(5, [2, 2]), MALFORMED],
    ['one byte more', body(5, [2, 4]), MALFORMED],
    ['none declared', body(undefined, [1000]), 'nothing'],
    ['none declared, none there', body(undefined, []), 'nothing'],
    ['0', body(0, [0]), 'nothing'],
    ['declared of HEAD or 304', body(5, [], true), 'nothing'],
    ['DATA for HEAD', body(5, [1], true), MALFORMED],
    ['empty DATA for HEAD', body(undefined, [0], true), 'nothing'],
  ])('%s', (_name, said, expected) => {
    expect(said).toBe(expected);
  });
});
