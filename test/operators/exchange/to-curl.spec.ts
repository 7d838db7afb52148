import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toCurl, type CurlRequest, type ToCurlConfig } from '../../../operators/exchange/to-curl.js';
import { Fields } from '../../../operators/http/fields.js';
import { parseProxy } from '../../../src/client/proxy-address.js';

const U = 'https://a.test/';
const TEXT = "-H 'content-type: text/plain;charset=UTF-8'";

function form(parts: Record<string, string | File>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(parts)) made.append(name, value);
  return made;
}

describe('toCurl', () => {
  it.each([
    [{ url: U }, 'curl https://a.test/'],
    [{ url: `${U}?a=1&b=$(x)#f` }, "curl 'https://a.test/?a=1&b=$(x)#f'"],
    [{ url: U, method: 'HEAD' }, 'curl -I https://a.test/'],
    [{ url: U, method: 'DELETE' }, 'curl -X DELETE https://a.test/'],
    [{ url: U, method: 'POST', body: "it's" }, `curl -X POST ${TEXT} --data-raw 'it'\\''s' https://a.test/`],
    [
      { url: U, body: new URLSearchParams({ a: 'b c' }) },
      "curl -X GET -H 'content-type: application/x-www-form-urlencoded;charset=UTF-8' --data-raw a=b+c https://a.test/",
    ],
    [{ url: U, method: 'PUT', body: Buffer.from('é') }, "curl -X PUT -H content-type: --data-raw 'é' https://a.test/"],
    [{ url: U, method: 'PUT', body: '' }, `curl -X PUT ${TEXT} --data-raw '' https://a.test/`],
    [
      { url: U, method: 'PUT', body: Uint8Array.of(0xff, 0, 0x25, 0x5c, 0x27, 0x41) },
      "printf '\\377\\000%%\\134'\\''A' | curl -X PUT -H content-type: --data-binary @- https://a.test/",
    ],
    [
      { url: U, method: 'PUT', body: Uint8Array.of(0x2d, 0x2d, 0) },
      "printf '\\055-\\000' | curl -X PUT -H content-type: --data-binary @- https://a.test/",
    ],
    [{ url: U, method: 'PUT', body: '@file' }, `curl -X PUT ${TEXT} --data-raw @file https://a.test/`],
    [{ url: U, method: 'PUT', body: ['x'] }, 'curl -X PUT -H content-type: --data-binary @- https://a.test/'],
    [
      { url: U, body: 'x', headers: { 'content-type': 'a/b' } },
      "curl -X GET -H 'content-type: a/b' --data-raw x https://a.test/",
    ],
    [
      { url: U, method: 'PUT', body: new Blob(['x'], { type: 'a/b' }) },
      "curl -X PUT -H 'content-type: a/b' --data-binary @- https://a.test/",
    ],
    [{ url: U, method: 'POST', body: form({ a: '@b' }) }, 'curl -X POST --form-string a=@b https://a.test/'],
    [
      { url: U, method: 'POST', body: form({ f: new File(['x'], 'a "b".txt', { type: 'text/x' }) }) },
      `curl -X POST -F 'f=@"a \\"b\\".txt";type=text/x' https://a.test/`,
    ],
    [
      { url: U, method: 'POST', body: form({ 'a=b': 'c' }) },
      /^curl -X POST -H 'content-type: multipart.form-data; boundary=boundary' --data-binary @- /,
    ],
    [{ url: U, headers: { 'x-l': 'é' } }, `curl -H "$(printf 'x-l: \\351')" https://a.test/`],
    [{ url: `${U}[1-3]?{a,b}` }, "curl -g 'https://a.test/[1-3]?{a,b}'"],
    [{ url: U, version: '1.0' }, 'curl --http1.0 https://a.test/'],
    [{ url: U, version: '2' }, 'curl --http2 https://a.test/'],
    [{ url: 'http://a.test/', version: '2' }, 'curl --http2-prior-knowledge http://a.test/'],
    [
      { url: U, localAddress: '127.0.0.2', tls: { rejectUnauthorized: false } },
      'curl --interface 127.0.0.2 -k https://a.test/',
    ],
    [{ url: U, proxy: false }, "curl --noproxy '*' https://a.test/"],
    [{ url: U, proxy: 'environment' }, 'curl https://a.test/'],
    [{ url: U, proxy: 'p.test:3128' }, 'curl -x http://p.test:3128 https://a.test/'],
    [{ url: U, proxy: new URL('https://u:p@p.test:8443') }, "curl -x https://p.test:8443 -U '***' https://a.test/"],
    [{ url: U, proxy: parseProxy('socks5h://u:s@[::1]') }, "curl -x 'socks5h://[::1]:1080' -U '***' https://a.test/"],
    [
      { url: U, proxy: ['socks5://s.test:1', 'http://p.test:2'] },
      'curl --preproxy socks5://s.test:1 -x http://p.test:2 https://a.test/',
    ],
    [
      { url: U, method: 'POST', body: 'x', expectContinue: true },
      `curl -X POST ${TEXT} -H 'expect: 100-continue' --data-raw x https://a.test/`,
    ],
    [{ url: U, headers: { accept: '*/*', 'x-empty': '' } }, "curl -H 'accept: */*' -H 'x-empty;' https://a.test/"],
    [{ url: U, socketPath: '/a b', target: '*' }, "curl --unix-socket '/a b' --request-target '*' https://a.test/"],
  ] as [CurlRequest, string | RegExp][])('%j', (request, line) => {
    if (typeof line === 'string') expect(toCurl(request)).toBe(line);
    else expect(toCurl(request)).toMatch(line);
  });

  it('hides secrets unless it is told not to', () => {
    const headers = new Fields({ authorization: 'Bearer s', cookie: 'a=s' }).append('x-key', 's', { neverIndex: true });
    const request = { url: 'https://user:s%20s@a.test/', headers };
    expect(toCurl(request)).toBe(
      "curl -u '***' -H 'authorization: ***' -H 'cookie: ***' -H 'x-key: ***' https://a.test/",
    );
    expect(toCurl(request, { secrets: true })).toBe(
      "curl -u 'user:s s' -H 'authorization: Bearer s' -H 'cookie: a=s' -H 'x-key: s' https://a.test/",
    );
  });

  it('a shell reads back what was meant', () => {
    const nasty = `'"\\ $(touch x) \`id\` ; & | > é \n !`;
    const config: ToCurlConfig = { secrets: true };
    const line = toCurl({ url: U, method: 'POST', body: nasty }, config).replace(/^curl/, 'printf "%s\\0"');
    const words = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).split('\0');
    expect(words.slice(0, -1)).toEqual([
      '-X',
      'POST',
      '-H',
      'content-type: text/plain;charset=UTF-8',
      '--data-raw',
      nasty,
      U,
    ]);
  });

  it('refuses chains that curl does not have, and what is no proxy', () => {
    for (const proxy of [
      ['http://a', 'http://b'],
      ['socks5://a', 'socks5://b'],
      ['socks5://a', 'http://b', 'http://c'],
      ['socks5://u:p@a', 'http://b'],
    ]) {
      expect(() => toCurl({ url: U, proxy })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_OPTION' }));
    }
    expect(() => toCurl({ url: U, proxy: 'http://[' })).toThrow(expect.objectContaining({ code: 'INVALID_PROXY' }));
  });

  it('needs a URL', () => {
    expect(() => toCurl({ url: 'https://%zz:x@a.test/' }, { secrets: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_URL' }),
    );
    expect(() => toCurl({ url: '/x' })).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
  });
});
