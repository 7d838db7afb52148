/** RFC 1928: SOCKS 5. What a proxy may answer, and what it may not. */
import { describe, expect, it } from 'vitest';
import { socks5, type Socks5Config } from '../../operators/tunnel/socks5.js';
import { splits } from '../support/every-split.js';
import { ScriptedSocket } from '../operators/tunnel/scripted-socket.js';

/** How it ends after these answers, each cut in every way. */
function ends(answers: string[], config: Partial<Socks5Config> = {}): string {
  const found = new Set<string>();
  const last = Buffer.from(answers.at(-1) ?? '', 'hex');
  for (const chunks of last.length === 0 ? [[]] : splits(last)) {
    const script = new ScriptedSocket();
    let end = 'pending';
    socks5(script.socket, { host: 'a.test', port: 80, ...config }).subscribe({
      error: (error: { code: string }) => (end = error.code),
      complete: () => (end = 'open'),
    });
    for (const answer of answers.slice(0, -1)) script.arrive(Buffer.from(answer, 'hex'));
    for (const chunk of chunks) if (end === 'pending') script.arrive(chunk);
    if (end === 'pending') script.inbound.complete();
    if (end !== 'open') expect(script.released).toBe(1);
    found.add(end);
  }
  return [...found].join(' or ');
}

const BOUND = '0001000000000000';

describe('RFC 1928 §3: the method', () => {
  it.each([
    ['', 'TUNNEL_CLOSED'],
    ['05', 'TUNNEL_CLOSED'],
    ['05ff', 'SOCKS_AUTH_REQUIRED'],
    ['0502', 'BAD_SOCKS_REPLY'],
    ['0501', 'BAD_SOCKS_REPLY'],
    ['0400', 'BAD_SOCKS_REPLY'],
    ['485454502f', 'BAD_SOCKS_REPLY'],
  ])('%j is %s', (answer, end) => {
    expect(ends([answer])).toBe(end);
  });
});

describe('RFC 1928 §6: the reply', () => {
  it.each([
    [1, 'SOCKS_FAILURE'],
    [2, 'SOCKS_NOT_ALLOWED'],
    [3, 'SOCKS_NETWORK_UNREACHABLE'],
    [4, 'SOCKS_HOST_UNREACHABLE'],
    [5, 'SOCKS_CONNECTION_REFUSED'],
    [6, 'SOCKS_TTL_EXPIRED'],
    [7, 'SOCKS_COMMAND_UNSUPPORTED'],
    [8, 'SOCKS_ADDRESS_UNSUPPORTED'],
    [9, 'SOCKS_FAILURE'],
    [255, 'SOCKS_FAILURE'],
  ])('code %i is %s', (code, end) => {
    expect(ends(['0500', `05${code.toString(16).padStart(2, '0')}${BOUND}`])).toBe(end);
  });

  it.each([
    ['', 'TUNNEL_CLOSED'],
    ['05000001', 'TUNNEL_CLOSED'],
    ['050000010000000000', 'TUNNEL_CLOSED'],
    ['0500000300', 'TUNNEL_CLOSED'],
    ['05000104', 'BAD_SOCKS_REPLY'],
    ['05000002', 'BAD_SOCKS_REPLY'],
    ['05000005', 'BAD_SOCKS_REPLY'],
    ['040000', 'BAD_SOCKS_REPLY'],
    [`0500${BOUND}`, 'open'],
  ])('%j is %s', (reply, end) => {
    expect(ends(['0500', reply])).toBe(end);
  });

  it('a reply before the request is none', () => {
    expect(ends([`05000500${BOUND}`])).not.toBe('open');
    const script = new ScriptedSocket();
    let end = 'pending';
    socks5(script.socket, { host: 'a.test', port: 80 }).subscribe({
      error: (error: { code: string }) => (end = error.code),
    });
    script.arrive(Buffer.from(`05000500${BOUND}`, 'hex'));
    expect(end).toBe('BAD_SOCKS_REPLY');
  });
});
