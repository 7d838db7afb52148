import { describe, expect, it } from 'vitest';
import { ipFromBytes, ipToBytes } from '../../../operators/tunnel/ip-bytes.js';
import { socks5, type Socks5Config, type Socks5Subject } from '../../../operators/tunnel/socks5.js';
import { splits } from '../../support/every-split.js';
import { ScriptedSocket } from './scripted-socket.js';

function opened(config: Partial<Socks5Config> = {}) {
  const script = new ScriptedSocket();
  const state: { tunnel?: Socks5Subject<string>; end: string } = { end: 'pending' };
  const subscription = socks5(script.socket, { host: 'a.test', port: 443, ...config }).subscribe({
    next: (tunnel) => (state.tunnel = tunnel),
    error: (error: { code: string }) => (state.end = error.code),
    complete: () => (state.end = 'open'),
  });
  return { script, state, subscription };
}

const hex = (script: ScriptedSocket): string[] => script.sent.map((bytes) => bytes.toString('hex'));
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const OK = '05000001 7f000001 0050';

describe('socks5', () => {
  it('asks without user, split at every byte of the replies', () => {
    for (const chunks of splits(bytes(OK))) {
      const { script, state } = opened();
      script.arrive(bytes('05'));
      script.arrive(bytes('00'));
      for (const chunk of chunks) script.arrive(chunk);
      expect(hex(script)).toEqual([
        '050100',
        `05010003 06 ${Buffer.from('a.test').toString('hex')} 01bb`.replaceAll(' ', ''),
      ]);
      expect(state.end).toBe('open');
      expect(state.tunnel?.bound).toEqual({ host: '127.0.0.1', port: 80 });
      expect(state.tunnel?.info).toBe('info');
      const log: string[] = [];
      state.tunnel?.subscribe({
        next: (got) => log.push(Buffer.from(got).toString()),
        complete: () => log.push('end'),
      });
      script.arrive('x');
      script.inbound.complete();
      expect(log).toEqual(['x', 'end']);
      state.tunnel?.next(Buffer.from('y'));
      expect(hex(script)[2]).toBe('79');
    }
  });

  it('with user and password, if the proxy wants them', () => {
    const config = { username: 'ü', password: 'p' };
    const wanted = opened(config);
    wanted.script.arrive(bytes('0502'));
    wanted.script.arrive(bytes('01'));
    wanted.script.arrive(bytes('00'));
    wanted.script.arrive(bytes(OK));
    expect(hex(wanted.script).slice(0, 2)).toEqual(['05020002', '0102c3bc0170']);
    expect(wanted.state.end).toBe('open');
    const free = opened(config);
    free.script.arrive(bytes('0500'));
    free.script.arrive(bytes(OK));
    expect(hex(free.script)).toHaveLength(2);
    expect(free.state.end).toBe('open');
  });

  it.each([
    ['10.0.0.1', '01 0a000001'],
    ['::1', '04 00000000000000000000000000000001'],
    ['[2001:db8::ff00:42:8329]', '04 20010db8000000000000ff0000428329'],
    ['::ffff:1.2.3.4', '04 00000000000000000000ffff01020304'],
    ['010.0.0.1', '03 09 3031302e302e302e31'],
  ])('addresses %s', (host, address) => {
    const { script } = opened({ host, port: 1 });
    script.arrive(bytes('0500'));
    expect(hex(script)[1]).toBe(`050100${address}0001`.replaceAll(' ', ''));
  });

  it.each([
    ['a name', '05000003 03 616263 1f90', { host: 'abc', port: 8080 }],
    ['an empty name', '05000003 00 0000', { host: '', port: 0 }],
    ['the longest name', `05000003 ff ${'61'.repeat(255)} 0001`, { host: 'a'.repeat(255), port: 1 }],
    ['IPv6', '05000004 20010db8000000000000000000000001 ffff', { host: '2001:db8::1', port: 65_535 }],
  ])('reads %s as bound, split at every byte', (_, reply, bound) => {
    for (const chunks of splits(bytes(reply))) {
      const { script, state } = opened();
      script.arrive(bytes('0500'));
      for (const chunk of chunks) script.arrive(chunk);
      expect(state.tunnel?.bound).toEqual(bound);
    }
  });

  it('early bytes are refused, or kept', () => {
    const refused = opened();
    refused.script.arrive(bytes('0500'));
    refused.script.arrive(bytes(`${OK}78`));
    expect(refused.state.end).toBe('EARLY_TUNNEL_BYTES');
    expect(refused.script.released).toBe(1);
    const kept = opened({ earlyBytes: 'keep' });
    kept.script.arrive(bytes('0500'));
    kept.script.arrive(bytes(`${OK}78`));
    const log: string[] = [];
    kept.state.tunnel?.subscribe((got) => log.push(Buffer.from(got).toString()));
    expect(log).toEqual(['x']);
  });

  it.each([
    { host: '' },
    { host: 'a'.repeat(256) },
    { host: 'bücher.test' },
    { host: 'a\0b' },
    { host: 'a b' },
    { port: 0 },
    { port: 65_536 },
    { port: 1.5 },
  ])('refuses %j before anything is sent', (config) => {
    const { script, state } = opened(config);
    expect(state.end).toBe('INVALID_TARGET');
    expect(script.subscriptions + script.sent.length).toBe(0);
  });

  it.each([
    { username: 'u' },
    { username: '', password: 'p' },
    { username: 'u'.repeat(256), password: 'p' },
    { username: 'u', password: 'é'.repeat(128) },
  ])('refuses the credentials %j', (config) => {
    expect(opened(config).state.end).toBe('INVALID_CREDENTIALS');
  });

  it('is let go before it is open', () => {
    const { script, subscription } = opened();
    subscription.unsubscribe();
    expect(script.released).toBe(1);
  });
});

describe('addresses', () => {
  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['1:0:0:2::3', '00010000000000020000000000000003'],
    ['127.0.0.1', '7f000001'],
  ])('%s', (text, digits) => {
    expect(Buffer.from(ipToBytes(text) ?? []).toString('hex')).toBe(digits);
    expect(ipFromBytes(Buffer.from(digits, 'hex'))).toBe(text);
  });

  it('of anything else there are none', () => {
    for (const text of ['', 'a', '1.2.3', '01.2.3.4', ':1', '1:2:3:4:5:6:7:8:9'])
      expect(ipToBytes(text)).toBeUndefined();
  });
});
