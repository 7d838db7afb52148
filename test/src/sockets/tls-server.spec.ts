import { type SecureVersion } from 'node:tls';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { nodeNetwork } from '../../../src/sockets/network.js';
import type { TlsClientConfig, TlsServerConfig, TlsSession } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { secure, serveTls } from './tls-harness.js';
import { bytes, dial, failure, Reader, until, type Served } from './harness.js';

const { ca, server, client, stranger } = certificates();

describe('a client certificate', () => {
  const asking: TlsServerConfig = { ...server, ca, requestCert: true };

  it('is accepted', async () => {
    const { port, next } = await serveTls(asking);
    await dial(secure(port, client));
    const { tls } = (await next()).info;
    expect(tls).toMatchObject({ authorized: true });
    expect(tls?.peerCertificate()?.subject.CN).toBe('a test client');
  });

  it.each<[string, TlsClientConfig, string, SecureVersion]>([
    ['missing', {}, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'TLSv1.3'],
    ['missing', {}, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'TLSv1.2'],
    ['of an unknown issuer', stranger, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLSv1.3'],
    ['of an unknown issuer', stranger, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLSv1.2'],
  ])('%s fails the handshake, with the reason', async (_, own, code, maxVersion) => {
    const { port, errors, accepted } = await serveTls(asking);
    const ended = await firstValueFrom(nodeNetwork.connect(secure(port, { ...own, maxVersion }))).then(
      (near) => new Reader(near), // TLS 1.3: the client learns of it later
      () => undefined,
    );
    await until(() => errors.length === 1 && (ended === undefined || ended.over));
    expect(errors[0]).toMatchObject({ name: 'NetworkError', code, phase: 'tls' });
    expect(accepted).toHaveLength(0);
  });

  it('missing passes with rejectUnauthorized: false, and it shows', async () => {
    const { port, next } = await serveTls({ ...asking, rejectUnauthorized: false });
    await dial(secure(port, stranger));
    expect((await next()).info.tls).toMatchObject({
      authorized: false,
      authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });
});

describe('a resumed session', () => {
  async function sessionFrom(served: Served, tls: TlsClientConfig = {}): Promise<TlsSession> {
    const sessions: TlsSession[] = [];
    const near = await dial(secure(served.port, { ...tls, onSession: (session) => sessions.push(session) }));
    const reader = new Reader(near);
    (await served.next()).next(bytes('x'));
    await until(() => sessions.length > 0);
    reader.leave();
    return sessions[0] as TlsSession;
  }

  it('brings the client certificate with it', async () => {
    const served = await serveTls({ ...server, ca, requestCert: true });
    const session = await sessionFrom(served, client);
    const near = await dial(secure(served.port, { ...client, session }));
    expect(near.info.tls?.resumed).toBe(true);
    expect((await served.next()).info.tls).toMatchObject({ resumed: true, authorized: true });
  });

  it('is no way around the certificate another server asks for', async () => {
    const session = await sessionFrom(await serveTls());
    const strict = await serveTls({ ...server, ca, requestCert: true });
    await firstValueFrom(nodeNetwork.connect(secure(strict.port, { session }))).then(
      (near) => new Reader(near),
      () => undefined,
    );
    await until(() => strict.errors.length === 1);
    expect(strict.errors[0]).toMatchObject({ code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' });
    expect(strict.accepted).toHaveLength(0);
  });
});

describe('ALPN', () => {
  it('is not offered unless asked', async () => {
    const { port, next } = await serveTls({ ...server, alpn: ['http/1.1'] });
    expect((await dial(secure(port))).info.tls?.alpnProtocol).toBeUndefined();
    expect((await next()).info.tls?.alpnProtocol).toBeUndefined();
  });

  it('is none where the server does not speak it', async () => {
    const { port } = await serveTls();
    expect((await dial(secure(port, {}, { alpn: ['h2'] }))).info.tls?.alpnProtocol).toBeUndefined();
  });

  it('prefers what the server prefers', async () => {
    const { port } = await serveTls({ ...server, alpn: ['h2', 'http/1.1'] });
    expect((await dial(secure(port, {}, { alpn: ['http/1.1', 'h2'] }))).info.tls?.alpnProtocol).toBe('h2');
  });

  it('fails both sides without a protocol in common', async () => {
    const { port, errors } = await serveTls({ ...server, alpn: ['h2'] });
    expect(await failure(secure(port, {}, { alpn: ['http/1.1'] }))).toMatchObject({
      name: 'NetworkError',
      phase: 'tls',
    });
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ name: 'NetworkError', phase: 'tls' });
  });

  it('can be picked by a function; throws and foreign answers refuse one connection only', async () => {
    const answers: (() => string | undefined)[] = [
      () => 'http/1.1',
      () => {
        throw new Error('oops');
      },
      () => 'spdy',
      () => undefined,
      () => 'h2',
    ];
    const { port, errors } = await serveTls({ ...server, ALPNCallback: () => answers.shift()?.() });
    const offer = { alpn: ['h2', 'http/1.1'] };
    expect((await dial(secure(port, {}, offer))).info.tls?.alpnProtocol).toBe('http/1.1');
    for (let i = 0; i < 3; i++) expect(await failure(secure(port, {}, offer))).toMatchObject({ phase: 'tls' });
    expect((await dial(secure(port, {}, offer))).info.tls?.alpnProtocol).toBe('h2');
    expect(errors).toHaveLength(3);
  });
});
