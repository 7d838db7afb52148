import { firstValueFrom, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { connect, type ConnectConfig } from '../../../src/client/connect.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientConfig } from '../../../src/client/request-config.js';
import { DIRECT } from '../../../src/client/route.js';
import { type SessionOwner, TlsSessions } from '../../../src/client/tls-sessions.js';
import type { TlsSession } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { type RealServer, realServer } from '../server/real-server.js';

const owner = (host: string, more: Partial<SessionOwner> = {}): SessionOwner => ({
  host,
  port: 443,
  options: {},
  route: DIRECT,
  hop: 0,
  ...more,
});
const session = (name: string): TlsSession => ({ name }) as never;

describe('the store', () => {
  it('keeps the last session of each owner, and as many owners as it may, those used last', () => {
    const store = new TlsSessions(2);
    store.keep(owner('a'), session('a1'));
    store.keep(owner('a'), session('a2'));
    store.keep(owner('b'), session('b1'));
    expect(store.size).toBe(2);
    expect(store.find(owner('a'))).toEqual(session('a2'));
    store.keep(owner('c'), session('c1'));
    expect(store.size).toBe(2);
    expect(store.find(owner('b'))).toBeUndefined();
    expect(store.find(owner('a'))).toEqual(session('a2'));
    store.forget(owner('a'));
    expect([store.find(owner('a')), store.size]).toEqual([undefined, 1]);
  });

  it('keeps none where none may be kept', () => {
    const store = new TlsSessions(0);
    store.keep(owner('a'), session('a'));
    expect([store.find(owner('a')), store.size]).toEqual([undefined, 0]);
  });

  it.each<[string, Partial<SessionOwner>]>([
    ['host', { host: 'b' }],
    ['port', { port: 444 }],
    ['hop', { hop: 1 }],
    ['option', { options: { localAddress: '127.0.0.1' } }],
    ['verifier', { options: { tls: { checkServerIdentity: () => undefined } } }],
    ['way', { route: { proxies: [], forwards: true } }],
  ])('another %s is another owner', (_, more) => {
    const store = new TlsSessions(10);
    store.keep(owner('a'), session('a'));
    expect(store.find(owner('a', more))).toBeUndefined();
    store.keep(owner('a', more), session('other'));
    expect(store.find(owner('a'))).toEqual(session('a'));
  });
});

const { ca, server } = certificates();

/** Answers whether the connection it came by resumed a session, and closes it. */
function resuming(config: Parameters<typeof realServer>[1] = {}): Promise<RealServer> {
  return realServer(({ tls }) => ({ fields: { connection: 'close' }, body: tls?.resumed ? 'resumed' : 'full' }), {
    tls: server,
    ...config,
  });
}

async function asked(client: ReturnType<typeof createClient>, url: string, more: object = {}): Promise<string> {
  return lastValueFrom(client.request({ url, version: '1.1', ...more }).pipe(text()));
}

const trusting = (config: ClientConfig = {}): ReturnType<typeof createClient> =>
  createClient({ tls: { ca }, ...config });

describe('connect', () => {
  /** One request by hand, and whether its connection has resumed a session. */
  async function resumed(
    config: ConnectConfig & { readonly version?: '1.1' | undefined },
  ): Promise<boolean | undefined> {
    const connection = await firstValueFrom(connect(config));
    const stream = connection.openStream();
    const answer = lastValueFrom(stream);
    stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: 'localhost' } });
    stream.complete();
    await answer; // the tickets of TLS 1.3 come with it
    connection.close();
    return connection.info.tls?.resumed;
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes over %s what it has said before', async (maxVersion) => {
    const { port } = await resuming({ tls: { ...server, maxVersion } });
    const url = `https://localhost:${port}/`;
    expect([await resumed({ url, tls: { ca } }), await resumed({ url, tls: { ca } })]).toEqual([false, true]);
    expect(await resumed({ url, tls: { ca, servername: 'localhost' } })).toBe(false); // other options, another session
  });
});

describe('a client', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes its sessions over %s', async (maxVersion) => {
    const { port } = await resuming({ tls: { ...server, maxVersion } });
    const client = trusting();
    const url = `https://localhost:${port}/`;
    expect([await asked(client, url), await asked(client, url), await asked(client, url)]).toEqual([
      'full',
      'resumed',
      'resumed',
    ]);
    expect(await asked(trusting(), url)).toBe('full'); // another client has nothing of it
  });

  it('keeps none with maxTlsSessions: 0, and takes no nonsense for a number', async () => {
    const { port } = await resuming();
    const client = trusting({ maxTlsSessions: 0 });
    expect([
      await asked(client, `https://localhost:${port}/`),
      await asked(client, `https://localhost:${port}/`),
    ]).toEqual(['full', 'full']);
    expect(() => createClient({ maxTlsSessions: -1 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
