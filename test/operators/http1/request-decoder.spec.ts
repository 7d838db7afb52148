import { describe, expect, it } from 'vitest';
import { CLOSED, DATA, END, HEAD, NEED_DATA, RequestDecoder } from '../../../operators/http1/message-decoder.js';
import { bytesOf, HOST, readRequest, textOf, withLine } from './support.js';

describe('RequestDecoder: what a server must know', () => {
  const head = (text: string): RequestDecoder => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(text));
    expect(decoder.read()).toBe(HEAD);
    return decoder;
  };

  it.each([
    ['1.1', '', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'Connection: Foo, CLOSE\r\n', false],
    ['1.1', 'Connection: keep-alive\r\nConnection: close\r\n', false],
    ['1.1', 'Connection: close\r\nConnection: keep-alive\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: Keep-Alive\r\n', true],
    ['1.0', 'Connection: keep-alive, close\r\n', false],
    ['1.0', 'Connection: a\r\nConnection: keep-alive\r\n', true],
  ])('keepAlive: HTTP/%s %j', (version, fields, keepAlive) => {
    expect(head(`GET / HTTP/${version}\r\n${HOST}${fields}\r\n`).keepAlive).toBe(keepAlive);
  });

  it('upgrade: only when Connection says so, in 1.1', () => {
    const fields = 'Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    expect(head(`GET / HTTP/1.1\r\n${HOST}${fields}`).upgrade).toBe('websocket');
    expect(head(`GET / HTTP/1.0\r\n${HOST}${fields}`).upgrade).toBe('');
    expect(head(`GET / HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`).upgrade).toBe('');
    expect(head(`GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\n\r\n`).upgrade).toBe('');
    expect(head(`GET / HTTP/1.1\r\n${HOST}Upgrade: a\r\nUpgrade: b\r\nConnection: x, upgrade\r\n\r\n`).upgrade).toBe(
      'a, b',
    );
  });

  it('Expect', () => {
    const of = (version: string, value: string): unknown => {
      const { expectContinue, expectation } = head(`POST / HTTP/${version}\r\n${HOST}Expect: ${value}\r\n\r\n`);
      return { expectContinue, expectation };
    };
    expect(of('1.1', '100-continue')).toEqual({ expectContinue: true, expectation: '' });
    expect(of('1.1', '100-Continue')).toEqual({ expectContinue: true, expectation: '' });
    expect(of('1.0', '100-continue')).toEqual({ expectContinue: false, expectation: '' });
    expect(of('1.1', 'tea')).toEqual({ expectContinue: false, expectation: 'tea' });
    expect(of('1.1', '100-continue\r\nExpect: 100-continue')).toEqual({
      expectContinue: false,
      expectation: '100-continue, 100-continue',
    });
  });

  it('forgets it with the next request', () => {
    const decoder = head(
      `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 1\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\nx` +
        `GET / HTTP/1.1\r\n${HOST}\r\n`,
    );
    while (decoder.read() !== END);
    expect(decoder.read()).toBe(HEAD);
    const { expectContinue, expectation, upgrade, contentLength, framing, transferCoding } = decoder;
    expect({ expectContinue, expectation, upgrade, contentLength, framing, transferCoding }).toEqual({
      expectContinue: false,
      expectation: '',
      upgrade: '',
      contentLength: -1,
      framing: 0,
      transferCoding: '',
    });
  });

  it('forgets an expectation, and the last piece of a body', () => {
    const decoder = head(
      `POST / HTTP/1.1\r\n${HOST}Expect: tea\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n${HOST}\r\n`,
    );
    expect([decoder.expectation, decoder.read(), decoder.chunk.length]).toEqual(['tea', DATA, 1]);
    expect([decoder.read(), decoder.chunk.length]).toEqual([END, 0]);
    expect([decoder.read(), decoder.expectation]).toEqual([HEAD, '']);
  });

  it('CONNECT: no body, and nothing behind it is HTTP', () => {
    const decoder = head(`CONNECT a:443 HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n`);
    expect([decoder.read(), decoder.read(), decoder.keepAlive]).toEqual([END, CLOSED, false]);
    expect(textOf(decoder.takeRest())).toBe('GET / HTTP/1.1\r\n');
    expect(withLine('CONNECT a:443 HTTP/1.1', `${HOST}Content-Length: 0\r\n`)).toContain('END');
    expect(withLine('CONNECT a:443 HTTP/1.1', `${HOST}Content-Length: 1\r\n`)).toBe('BAD_CONTENT_LENGTH 400');
    expect(withLine('CONNECT a:443 HTTP/1.1', `${HOST}Transfer-Encoding: chunked\r\n`)).toBe(
      'BAD_TRANSFER_ENCODING 400',
    );
    expect(withLine('CONNECT [::1]:443 HTTP/1.1')).toContain('CONNECT [::1]:443 1.1');
  });

  it('Host', () => {
    const host = (fields: string, line = 'GET / HTTP/1.1'): string =>
      withLine(line, fields).split(' framing')[0] as string;
    expect(host('')).toBe('BAD_HOST 400');
    expect(host('', 'GET / HTTP/1.0')).toBe('GET / 1.0');
    expect(host('Host: a\r\nHost: a\r\n')).toBe('BAD_HOST 400');
    expect(host('Host: a\r\nHost: a\r\n', 'GET / HTTP/1.0')).toBe('BAD_HOST 400');
    for (const bad of [
      'a b',
      'u@a',
      'a/b',
      'a:b',
      'a:70000',
      '[::1',
      '[1]',
      'a,b',
      '%zz',
      'http://a',
      'a:80:80',
      '\xe9',
    ]) {
      expect(host(`Host: ${bad}\r\n`), bad).toBe('BAD_HOST 400');
    }
    for (const good of ['', 'a', 'a:', 'a:80', '127.0.0.1:8', '[::1]:443', 'a_b.c', '%41', 'xn--a']) {
      expect(host(`Host: ${good}\r\n`), good).toBe('GET / 1.1');
    }
  });

  it('absolute form agrees with Host, and has no userinfo', () => {
    const read = (target: string, host: string): string => withLine(`GET ${target} HTTP/1.1`, `Host: ${host}\r\n`);
    for (const [target, host] of [
      ['http://a/', 'a'],
      ['http://a/', 'A:80'],
      ['https://a:443/', 'a'],
      ['HTTP://[::1]:8/', '[::1]:8'],
    ] as const) {
      expect(read(target, host)).toContain('END');
    }
    for (const [target, host] of [
      ['http://a/', 'b'],
      ['http://a/', ''],
      ['http://a/', 'a:81'],
      ['https://a/', 'a:80'],
      ['http://u@a/', 'a'],
      ['http://u:p@a/', 'a'],
    ] as const) {
      expect(read(target, host)).toBe('BAD_HOST 400');
    }
    expect(withLine('GET http://a/ HTTP/1.0', '')).toContain('END');
  });
});

describe('RequestDecoder: the rest', () => {
  it('reads nothing after a request that closes', () => {
    const text = `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n`;
    expect(readRequest(text).slice(1)).toEqual(['END', 'CLOSED']);
  });

  it('takeRest gives what is unread, in one piece', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(`GET / HTTP/1.1\r\n${HOST}\r\nab`));
    decoder.push(bytesOf('cd'));
    decoder.push(bytesOf('ef'));
    expect(decoder.buffered).toBe(33);
    expect([decoder.read(), decoder.read()]).toEqual([HEAD, END]);
    expect(decoder.buffered).toBe(6);
    expect(textOf(decoder.takeRest())).toBe('abcdef');
    expect([decoder.buffered, decoder.read(), decoder.takeRest().length]).toEqual([0, CLOSED, 0]);
  });

  it('takeRest gives the part of a head that was read', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf('GET /'));
    expect(decoder.read()).toBe(NEED_DATA);
    decoder.push(bytesOf(' HTTP'));
    expect(textOf(decoder.takeRest())).toBe('GET / HTTP');
  });

  it('midMessage from the first byte of a request to its end', () => {
    const decoder = new RequestDecoder();
    const after = (text: string): boolean => {
      decoder.push(bytesOf(text));
      while (decoder.read() !== NEED_DATA);
      return decoder.midMessage;
    };
    expect(decoder.midMessage).toBe(false);
    expect(after('\r')).toBe(false);
    expect(after('\n')).toBe(false);
    expect(after('P')).toBe(true);
    expect(after(`OST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n`)).toBe(true);
    expect(after('a')).toBe(true);
    expect(after('b')).toBe(false);
  });

  it('gives views of the input, whole chunks as they are', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(`POST / HTTP/1.1\r\n${HOST}Content-Length: 8\r\n\r\nab`));
    const second = bytesOf('cdef');
    const third = bytesOf('ghGET');
    decoder.push(second);
    decoder.push(third);
    decoder.read();
    decoder.read();
    expect(textOf(decoder.chunk)).toBe('ab');
    decoder.read();
    expect(decoder.chunk).toBe(second);
    decoder.read();
    expect(textOf(decoder.chunk)).toBe('gh');
    expect(decoder.chunk.buffer).toBe(third.buffer);
  });

  it('streams a chunk of any size as it arrives', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1000000000000\r\n`));
    decoder.read();
    const chunk = new Uint8Array(65_536);
    for (let i = 0; i < 100; i++) {
      decoder.push(chunk);
      decoder.read();
      expect(decoder.chunk).toBe(chunk);
      expect(decoder.buffered).toBe(0);
    }
  });

  it('ignores empty input', () => {
    const decoder = new RequestDecoder();
    decoder.push(new Uint8Array(0));
    expect([decoder.read(), decoder.buffered]).toEqual([NEED_DATA, 0]);
    for (const text of [`POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n`, 'a', '', 'b', ''])
      decoder.push(bytesOf(text));
    expect([decoder.read(), decoder.read(), decoder.read(), decoder.read()]).toEqual([HEAD, DATA, DATA, END]);
    expect([decoder.read(), decoder.buffered]).toEqual([NEED_DATA, 0]);
  });

  it('names of Object.prototype are names like others', () => {
    const said = readRequest(`GET /__proto__ HTTP/1.1\r\n${HOST}__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\n\r\n`);
    expect(said[0]).toContain('{host=a; __proto__=1; constructor=2; tostring=3}');
  });
});
