import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ExchangeRequest } from '../../../operators/exchange/exchange-request.js';
import { toCurl, type ToCurlConfig } from '../../../operators/exchange/to-curl.js';
import { Fields } from '../../../operators/http/fields.js';

const U = 'https://a.test/';

describe('toCurl', () => {
  it.each([
    [{ url: U }, 'curl https://a.test/'],
    [{ url: `${U}?a=1&b=$(x)#f` }, "curl 'https://a.test/?a=1&b=$(x)#f'"],
    [{ url: U, method: 'HEAD' }, 'curl -I https://a.test/'],
    [{ url: U, method: 'DELETE' }, 'curl -X DELETE https://a.test/'],
    [{ url: U, method: 'POST', body: "it's" }, "curl -X POST --data-binary 'it'\\''s' https://a.test/"],
    [{ url: U, body: new URLSearchParams({ a: 'b c' }) }, 'curl -X GET --data-binary a=b+c https://a.test/'],
    [{ url: U, method: 'PUT', body: Buffer.from('é') }, "curl -X PUT --data-binary 'é' https://a.test/"],
    [{ url: U, method: 'PUT', body: Uint8Array.of(0xff) }, 'curl -X PUT --data-binary @- https://a.test/'],
    [{ url: U, method: 'PUT', body: '@file' }, 'curl -X PUT --data-binary @- https://a.test/'],
    [{ url: U, method: 'PUT', body: ['x'] }, 'curl -X PUT --data-binary @- https://a.test/'],
    [{ url: U, headers: { accept: '*/*', 'x-empty': '' } }, "curl -H 'accept: */*' -H 'x-empty;' https://a.test/"],
    [{ url: U, socketPath: '/a b', target: '*' }, "curl --unix-socket '/a b' --request-target '*' https://a.test/"],
  ] as [ExchangeRequest, string][])('%j', (request, line) => {
    expect(toCurl(request)).toBe(line);
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
    expect(words.slice(0, -1)).toEqual(['-X', 'POST', '--data-binary', nasty, U]);
  });

  it('needs a URL', () => {
    expect(() => toCurl({ url: '/x' })).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
  });
});
