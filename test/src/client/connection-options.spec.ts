import { firstValueFrom, lastValueFrom, of, switchMap, tap, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ConnectionOptions } from '../../../src/client/connection-options.js';
import { serve } from '../../../src/server/serve.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { ConnectTarget, Network } from '../../../src/sockets/network.js';
import { certificates } from '../../support/certificates.js';

/** A network in memory that keeps what it was asked to connect to. */
function counted(): { network: Network; targets: ConnectTarget[]; running: Subscription } {
  const memory = memoryNetwork();
  const targets: ConnectTarget[] = [];
  const network: Network = {
    connect: (target) => memory.connect(target).pipe(tap({ subscribe: () => targets.push(target) })),
    listen: (config) => memory.listen(config),
  };
  const running = network
    .listen({ port: 80 })
    .pipe(switchMap((listener) => listener.connections))
    .subscribe((socket) =>
      socket.subscribe({
        next: () => socket.next(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')),
        error: () => undefined,
      }),
    );
  running.add(
    network
      .listen({ port: 443, tls: {} })
      .pipe(switchMap((listener) => listener.connections))
      .subscribe((socket) =>
        socket.subscribe({
          next: () => socket.next(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')),
          error: () => undefined,
        }),
      ),
  );
  return { network, targets, running };
}

const HERE = [{ address: '127.0.0.1', family: 4 as const }];
const verify = (): undefined => undefined;

describe('a connection is shared only where its whole identity is the same', () => {
  const changes: [string, string, ConnectionOptions, ConnectionOptions][] = [
    ['another local address', 'http://server/', {}, { localAddress: '127.0.0.2' }],
    ['another local port', 'http://server/', {}, { localPort: 4000 }],
    ['another family', 'http://server/', {}, { family: 6 }],
    ['another lookup function', 'http://server/', { lookup: () => undefined }, { lookup: () => undefined }],
    ['another resolver, equal as text', 'http://server/', { resolver: () => of(HERE) }, { resolver: () => of(HERE) }],
    ['another address policy', 'http://server/', { addressPolicy: () => true }, { addressPolicy: () => true }],
    ['another way to try addresses', 'http://server/', { happyEyeballs: {} }, { happyEyeballs: { attemptDelay: 100 } }],
    ['another high-water mark', 'http://server/', {}, { highWaterMark: 1000 }],
    ['TLS settings where there were none', 'https://server/', {}, { tls: { servername: 'x' } }],
    ['another servername', 'https://server/', { tls: { servername: 'x' } }, { tls: { servername: 'y' } }],
    ['another authority', 'https://server/', { tls: { ca: 'a' } }, { tls: { ca: 'b' } }],
    ['a client certificate', 'https://server/', { tls: { ca: 'a' } }, { tls: { ca: 'a', cert: 'c' } }],
    ['no verification', 'https://server/', { tls: {} }, { tls: { rejectUnauthorized: false } }],
    [
      'another verifier, equal as text',
      'https://server/',
      { tls: { checkServerIdentity: () => undefined } },
      { tls: { checkServerIdentity: () => undefined } },
    ],
  ];
  for (const [what, url, one, other] of changes) {
    it(`J1 ${what} is another connection`, async () => {
      const { network, targets, running } = counted();
      const client = createClient({ network });
      await lastValueFrom(client.request({ url, ...one }).pipe(text()));
      await lastValueFrom(client.request({ url, ...one }).pipe(text()));
      expect(targets).toHaveLength(1);
      await lastValueFrom(client.request({ url, ...other }).pipe(text()));
      expect(targets).toHaveLength(2);
      await lastValueFrom(client.request({ url, ...other }).pipe(text()));
      await lastValueFrom(client.request({ url, ...one }).pipe(text()));
      expect(targets).toHaveLength(2);
      running.unsubscribe();
    });
  }

  it('J1 another origin is another connection: scheme, host, port', async () => {
    const { network, targets, running } = counted();
    const client = createClient({ network });
    await lastValueFrom(client.request('http://server/').pipe(text()));
    await lastValueFrom(client.request('https://server/').pipe(text()));
    await lastValueFrom(client.request('http://other/').pipe(text()));
    await lastValueFrom(client.request('http://SERVER:80/path').pipe(text()));
    expect(targets.map(({ host, port }) => `${host}:${port}`)).toEqual(['server:80', 'server:443', 'other:80']);
    running.unsubscribe();
  });

  it('J3 TLS settings reach the network as the very object that was given', async () => {
    const { network, targets, running } = counted();
    const tls = Object.freeze({ checkServerIdentity: verify });
    await lastValueFrom(createClient({ network, tls }).request('https://server/').pipe(text()));
    await lastValueFrom(createClient({ network }).request({ url: 'https://server/', tls }).pipe(text()));
    expect(targets.map((target) => target.tls)).toEqual([tls, tls]);
    expect(targets[0]?.tls).toBe(tls);
    expect(targets[1]?.tls).toBe(tls);
    running.unsubscribe();
  });
});

describe('over real TLS', () => {
  const running: Subscription[] = [];
  afterEach(() => {
    for (const each of running.splice(0)) each.unsubscribe();
  });

  const listening = (credentials: { cert: string; key: string }): Promise<number> =>
    new Promise((resolve, reject) => {
      running.push(
        serve({ host: '127.0.0.1', port: 0, tls: credentials }, ({ tls }) => ({
          body: tls?.servername ?? 'none',
        })).subscribe({
          next: ({ address }) => resolve(address.port as number),
          error: reject,
        }),
      );
    });

  it('J4 the certificate is checked against the origin, and no name is indicated for an address', async () => {
    const { ca, server, other } = certificates();
    const right = await listening(server);
    const wrong = await listening(other);
    const client = createClient({ tls: { ca } });
    expect(await lastValueFrom(client.request(`https://localhost:${right}/`).pipe(text()))).toBe('localhost');
    expect(await lastValueFrom(client.request(`https://127.0.0.1:${right}/`).pipe(text()))).toBe('none');
    await expect(firstValueFrom(client.request(`https://localhost:${wrong}/`))).rejects.toMatchObject({
      name: 'NetworkError',
      phase: 'tls',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('a refused certificate is refused again, and the next request is not harmed', async () => {
    const { ca, server, stranger } = certificates();
    const right = await listening(server);
    const wrong = await listening(stranger);
    const client = createClient({ tls: { ca } });
    for (let i = 0; i < 3; i++) {
      await expect(firstValueFrom(client.request(`https://localhost:${wrong}/`))).rejects.toMatchObject({
        phase: 'tls',
      });
    }
    expect(await lastValueFrom(client.request(`https://localhost:${right}/`).pipe(text()))).toBe('localhost');
  });
});
