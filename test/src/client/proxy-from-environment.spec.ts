import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseProxy } from '../../../src/client/proxy-address.js';
import { proxyFromEnvironment, type Environment } from '../../../src/client/proxy-from-environment.js';

const chosen = (env: Environment, target: string): string | undefined => proxyFromEnvironment(env, target)?.toString();

describe('proxyFromEnvironment', () => {
  it.each([
    [{}, 'http://a.test/', undefined],
    [{ http_proxy: 'p:1' }, 'http://a.test/', 'http://p:1'],
    [{ http_proxy: 'p:1' }, 'ws://a.test/', 'http://p:1'],
    [{ http_proxy: 'p:1' }, 'https://a.test/', undefined],
    [{ HTTP_PROXY: 'p:1' }, 'http://a.test/', undefined],
    [{ https_proxy: 'p:1' }, 'wss://a.test/', 'http://p:1'],
    [{ HTTPS_PROXY: 'p:1' }, 'https://a.test/', 'http://p:1'],
    [{ https_proxy: 'p:1', HTTPS_PROXY: 'q:1' }, 'https://a.test/', 'http://p:1'],
    [{ all_proxy: 'p:1' }, 'https://a.test/', 'http://p:1'],
    [{ ALL_PROXY: 'socks5h://p' }, 'ftp://a.test/', 'socks5h://p:1080'],
    [{ http_proxy: 'p:1', all_proxy: 'q:1' }, 'http://a.test/', 'http://p:1'],
    [{ http_proxy: '', https_proxy: ' ', all_proxy: '' }, 'http://a.test/', undefined],
    [{ https_proxy: '', HTTPS_PROXY: 'q:1' }, 'https://a.test/', 'http://q:1'],
    [{ http_proxy: 'p:1', GATEWAY_INTERFACE: 'CGI/1.1' }, 'http://a.test/', undefined],
    [{ http_proxy: 'p:1', REQUEST_METHOD: 'GET', CGI_HTTP_PROXY: 'q:1' }, 'http://a.test/', 'http://q:1'],
    [{ https_proxy: 'p:1', GATEWAY_INTERFACE: 'CGI/1.1' }, 'https://a.test/', 'http://p:1'],
    [{ http_proxy: 'p:1', no_proxy: 'a.test' }, 'http://a.test/', undefined],
    [{ http_proxy: 'p:1', NO_PROXY: 'a.test' }, 'http://a.test/', undefined],
    [{ http_proxy: 'p:1', no_proxy: 'b.test', NO_PROXY: 'a.test' }, 'http://a.test/', 'http://p:1'],
  ] as [Environment, string, string | undefined][])('%j for %s: %s', (env, target, proxy) => {
    expect(chosen(env, target)).toBe(proxy);
  });
});

describe('parseProxy', () => {
  it.each([
    ['p', 'http://p:80'],
    ['p:3128/', 'http://p:3128'],
    ['HTTPS://P', 'https://p:443'],
    ['https://p:80', 'https://p:80'],
    ['socks5://p:80', 'socks5://p:80'],
    ['socks5h://p:443', 'socks5h://p:443'],
    ['socks5h://[::1]', 'socks5h://[::1]:1080'],
    ['http://u:p%40ss@0x7f.1:8080', 'http://127.0.0.1:8080'],
  ])('%s is %s', (text, address) => {
    expect(String(parseProxy(text))).toBe(address);
  });

  it.each([
    '',
    'ftp://p',
    'socks4://p',
    'http://p/path',
    'http://p?x',
    'http://p:x',
    'http://',
    'http://u:%zz@p',
    'a b',
  ])('refuses %j, without repeating it', (text) => {
    expect(() => parseProxy(text)).toThrow(expect.objectContaining({ code: 'INVALID_PROXY' }));
  });

  it('credentials are decoded, and stay out of sight', () => {
    const proxy = parseProxy('http://user:p%40ss%3Aword@p:1');
    expect(proxy.credentials).toEqual({ username: 'user', password: 'p@ss:word' });
    for (const text of [String(proxy), JSON.stringify(proxy), inspect(proxy, { showHidden: true })]) {
      expect(text).not.toContain('p@ss');
      expect(text).not.toContain('user');
    }
  });

  it('equality counts who one is', () => {
    const proxy = parseProxy('http://u:p@p:1');
    expect(proxy.equals(parseProxy('u:p@P:1'))).toBe(true);
    for (const other of ['p:1', 'u:q@p:1', 'v:p@p:1', 'u:p@p:2', 'https://u:p@p:1']) {
      expect(proxy.equals(parseProxy(other)), other).toBe(false);
    }
  });
});
