import { describe, expect, it } from 'vitest';
import type { MemoryNetworkConfig } from '../../../src/sockets/memory.js';
import type { ConnectTarget, ListenConfig } from '../../../src/sockets/network.js';
import { world } from './memory-world.js';

const target: ConnectTarget = { host: 'example.com', port: 80 };

describe('pretended TLS', () => {
  const tls = {};
  const secure = { ...target, tls };

  function facts(server: ListenConfig['tls'], to: ConnectTarget, config: MemoryNetworkConfig = {}): unknown[] {
    const result: unknown[] = [];
    world(config, { port: 80, tls: server }, ({ network, accepted, errors, scheduler }) => {
      network.connect(to).subscribe({
        next: (one) => result.push(one.info.tls, accepted[0]?.info.tls),
        error: (error: unknown) => result.push(error),
      });
      scheduler.schedule(() => result.push(...errors), 1);
    });
    return result;
  }

  it('gives both ends the facts', () => {
    const [near, far] = facts({ alpn: ['h2', 'http/1.1'] }, { ...secure, alpn: ['http/1.1', 'h2'] });
    expect(near).toMatchObject({ alpnProtocol: 'h2', servername: 'example.com', authorized: true, resumed: false });
    expect(far).toMatchObject({ alpnProtocol: 'h2', servername: 'example.com', authorized: false });
    expect((near as { peerCertificate(): unknown }).peerCertificate()).toBeUndefined();
    expect(facts({}, { ...secure, host: '127.0.0.1', alpn: ['h2'] })[0]).not.toHaveProperty('servername');
    expect(facts({ ALPNCallback: () => 'x' }, { ...secure, alpn: ['x'] })[0]).toMatchObject({ alpnProtocol: 'x' });
  });

  it.each<[string, ListenConfig['tls'], ConnectTarget, MemoryNetworkConfig, string]>([
    [
      'no protocol in common',
      { alpn: ['h2'] },
      { ...secure, alpn: ['x'] },
      {},
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    ],
    [
      'a refusing callback',
      { ALPNCallback: () => undefined },
      { ...secure, alpn: ['x'] },
      {},
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    ],
    [
      'a throwing callback',
      {
        ALPNCallback: () => {
          throw new Error('oops');
        },
      },
      { ...secure, alpn: ['x'] },
      {},
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    ],
    ['a server in clear', undefined, secure, {}, 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ['a client in clear', {}, target, {}, 'ERR_SSL_WRONG_VERSION_NUMBER'],
    ['a bad certificate', {}, secure, { faults: { certificate: 'CERT_HAS_EXPIRED' } }, 'CERT_HAS_EXPIRED'],
  ])('fails with %s', (_, server, to, config, code) => {
    const [near, far] = facts(server, to, config);
    expect(near).toMatchObject({ name: 'NetworkError', code, phase: 'tls' });
    expect(far).toBe(near);
  });

  it('lets a bad certificate pass where the client does', () => {
    const [near] = facts({}, { ...target, tls: { rejectUnauthorized: false } }, { faults: { certificate: 'X' } });
    expect(near).toMatchObject({ authorized: false, authorizationError: 'X' });
  });
});
