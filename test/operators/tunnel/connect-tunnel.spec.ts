import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import type { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import type { TunnelRefusedError } from '../../../operators/tunnel/connect-handshake.js';
import { connectTunnel, type ConnectTunnelConfig } from '../../../operators/tunnel/connect-tunnel.js';
import { splits } from '../../support/every-split.js';
import { ScriptedSocket } from './scripted-socket.js';

type Tunnel = DuplexSubject<Uint8Array, Uint8Array, string>;

/** Opens a tunnel over a script; `end` says how it ended. */
function opened(config: Partial<ConnectTunnelConfig> = {}) {
  const script = new ScriptedSocket();
  const state: { tunnel?: Tunnel; end: string; error?: TunnelRefusedError } = { end: 'pending' };
  const subscription = connectTunnel(script.socket, { authority: 'a.test:443', ...config }).subscribe({
    next: (tunnel) => (state.tunnel = tunnel),
    error: (error: TunnelRefusedError) => Object.assign(state, { end: error.code, error }),
    complete: () => (state.end = 'open'),
  });
  return { script, state, subscription };
}

const OK = 'HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n';

describe('connectTunnel', () => {
  it('asks, and hands the stream over, whatever 2xx says about a body, split at every byte', () => {
    for (const reply of [
      OK,
      'HTTP/1.0 299 \r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
      `HTTP/1.1 103 x\r\n\r\n${OK}`,
    ]) {
      for (const chunks of splits(Buffer.from(reply))) {
        const { script, state } = opened();
        expect(script.text).toBe('CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n');
        for (const chunk of chunks) script.arrive(chunk);
        expect(state.end).toBe('open');
        const log: string[] = [];
        state.tunnel?.subscribe({
          next: (bytes) => log.push(Buffer.from(bytes).toString()),
          complete: () => log.push('end'),
        });
        script.arrive('hello');
        script.inbound.complete();
        expect(log).toEqual(['hello', 'end']);
        state.tunnel?.next(Buffer.from('bye'));
        state.tunnel?.complete();
        expect(script.text.endsWith('\r\n\r\nbyecomplete')).toBe(true);
        expect(state.tunnel?.info).toBe('info');
      }
    }
  });

  it('with fields of its own', () => {
    const { script } = opened({ authority: '[::1]:80', fields: { 'proxy-authorization': 'Basic x', host: 'b.test' } });
    expect(script.text).toBe('CONNECT [::1]:80 HTTP/1.1\r\nproxy-authorization: Basic x\r\nhost: b.test\r\n\r\n');
  });

  it.each(['', 'a.test', ':443', 'a.test:0', 'a.test:65536', 'u@a.test:443', 'a.test:443/x', 'a.test:443\r\nx: y'])(
    'does not even read for the target %j',
    (authority) => {
      const { script, state } = opened({ authority });
      expect(state.end).toMatch(/^INVALID_/);
      expect(script.subscriptions + script.sent.length).toBe(0);
    },
  );

  it.each(['keep', 'refuse'] as const)('early bytes: %s, split at every byte', (earlyBytes) => {
    for (const chunks of splits(Buffer.from(`${OK}SSH-2.0`))) {
      const { script, state } = opened({ earlyBytes });
      for (const chunk of chunks) script.arrive(chunk);
      const log: string[] = [];
      state.tunnel?.subscribe((bytes) => log.push(Buffer.from(bytes).toString()));
      const together = chunks.some((_, at) => {
        const before = Buffer.concat(chunks.slice(0, at)).length;
        return before < OK.length && before + (chunks[at] as Uint8Array).length > OK.length;
      });
      if (earlyBytes === 'refuse' && together) {
        expect(state.end).toBe('EARLY_TUNNEL_BYTES');
        expect(script.released).toBe(1);
      } else expect(log.join('')).toBe('SSH-2.0');
    }
  });

  it('what is kept keeps its credit', () => {
    const { script, state } = opened({ earlyBytes: 'keep' });
    let released = false;
    deliver(script.inbound, Buffer.from(`${OK}x`), () => (released = true));
    expect(released).toBe(false);
    const releases: Release[] = [];
    state.tunnel?.subscribe(() => releases.push(hold()));
    expect(released).toBe(false);
    releases[0]?.();
    expect(released).toBe(true);
  });

  it('a refusal is told with status, fields and body, split at every byte', () => {
    const reply =
      'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 2\r\n\r\nno';
    for (const chunks of splits(Buffer.from(reply))) {
      const { script, state } = opened();
      for (const chunk of chunks) script.arrive(chunk);
      expect(state.error).toMatchObject({ code: 'TUNNEL_REFUSED', status: 407, name: 'ProtocolError' });
      expect(state.error?.fields.get('proxy-authenticate')).toBe('Basic');
      expect(Buffer.from(state.error?.body ?? []).toString()).toBe('no');
      expect(script.released).toBe(1);
    }
  });

  it('a body until the end of the connection, one without end, one in chunks', () => {
    const until = opened();
    until.script.arrive('HTTP/1.1 502 \r\n\r\nsorry');
    expect(until.state.end).toBe('pending');
    until.script.inbound.complete();
    expect(Buffer.from(until.state.error?.body ?? []).toString()).toBe('sorry');
    const endless = opened({ maxBody: 10 });
    endless.script.arrive('HTTP/1.1 502 \r\n\r\n');
    endless.script.arrive('123456789');
    expect(endless.state.end).toBe('pending');
    endless.script.arrive('abc');
    expect(Buffer.from(endless.state.error?.body ?? []).toString()).toBe('123456789a');
    const chunked = opened();
    chunked.script.arrive('HTTP/1.1 403 \r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n');
    expect(chunked.state.error).toMatchObject({ status: 403 });
  });

  it.each([
    ['', 'TUNNEL_CLOSED'],
    ['HTTP/1.1 103 \r\n\r\n', 'TUNNEL_CLOSED'],
    ['HTTP/1.1 200 OK\r\nx', 'TRUNCATED_MESSAGE'],
    ['garbage', 'BAD_STATUS_LINE'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'VERSION_UNSUPPORTED'],
    ['HTTP/1.1 101 \r\n\r\n', 'UNEXPECTED_UPGRADE'],
    ['HTTP/1.1 403 \r\ncontent-length: 5\r\n\r\nab', 'TRUNCATED_MESSAGE'],
  ])('%j and the end is %s', (reply, code) => {
    const { script, state } = opened();
    script.arrive(reply);
    script.inbound.complete();
    expect(state.end).toBe(code);
    expect(script.released).toBe(1);
  });

  it('maxHead: met exactly, and passed by one', () => {
    const head = (length: number): string => `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(length - 24)}\r\n\r\n`;
    for (const [length, end] of [
      [8192 - 33, 'open'],
      [8193, 'TUNNEL_REPLY_LIMIT'],
    ] as const) {
      const { script, state } = opened();
      expect(head(length)).toHaveLength(length);
      script.arrive(head(length));
      expect([end, 'FIELD_LIMIT']).toContain(state.end);
      if (end === 'open') expect(state.end).toBe(end);
    }
    const { script, state } = opened({ maxHead: 100 });
    for (let i = 0; i < 20 && state.end === 'pending'; i++) script.arrive('HTTP/1.1 103 \r\n\r\n');
    expect(state.error).toMatchObject({ code: 'TUNNEL_REPLY_LIMIT', limit: 'maxHead' });
  });

  it('errors of the socket pass, before and after', () => {
    const before = opened();
    before.script.inbound.error({ code: 'ECONNRESET' });
    expect(before.state.end).toBe('ECONNRESET');
    const after = opened();
    after.script.arrive(OK);
    let code = '';
    after.state.tunnel?.subscribe({ error: (error: { code: string }) => (code = error.code) });
    after.script.inbound.error({ code: 'ECONNRESET' });
    expect(code).toBe('ECONNRESET');
  });

  it('leaving lets the socket go: before it is open by the asker, then by the reader', () => {
    const before = opened();
    before.subscription.unsubscribe();
    expect(before.script.released).toBe(1);
    const after = opened();
    after.script.arrive(OK);
    after.subscription.unsubscribe();
    expect(after.script.released).toBe(0);
    after.state.tunnel?.subscribe().unsubscribe();
    expect(after.script.released).toBe(1);
  });

  it('is cold', () => {
    const script = new ScriptedSocket();
    const tunnel = connectTunnel(script.socket, { authority: 'a.test:443' });
    expect(script.subscriptions).toBe(0);
    tunnel.subscribe();
    expect(script.subscriptions).toBe(1);
  });
});
