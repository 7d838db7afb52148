import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type ConnectTarget } from '../../../src/sockets/network.js';
import type { TlsClientConfig, TlsServerConfig, TlsSession } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { secure, serveTls } from './tls-harness.js';
import { bytes, dial, failure, Reader, until } from './harness.js';

const { ca, server, other, expired, stranger } = certificates();

const loopback: ConnectTarget['lookup'] = (_host, _options, answer) => answer(null, '127.0.0.1', 4);

describe('the certificate', () => {
  it.each<[string, TlsServerConfig, Partial<ConnectTarget>, string]>([
    ['is expired', expired, {}, 'CERT_HAS_EXPIRED'],
    ['is for another name', other, {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is for another address', other, { host: '127.0.0.1' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['has an unknown issuer', stranger, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('refuses one that %s, with the reason', async (_, tls, more, code) => {
    const { port, errors, accepted } = await serveTls(tls);
    const error = await failure(secure(port, {}, more));
    expect(error).toMatchObject({ name: 'NetworkError', code, phase: 'tls' });
    expect(error['message']).not.toBe('');
    const good = await serveTls(); // and another connection is not disturbed
    await dial(secure(good.port));
    await until(() => errors.length + accepted.length > 0); // TLS 1.3: the server may have thought it done
  });

  it('is refused without the test authority', async () => {
    const { port } = await serveTls();
    expect(await failure({ host: 'localhost', family: 4, port, tls: {} })).toMatchObject({ phase: 'tls' });
  });

  it('may be for an address', async () => {
    const { port } = await serveTls();
    const near = await dial(secure(port, {}, { host: '127.0.0.1' }));
    expect(near.info.tls?.authorized).toBe(true);
    expect(near.info.tls).not.toHaveProperty('servername');
  });

  it('passes with rejectUnauthorized: false, and it shows', async () => {
    const { port } = await serveTls(other);
    const near = await dial(secure(port, { rejectUnauthorized: false }));
    expect(near.info.tls).toMatchObject({ authorized: false, authorizationError: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const { port: unknown } = await serveTls(stranger);
    const far = await dial(secure(unknown, { rejectUnauthorized: false }));
    expect(far.info.tls).toMatchObject({ authorized: false, authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  it('is checked against verifyName where that is given, never against servername', async () => {
    const { port } = await serveTls(other);
    const near = await dial(secure(port, { verifyName: 'other.example' }));
    expect(near.info.tls).toMatchObject({ authorized: true, servername: 'localhost' });
    expect(await failure(secure(port, { servername: 'other.example' }))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('is checked by a function of the caller instead', async () => {
    const { port } = await serveTls(other);
    const seen: string[] = [];
    await dial(
      secure(port, {
        checkServerIdentity: (name, certificate) => {
          seen.push(name, String(certificate.subject.CN));
          return undefined;
        },
      }),
    );
    expect(seen).toEqual(['localhost', 'other.example']);
    const refused = await failure(secure(port, { checkServerIdentity: () => new Error('not pinned') }));
    expect(refused).toMatchObject({ name: 'NetworkError', code: 'CERT_REJECTED', phase: 'tls', message: 'not pinned' });
    const thrown = await failure(
      secure(port, {
        checkServerIdentity: () => {
          throw new TypeError('oops');
        },
      }),
    );
    expect(thrown).toMatchObject({ name: 'NetworkError', code: 'CERT_REJECTED', message: 'oops' });
  });

  it('is checked again when a session is resumed', async () => {
    const { port, next } = await serveTls();
    const sessions: TlsSession[] = [];
    const first = await dial(secure(port, { onSession: (session) => sessions.push(session) }));
    new Reader(first);
    (await next()).next(bytes('x'));
    await until(() => sessions.length > 0);
    const [session] = sessions;

    const resumed = await dial(secure(port, { session }));
    expect(resumed.info.tls).toMatchObject({ resumed: true, authorized: true });
    const checked: string[] = [];
    const check = (name: string): Error => (checked.push(name), new Error('no longer trusted'));
    expect(await failure(secure(port, { session, checkServerIdentity: check }))).toMatchObject({
      code: 'CERT_REJECTED',
    });
    expect(checked).toEqual(['localhost']);
    expect(await failure(secure(port, { session, verifyName: 'other.example' }))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const elsewhere = { session, ca: [ca] }; // equal, but who is to tell
    expect((await dial(secure(port, elsewhere))).info.tls).toMatchObject({ resumed: false, authorized: true });
    expect(resumed.info.tls?.peerCertificate()?.subject.CN).toBe('localhost');
    const lenient = await dial(secure(port, { session, checkServerIdentity: check, rejectUnauthorized: false }));
    expect(lenient.info.tls).toMatchObject({ resumed: true, authorized: false, authorizationError: 'CERT_REJECTED' });
  });

  it('a throwing onSession fails that connection only', async () => {
    const { port, next } = await serveTls();
    const near = await dial(
      secure(port, {
        onSession: () => {
          throw new Error('store is full');
        },
      }),
    );
    const reader = new Reader(near);
    (await next()).next(bytes('x'));
    await until(() => reader.over);
    expect(reader.error).toMatchObject({ name: 'NetworkError', message: 'store is full' });
    await dial(secure(port));
  });
});

describe('the indicated name', () => {
  it.each<[string, Partial<ConnectTarget>, TlsClientConfig, string | undefined]>([
    ['is the host', {}, {}, 'localhost'],
    ['is the host without its final dot', { host: 'localhost.', lookup: loopback }, {}, 'localhost'],
    ['is none for an address', { host: '127.0.0.1' }, {}, undefined],
    ['is none when switched off', {}, { servername: false }, undefined],
    ['is another when asked', {}, { servername: 'front.example' }, 'front.example'],
    ['is another for an address too', { host: '127.0.0.1' }, { servername: 'front.example' }, 'front.example'],
    ['is none when asked to be an address', {}, { servername: '127.0.0.1' }, undefined],
  ])('%s', async (_, more, tls, expected) => {
    const { port, next } = await serveTls();
    const near = await dial(secure(port, tls, more));
    expect(near.info.tls?.servername).toBe(expected);
    expect((await next()).info.tls?.servername).toBe(expected);
  });

  it('lets the server pick a context', async () => {
    const names: string[] = [];
    const { port } = await serveTls({
      ...stranger,
      SNICallback: (name, answer) => {
        names.push(name);
        answer(null, createSecureContext(server));
      },
    });
    await dial(secure(port));
    expect(names).toEqual(['localhost']);
  });

  it.each<[string, TlsServerConfig['SNICallback']]>([
    [
      'throws',
      () => {
        throw new Error('no such tenant');
      },
    ],
    ['answers with an error', (_, answer) => answer(new Error('no such tenant'))],
  ])('J7 fails one connection only where the SNI callback %s', async (_, SNICallback) => {
    let calls = 0;
    const { port, errors } = await serveTls({
      ...server,
      SNICallback: (name, answer) => (calls++ === 0 ? SNICallback?.(name, answer) : answer(null)),
    });
    expect(await failure(secure(port))).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ name: 'NetworkError', phase: 'tls', message: 'no such tenant' });
    await dial(secure(port));
  });
});
