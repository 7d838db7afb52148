import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificates } from '../support/certificates.js';
import { ourClient, ourServer, outcome } from './raw-peer.js';

const HANDSHAKE = 22;
const ALERT = 21;
const APPLICATION_DATA = 23;
const CHANGE_CIPHER_SPEC = 20;

/** Passes bytes on between a client and our server, and keeps what each of them sent. */
async function wiretap(port: number): Promise<{ port: number; sent: Record<'client' | 'server', Buffer> }> {
  const sent = { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => undefined).on('data', (chunk) => (sent.client = Buffer.concat([sent.client, chunk])));
    server.on('error', () => undefined).on('data', (chunk) => (sent.server = Buffer.concat([sent.server, chunk])));
    client.pipe(server).pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => void relay.close());
  return { port: (relay.address() as AddressInfo).port, sent };
}

/** Content types of the TLS records in a stream (RFC 5246 §6.2.1). */
function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at] as number);
  return types;
}

async function overTls(keepAlive: number, idle: number) {
  const { ca, server: credentials } = certificates();
  // TLS 1.2 shows which records are alerts; 1.3 hides it.
  const server = await ourServer(undefined, { tls: { ...credentials, maxVersion: 'TLSv1.2' }, timeout: { idle } });
  const { port, sent } = await wiretap(server.port);
  const client = ourClient({ tls: { ca }, keepAlive });
  const { body } = await outcome(`https://127.0.0.1:${port}/`, client);
  return { body, sent };
}

describe('RFC 9112 §9.7, TLS connection initiation', () => {
  it('all of HTTP travels as TLS application data', async () => {
    const { body, sent } = await overTls(1000, 1000);
    expect(body).toBe('fine');
    for (const bytes of [sent.client, sent.server]) {
      expect(bytes.toString('latin1')).not.toContain('HTTP/1.1');
      const types = recordTypes(bytes);
      expect(types).toContain(APPLICATION_DATA);
      expect(types.every((type) => [HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA].includes(type))).toBe(true);
    }
  });
});

describe('RFC 9112 §9.8, TLS connection closure', () => {
  it.each([
    ['client', 30, 5000],
    ['server', 5000, 30],
  ] as const)('a %s sends a closure alert before it closes an idle connection', async (role, keepAlive, idle) => {
    const { sent } = await overTls(keepAlive, idle);
    const deadline = Date.now() + 3000;
    while (!recordTypes(sent[role]).includes(ALERT) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(recordTypes(sent[role]).at(-1)).toBe(ALERT);
  });
});
