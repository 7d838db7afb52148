/** RFC 1929: user and password for SOCKS 5. */
import { describe, expect, it } from 'vitest';
import { socks5 } from '../../operators/tunnel/socks5.js';
import { splits } from '../support/every-split.js';
import { ScriptedSocket } from '../operators/tunnel/scripted-socket.js';

describe('RFC 1929 §2', () => {
  it.each([
    ['0100', 'pending'],
    ['0101', 'SOCKS_AUTH_REJECTED'],
    ['01ff', 'SOCKS_AUTH_REJECTED'],
    ['0500', 'BAD_SOCKS_REPLY'],
    ['0000', 'BAD_SOCKS_REPLY'],
  ])('the answer %s is %s, split at every byte', (answer, wanted) => {
    for (const chunks of splits(Buffer.from(answer, 'hex'))) {
      const script = new ScriptedSocket();
      let end = 'pending';
      socks5(script.socket, { host: 'a.test', port: 80, username: 'user', password: 'pass' }).subscribe({
        error: (error: { code: string }) => (end = error.code),
      });
      script.arrive(Buffer.from('0502', 'hex'));
      for (const chunk of chunks) if (end === 'pending') script.arrive(chunk);
      expect(end).toBe(wanted);
      expect(script.sent[1]?.toString('latin1')).toBe('\x01\x04user\x04pass');
      expect(script.sent).toHaveLength(wanted === 'pending' ? 3 : 2);
    }
  });

  it('lengths of 1 and 255', () => {
    const script = new ScriptedSocket();
    socks5(script.socket, { host: 'a.test', port: 80, username: 'u', password: 'p'.repeat(255) }).subscribe();
    script.arrive(Buffer.from('0502', 'hex'));
    expect(script.sent[1]?.length).toBe(3 + 1 + 255);
  });
});
