/** Attacks by and on proxies, by row of the attack catalogue (I): the part that handshakes and the choice of a proxy answer. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectTunnel, type ConnectTunnelConfig } from '../../operators/tunnel/connect-tunnel.js';
import { socks5, type Socks5Config } from '../../operators/tunnel/socks5.js';
import { isExempt } from '../../src/client/no-proxy.js';
import { parseProxy } from '../../src/client/proxy-address.js';
import { ScriptedSocket } from '../operators/tunnel/scripted-socket.js';

type Failure = Error & { code: string; status?: number };

function tunnel(
  reply: string | Uint8Array,
  config: Partial<ConnectTunnelConfig> = {},
): { script: ScriptedSocket; error?: Failure } {
  const script = new ScriptedSocket();
  const result: { script: ScriptedSocket; error?: Failure } = { script };
  connectTunnel(script.socket, { authority: 'a.test:443', ...config }).subscribe({
    error: (error: Failure) => (result.error = error),
  });
  script.arrive(reply);
  return result;
}

function through(answers: string[], config: Partial<Socks5Config> = {}): { script: ScriptedSocket; error?: Failure } {
  const script = new ScriptedSocket();
  const result: { script: ScriptedSocket; error?: Failure } = { script };
  socks5(script.socket, { host: 'a.test', port: 443, ...config }).subscribe({
    error: (error: Failure) => (result.error = error),
  });
  for (const answer of answers) if (result.error === undefined) script.arrive(Buffer.from(answer, 'hex'));
  return result;
}

describe('I: proxies', () => {
  it('I1 one byte behind the 200: no tunnel', () => {
    const { script, error } = tunnel('HTTP/1.1 200 OK\r\n\r\nx');
    expect(error?.code).toBe('EARLY_TUNNEL_BYTES');
    expect(script.released).toBe(1);
  });

  it('I1 lengths in a 2xx mean nothing: what follows is the tunnel', () => {
    for (const field of ['content-length: 5', 'transfer-encoding: chunked']) {
      expect(tunnel(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`).error).toBeUndefined();
      expect(tunnel(`HTTP/1.1 200 OK\r\n${field}\r\n\r\nhello`).error?.code).toBe('EARLY_TUNNEL_BYTES');
    }
  });

  it('I1 a byte behind the reply of SOCKS: no tunnel', () => {
    expect(through(['0500', '0500000100000000000078']).error?.code).toBe('EARLY_TUNNEL_BYTES');
  });

  it('I2 what a proxy answers is an error, never a response of the origin', () => {
    const { error } = tunnel(
      'HTTP/1.1 407 \r\nset-cookie: a=1\r\nlocation: http://evil.test/\r\ncontent-length: 0\r\n\r\n',
    );
    expect(error).toMatchObject({ code: 'TUNNEL_REFUSED', status: 407 });
    expect(tunnel('HTTP/1.1 302 \r\nlocation: https://evil.test/\r\ncontent-length: 0\r\n\r\n').error).toMatchObject({
      code: 'TUNNEL_REFUSED',
      status: 302,
    });
  });

  it('I4 no error says a secret', () => {
    const secret = 'hunter2';
    const errors = [
      tunnel('HTTP/1.1 407 \r\ncontent-length: 0\r\n\r\n', { fields: { 'proxy-authorization': `Basic ${secret}` } })
        .error,
      tunnel('junk', { fields: { 'proxy-authorization': `Basic ${secret}` } }).error,
      through(['0502', '0101'], { username: 'u', password: secret }).error,
      through(['05ff'], { username: 'u', password: secret }).error,
      through([], { username: 'u', password: secret.repeat(50) }).error,
    ];
    for (const bad of [
      `ftp://u:${secret}@p`,
      `http://u:${secret}%zz@p`,
      `http://u:${secret}@p/x`,
      `http://u:${secret}@p:x`,
    ]) {
      try {
        parseProxy(bad);
      } catch (error) {
        errors.push(error as Failure);
      }
    }
    expect(errors).toHaveLength(9);
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10 })).not.toContain(secret);
    }
  });

  it('I5 a name of 256 bytes is refused, and nothing is sent', () => {
    for (const host of ['a'.repeat(256), `${'a.'.repeat(200)}test`]) {
      const { script, error } = through([], { host });
      expect(error?.code).toBe('INVALID_TARGET');
      expect(script.sent).toEqual([]);
    }
    expect(through([], { host: 'a'.repeat(255) }).error).toBeUndefined();
  });

  it.each([
    ['a.test', 'a.test', 80, true],
    ['A.TEST', 'a.test', 80, true],
    ['a.test', 'a.test.', 80, true],
    ['a.test.', 'a.test', 80, true],
    ['a.test', 'www.a.test', 80, true],
    ['.a.test', 'a.test', 80, true],
    ['*.a.test', 'www.a.test', 80, true],
    ['a.test', 'evila.test', 80, false],
    ['www.a.test', 'a.test', 80, false],
    [' b.test , a.test ', 'a.test', 80, true],
    ['b.test a.test', 'a.test', 80, true],
    ['b.test,*', 'a.test', 80, true],
    ['*a.test', 'xa.test', 80, false],
    ['a.test:80', 'a.test', 80, true],
    ['a.test:81', 'a.test', 80, false],
    ['a.test:', 'a.test', 80, false],
    ['0.0.1', '127.0.0.1', 80, false],
    ['127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1:81', '127.0.0.1', 80, false],
    ['10.0.0.0/8', '10.1.2.3', 80, true],
    ['10.0.0.0/8', '11.1.2.3', 80, false],
    ['10.1.2.3/32', '10.1.2.3', 80, true],
    ['0.0.0.0/0', 'a.test', 80, false],
    ['10.0.0.0/33', '10.0.0.0', 80, false],
    ['10.0.0.0/', '10.0.0.0', 80, false],
    ['::1', '[::1]', 80, true],
    ['0:0::0:1', '[::1]', 80, true],
    ['[::1]:80', '::1', 80, true],
    ['[::1]:81', '::1', 80, false],
    ['fd00::/8', '[fd12:3456::1]', 80, true],
    ['127.0.0.1', '[::ffff:7f00:1]', 80, true],
    ['10.0.0.0/8', '[::ffff:a00:1]', 80, true],
    ['::1%eth0', '[::1]', 80, false],
    ['', 'a.test', 80, false],
    ['.', 'a.test', 80, false],
  ])('I8 no_proxy %j for %s port %i: %s', (list, host, port, exempt) => {
    expect(isExempt(list, host, port)).toBe(exempt);
  });

  it('I9 an answer that dribbles, or has no end, ends at 8 KiB', () => {
    const { script, error } = tunnel('HTTP/1.1 200 ');
    expect(error).toBeUndefined();
    let code: string | undefined;
    const slow = new ScriptedSocket();
    connectTunnel(slow.socket, { authority: 'a.test:443' }).subscribe({
      error: (found: Failure) => (code = found.code),
    });
    slow.arrive('HTTP/1.1 200 OK\r\n');
    let sent = 17;
    for (; sent < 10_000 && code === undefined; sent += 6) slow.arrive('x: y\r\n');
    expect(code).toMatch(/^(TUNNEL_REPLY_LIMIT|FIELD_LIMIT)$/);
    expect(sent).toBeLessThanOrEqual(8192 + 6);
    expect([slow.released, script.released]).toEqual([1, 0]);
  });

  it('I9 an answer of SOCKS has at most 262 bytes; more is not waited for', () => {
    const longest = `05000003ff${'61'.repeat(255)}0050`;
    expect(longest.length / 2).toBe(262);
    const { script, error } = through(['0500', longest]);
    expect(error).toBeUndefined();
    expect(script.released).toBe(0);
    expect(through(['0500', `${longest}00`]).error?.code).toBe('EARLY_TUNNEL_BYTES');
  });
});
