import { createServer as createNetServer, connect as connectNet, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { BehaviorSubject, firstValueFrom, lastValueFrom, of, Subject } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TlsServerConfig } from '../../../src/sockets/tls.js';
import { needsCertificate, selfSigned } from '../../../src/sockets/self-signed.js';
import { serve } from '../../../src/server/serve.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Server } from '../../../src/server/server.js';
import { certificates } from '../../support/certificates.js';
import type { ServerAddress } from '../../../src/server/server-address.js';
import type { ServerEvent } from '../../../src/server/server-event.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { tlsOver } from '../../../src/sockets/tls.js';
import { Reader, until } from '../sockets/harness.js';
import { eventually, realServer } from './real-server.js';

const { server, other, expired, client, ca } = certificates();

/** A client of TLS; what it fails with, if it does. */
async function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve as () => void).once('error', reject));
  socket.on('error', () => undefined);
  return socket;
}

/** Sends over it, and reads to the end of the answer. */
async function ask(socket: Socket, host = 'localhost', path = '/'): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

function plain(port: number): Socket {
  const socket = connectNet(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return socket.on('error', () => undefined);
}

const echoScheme = ({ scheme }: { scheme: string }): { body: string } => ({ body: scheme });

describe('one port', () => {
  it('tells TLS by its first byte, however its hello is cut', async () => {
    const { port } = await realServer(echoScheme, { tls: server, cleartext: true });
    expect(await ask(plain(port))).toMatch(/http$/);
    expect(await ask(await secure(port))).toMatch(/https$/);
    // a relay that cuts what the client sends into single bytes
    const relay = createNetServer((near) => {
      const far = plain(port);
      far.setNoDelay(true).pipe(near.on('error', () => undefined));
      near.on('data', (chunk: Buffer) => chunk.forEach((byte) => void far.write(Buffer.of(byte))));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void relay.close());
    await new Promise((resolve) => relay.once('listening', resolve));
    const through = await secure((relay.address() as { port: number }).port);
    expect(await ask(through)).toContain('https');
  });

  it('without cleartext speaks TLS alone, and without tls none', async () => {
    const only = await realServer(echoScheme, { tls: server });
    expect(await ask(plain(only.port)).catch(String)).not.toContain('200 OK');
    const { port } = await realServer(echoScheme, { cleartext: true });
    await expect(secure(port)).rejects.toThrow();
    expect(await ask(plain(port))).toMatch(/http$/);
  });

  it('closes who says nothing, at its setup time, and forgets who leaves', async () => {
    const { port, events } = await realServer(echoScheme, { tls: server, cleartext: true, timeout: { setup: 50 } });
    const silent = plain(port);
    await new Promise((resolve) => silent.once('close', resolve));
    await eventually(() => events.some(({ type }) => type === 'listener-error'));
    const leaving = plain(port);
    await new Promise((resolve) => leaving.once('connect', resolve));
    leaving.end();
    await new Promise((resolve) => leaving.once('close', resolve));
    expect(events.filter(({ type }) => type === 'listener-error')).toHaveLength(1);
  });

  it('h2 over TLS without ALPN is known by its preface; what ALPN agreed on that is nothing of ours ends it', async () => {
    const { port, events } = await realServer(echoScheme, {
      tls: { ...server, alpn: ['h2', 'mine'] },
      cleartext: true,
    });
    const socket = await secure(port);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    const [first] = (await new Promise<Buffer>((resolve) => socket.once('data', resolve))).subarray(3);
    expect(first).toBe(4); // its SETTINGS
    const odd = await secure(port, { ALPNProtocols: ['mine'] });
    await new Promise((resolve) => odd.once('close', resolve));
    const told = events.find(({ type }) => type === 'connection-error');
    expect(told).toMatchObject({ error: { code: 'ALPN_UNSUPPORTED' } });
  });

  it('has at most so many unfinished handshakes; the others wait their turn', async () => {
    const { port } = await realServer(echoScheme, { tls: server, cleartext: true, maxHandshakes: 2 });
    const silent = [plain(port), plain(port)];
    await Promise.all(silent.map((one) => new Promise((resolve) => one.once('connect', resolve))));
    const third = plain(port);
    const answer = ask(third);
    await new Promise((resolve) => setTimeout(resolve, 30));
    silent[0]?.destroy();
    expect(await answer).toContain('200 OK');
  });
});

describe('a certificate of its own making', () => {
  it('is for the host, one a process, told by event and warning; a client that refuses it changes nothing', async () => {
    const events: ServerEvent[] = [];
    const { port = 0 } = await new Promise<ServerAddress>((resolve) => {
      const serving = serve({ host: '127.0.0.1', tls: true, cleartext: true }, echoScheme).subscribe((one) => {
        one.events$.subscribe((event) => events.push(event));
        resolve(one.address);
      });
      onTestFinished(() => serving.unsubscribe());
    });
    const made = await firstValueFrom(selfSigned('127.0.0.1'));
    expect(events.find(({ type }) => type === 'self-signed')).toMatchObject({
      fingerprint256: made.fingerprint256,
      names: ['127.0.0.1', 'localhost', '::1'],
    });
    await expect(secure(port, { rejectUnauthorized: true })).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    await secure(port, { rejectUnauthorized: true, ca: made.cert, servername: 'localhost' });
    const socket = await secure(port);
    const shown = socket.getPeerX509Certificate();
    expect(shown?.fingerprint256).toBe(made.fingerprint256);
    expect(shown?.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(shown?.checkIP('::1')).toBe('::1');
    expect(shown?.checkHost('localhost')).toBe('localhost');
    expect(shown?.ca).toBe(false);
    expect(shown?.serialNumber.length).toBeGreaterThanOrEqual(32);
    expect(made.validTo.getTime()).toBeGreaterThan(Date.now() + 360 * 86_400_000);
    expect(await ask(socket)).toMatch(/https$/);
  });

  it('is made where settings bring none, and not otherwise', () => {
    expect(needsCertificate({})).toBe(true);
    expect(needsCertificate({ minVersion: 'TLSv1.3' })).toBe(true);
    for (const given of [server, { names: {} }, { pfx: 'x' }]) expect(needsCertificate(given)).toBe(false);
  });
});

describe('settings loaded anew', () => {
  it('are for new handshakes; open connections stay, bad ones change nothing', async () => {
    const tls = new BehaviorSubject<TlsServerConfig>(server);
    const { port, events } = await realServer(echoScheme, { tls });
    const before = await secure(port);
    expect(before.getPeerX509Certificate()?.subjectAltName).toContain('localhost');
    tls.next(other);
    const after = await secure(port);
    expect(after.getPeerX509Certificate()?.subjectAltName).toBe('DNS:other.example');
    expect(await ask(before)).toContain('200 OK');
    tls.next({ cert: 'nonsense', key: 'nonsense' });
    await eventually(() => events.some(({ type }) => type === 'listener-error'));
    expect((await secure(port)).getPeerX509Certificate()?.subjectAltName).toBe('DNS:other.example');
    tls.error(new Error('the disk is gone'));
    expect(events.filter(({ type }) => type === 'listener-error')).toHaveLength(2);
    expect(await ask(await secure(port))).toContain('200 OK');
  });

  it.each([
    ['good ones', other, 'DNS:other.example', 0],
    ['bad ones', { cert: 'nonsense', key: 'nonsense' }, 'localhost', 1],
  ])('count also where they come before the address is bound: %s', async (_, second, shown, failures) => {
    const events: ServerEvent[] = [];
    const listening = await new Promise<Server>((resolve, reject) => {
      const next = (one: Server): void => {
        one.events$.subscribe((event) => events.push(event));
        resolve(one);
      };
      serve({ host: '127.0.0.1', tls: of<TlsServerConfig[]>(server, second) }, echoScheme).subscribe({
        next,
        error: reject,
      });
    });
    onTestFinished(() => void listening.close({ grace: 0 }));
    const { port = 0 } = listening.address;
    expect((await secure(port)).getPeerX509Certificate()?.subjectAltName).toContain(shown);
    expect(events.filter(({ type }) => type === 'listener-error')).toHaveLength(failures);
  });

  it('are waited for before anything is bound, left with the server, and an error before the first is the answer', async () => {
    const tls = new Subject<TlsServerConfig>();
    let bound = false;
    const serving = serve({ host: '127.0.0.1', tls }, echoScheme).subscribe(() => (bound = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bound).toBe(false);
    tls.next(server);
    await until(() => bound);
    serving.unsubscribe();
    expect(tls.observed).toBe(false);
    const failing = new Subject<TlsServerConfig>();
    const failed = lastValueFrom(serve({ host: '127.0.0.1', tls: failing }, echoScheme));
    failing.error(new Error('no such file'));
    await expect(failed).rejects.toThrow('no such file');
    const empty = new Subject<TlsServerConfig>();
    const nothing = lastValueFrom(serve({ host: '127.0.0.1', tls: empty }, echoScheme));
    empty.complete();
    await expect(nothing).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('certificates by name', () => {
  const names = { 'other.example': other, '*.wild.example': expired };

  it('exact, by wildcard of one label, in any case; others get the default, or with strict a fatal alert', async () => {
    const lax = await realServer(echoScheme, { tls: { ...server, names } });
    const shown = async (port: number, servername: string): Promise<string | undefined> =>
      (await secure(port, { servername })).getPeerX509Certificate()?.fingerprint256;
    const defaults = await shown(lax.port, 'localhost');
    const exact = await shown(lax.port, 'other.example');
    const wild = await shown(lax.port, 'a.wild.example');
    expect(new Set([defaults, exact, wild]).size).toBe(3);
    expect(await shown(lax.port, 'OTHER.example')).toBe(exact);
    expect(await shown(lax.port, 'a.b.wild.example')).toBe(defaults);
    expect(await shown(lax.port, 'wild.example')).toBe(defaults);
    const strict = await realServer(echoScheme, { tls: { ...server, names, strict: true } });
    expect(await shown(strict.port, 'other.example')).toBe(exact);
    await expect(shown(strict.port, 'nobody.example')).rejects.toThrow(/unrecognized name/);
    await eventually(() => strict.events.some(({ type }) => type === 'listener-error'));
    expect(strict.events.find(({ type }) => type === 'listener-error')).toMatchObject({
      error: { code: 'UNRECOGNIZED_NAME', phase: 'tls' },
    });
    expect((await secure(strict.port)).getPeerX509Certificate()?.fingerprint256).toBe(defaults);
  });

  it('a request for a host of another certificate is misdirected, in either version', async () => {
    const timeout = { idle: 50, linger: 50 };
    const { port, events } = await realServer(echoScheme, { tls: { ...server, names }, timeout });
    const at = (servername: string): Promise<TLSSocket> => secure(port, { servername });
    expect(await ask(await at('other.example'), 'other.example:443')).toContain('200 OK');
    expect(await ask(await at('other.example'), 'localhost')).toContain('421 Misdirected Request');
    expect(await ask(await at('localhost'), 'other.example')).toContain('421');
    expect(await ask(await secure(port), 'a.wild.example')).toContain('421');
    expect(await ask(await secure(port), 'another.example')).toContain('200 OK');
    expect(events.filter((event) => event.type === 'refused' && event.status === 421)).toHaveLength(3);
    const { createClient } = await import('../../../src/client/create-client.js');
    const ours = createClient({ tls: { rejectUnauthorized: false, servername: 'other.example' } });
    const url = `https://localhost:${port}/`;
    const { status, version } = await firstValueFrom(ours.request({ url, version: '2' }));
    expect([status, version]).toEqual([421, '2']);
    await lastValueFrom(ours.close(), { defaultValue: undefined });
  });

  it.each([
    { names: { '*': other } },
    { names: { '*.com': other } },
    { names: { '1.2.3.4': other } },
    { names: { '': other } },
  ])('refuses what is no name, %#', async (tls) => {
    const config: ServeConfig = { host: '127.0.0.1', tls: { ...server, ...tls } };
    await expect(lastValueFrom(serve(config, echoScheme))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

it('facts of the client certificate are on the request', async () => {
  const seen: unknown[] = [];
  const tls = { ...server, ca, requestCert: true };
  const { port } = await realServer(
    (request) => {
      const { peer, protocol, cipherSuite, authorized, resumed } = request.tls ?? {};
      seen.push({ peer, protocol, cipherSuite, authorized, resumed });
      return {};
    },
    { tls },
  );
  await ask(await secure(port, client));
  expect(seen).toMatchObject([
    {
      protocol: 'TLSv1.3',
      cipherSuite: 'TLS_AES_256_GCM_SHA384',
      authorized: true,
      resumed: false,
      peer: { subject: { CN: 'a test client' }, issuer: { CN: 'rxweir test authority' }, subjectAltNames: [] },
    },
  ]);
  const { peer } = seen[0] as { peer: { validFrom: Date; validTo: Date; fingerprint256: string } };
  expect(peer.validTo.getTime() - peer.validFrom.getTime()).toBeGreaterThan(86_400_000);
  expect(peer.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

describe('profiles and ciphers', () => {
  it('modern takes no TLS 1.2, an unknown profile is refused, and HTTP/2 is not spoken over a banned suite', async () => {
    const modern = await realServer(echoScheme, { tls: { ...server, profile: 'modern' } });
    await expect(secure(modern.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/alert/);
    const bad = { ...server, profile: 'newest' as 'modern' };
    await expect(lastValueFrom(serve({ tls: bad }, echoScheme))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const old = await realServer(echoScheme, { tls: { ...server, profile: 'old' } });
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
    const socket = await secure(old.port, { ...weak, ALPNProtocols: ['h2'] });
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    await until(() => received.includes(Buffer.from([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12]))); // GOAWAY
    expect(await ask(await secure(old.port, weak))).toContain('200 OK');
  });
});

describe('tickets and staples', () => {
  it('keys given resume sessions at another server; without tickets there is none', async () => {
    const ticketKeys = Buffer.alloc(48, 7);
    const first = await realServer(echoScheme, { tls: { ...server, ticketKeys } });
    const second = await realServer(echoScheme, { tls: { ...server, ticketKeys } });
    const socket = connectTls({ port: first.port, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' });
    const session = await new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.destroy();
    expect((await secure(second.port, { session, maxVersion: 'TLSv1.2' })).isSessionReused()).toBe(true);
    const none = await realServer(echoScheme, { tls: { ...server, tickets: false } });
    const plainSession = await secure(none.port, { maxVersion: 'TLSv1.2' });
    expect(plainSession.getTLSTicket()).toBeUndefined();
  });

  it('staples what it is given; a failure, or nothing, staples nothing', async () => {
    const stapled = async (ocsp: TlsServerConfig['ocsp']): Promise<unknown> => {
      const { port } = await realServer(echoScheme, { tls: { ...server, ocsp } });
      const asking: ConnectionOptions & { requestOCSP: boolean } = { port, host: '127.0.0.1', requestOCSP: true };
      const socket = connectTls({ ...asking, rejectUnauthorized: false });
      onTestFinished(() => void socket.destroy());
      return new Promise((resolve, reject) => socket.once('OCSPResponse', resolve).once('error', reject));
    };
    expect(await stapled(() => [Uint8Array.of(1, 2, 3)])).toEqual(Buffer.of(1, 2, 3));
    expect(await stapled(() => [])).toBeFalsy();
    expect(
      await stapled(() => {
        throw new Error('no responder');
      }),
    ).toBeFalsy();
  });
});

describe('several places, and connections from elsewhere', () => {
  it('one server listens at all, or at none', async () => {
    const { server: both, port } = await realServer(echoScheme, {
      host: undefined,
      port: undefined,
      listen: [{ host: '127.0.0.1' }, { host: '127.0.0.1', tls: server }],
    });
    const [, second] = both.addresses;
    expect(both.addresses[0]).toEqual(both.address);
    expect(await ask(plain(port))).toMatch(/http$/);
    expect(await ask(await secure(second?.port ?? 0))).toMatch(/https$/);
    const taken = serve(
      {
        listen: [
          { host: '127.0.0.1', port: 0 },
          { host: '127.0.0.1', port },
        ],
      },
      echoScheme,
    );
    await expect(lastValueFrom(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await lastValueFrom(both.close(), { defaultValue: undefined });
    for (const one of both.addresses) await expect(secure(one.port ?? 0)).rejects.toThrow('ECONNREFUSED');
  });

  it('an accepted socket of Node.js is served, in clear or as its first byte says, or as told', async () => {
    const { server: ours } = await realServer(echoScheme, { tls: server });
    const options: Parameters<typeof ours.addSocket>[1][] = [];
    const outer = createNetServer({ pauseOnConnect: true }, (socket) => ours.addSocket(socket, options.shift())).listen(
      0,
    );
    onTestFinished(() => void outer.close());
    await new Promise((resolve) => outer.once('listening', resolve));
    const { port } = outer.address() as { port: number };
    expect(await ask(plain(port))).toMatch(/http$/);
    expect(await ask(await secure(port))).toMatch(/https$/);
    options.push({ tls: other });
    expect((await secure(port)).getPeerX509Certificate()?.subjectAltName).toBe('DNS:other.example');
    options.push({ tls: true });
    expect(await ask(plain(port)).catch(String)).not.toContain('200 OK');
    const { server: clear } = await realServer(echoScheme);
    expect(() => clear.addSocket(memoryPair()[1], { tls: true })).toThrow('the server has none');
  });

  it('TLS is spoken over bytes that somebody else carries', async () => {
    const { server: ours } = await realServer(echoScheme, { tls: server });
    const [near, far] = memoryPair({ chunking: () => 7 });
    ours.addSocket(far);
    const clear = await firstValueFrom(tlsOver(near, { host: 'localhost', tls: { ca } }));
    const reader = new Reader(clear);
    clear.next(Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'));
    await until(() => reader.text.endsWith('https'));
  });
});
