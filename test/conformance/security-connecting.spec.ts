/** Where connections go, and whom they belong to, by row of the attack catalogue: G11 and J. */
import { createServer as createNetServer, connect as connectNet, type AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, of, type Observable } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { retryExchange } from '../../operators/exchange/retry-exchange.js';
import { connect } from '../../src/client/connect.js';
import { createClient } from '../../src/client/create-client.js';
import { publicAddressesOnly } from '../../src/client/public-addresses-only.js';
import type { ConnectTarget, Network } from '../../src/sockets/network.js';
import { nodeNetwork } from '../../src/sockets/network.js';
import type { ResolvedAddress, Resolver } from '../../src/sockets/resolved-address.js';
import type { PeerCertificate } from 'node:tls';
import { httpProxy, socksProxy } from '../src/client/proxy-servers.js';
import { origins, to } from '../src/client/origins.js';
import { realServer } from '../src/server/real-server.js';
import { certificates } from '../support/certificates.js';

const { ca, server } = certificates();
const at = (...addresses: string[]): readonly ResolvedAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const refused = { name: 'NetworkError', code: 'ADDRESS_REFUSED', phase: 'connect' };

/** Loopback in all its disguises, but for `127.0.0.1` itself. */
const notLocal = ({ address }: ResolvedAddress): boolean => address === '127.0.0.1';

describe('G11: which addresses are connected to', () => {
  it.each([
    'http://127.0.0.1/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://127.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://127。0。0。1/',
    'https://127.0.0.1/',
  ])('G11 %s is refused, and nothing is connected', async (url) => {
    const attempts: string[] = [];
    const network: Network = { ...nodeNetwork, connect: (target) => nodeNetwork.connect(watched(target, attempts)) };
    const client = createClient({ network, addressPolicy: publicAddressesOnly });
    await expect(firstValueFrom(client.request(url))).rejects.toMatchObject(refused);
    expect(attempts).toHaveLength(1); // it was judged, once
  });

  it('G11 a name is judged by what it resolves to, at every resolution: rebinding is refused', async () => {
    const { port } = await realServer(() => ({ fields: { connection: 'close' }, body: 'ok' }));
    const answers = [at('127.0.0.1'), at('127.0.0.2')];
    const resolver: Resolver = () => of(answers.shift() ?? []);
    const client = createClient({ resolver, addressPolicy: notLocal });
    const url = `http://rebinding.example:${port}/`;
    expect(await lastValueFrom(client.request(url).pipe(text()))).toBe('ok');
    await expect(firstValueFrom(client.request(url))).rejects.toMatchObject(refused);
  });

  it('G11 the name is asked once for each connection, and the connection goes to the address that was judged', async () => {
    const { port } = await realServer(({ authority }) => ({ body: authority }));
    let asked = 0;
    const judged: string[] = [];
    const resolver: Resolver = () => of(asked++ === 0 ? at('127.0.0.1') : at('10.0.0.1'));
    const client = createClient({ resolver, addressPolicy: ({ address }) => judged.push(address) > 0 });
    const response = await firstValueFrom(client.request(`http://once.example:${port}/`));
    expect([asked, judged, response.connection.remote.address]).toEqual([1, ['127.0.0.1'], '127.0.0.1']);
  });

  it('G11 of several addresses only those that pass are tried, and none of the others ever', async () => {
    const { port } = await realServer(() => ({ body: 'ok' }));
    const resolver: Resolver = () => of(at('::1', '127.0.0.2', '127.0.0.1'));
    const client = createClient({ resolver, addressPolicy: notLocal });
    const response = await firstValueFrom(client.request(`http://mixed.example:${port}/`));
    expect(response.connection.remote.address).toBe('127.0.0.1');
    const all = createClient({ resolver: () => of(at('::1', '127.0.0.2')), addressPolicy: notLocal });
    await expect(firstValueFrom(all.request(`http://all.example:${port}/`))).rejects.toMatchObject(refused);
  });

  it.each(['//0x7f.1/', 'http://[::ffff:127.0.0.1]/', 'http://inside.example/'])(
    'G11 a redirect to %s is refused like a request',
    async (location) => {
      const { network, arrived } = origins(() => to(location));
      const resolver: Resolver = (name) => of(at(name === 'inside.example' ? '10.0.0.1' : '93.184.215.14'));
      const client = createClient({ network, resolver, addressPolicy: publicAddressesOnly });
      await expect(firstValueFrom(client.request('http://outside.example/'))).rejects.toMatchObject(refused);
      expect(arrived).toHaveLength(1);
    },
  );

  it('G11 a policy that throws refuses, and a refusal is not tried again', async () => {
    let asked = 0;
    const addressPolicy = (): boolean => {
      asked++;
      throw new Error('list not loaded');
    };
    const request = createClient({ addressPolicy }).request('http://127.0.0.1/');
    const error = await firstValueFrom(request.pipe(retryExchange({ method: 'GET', count: 3 }))).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ ...refused, cause: { message: 'list not loaded' } });
    expect(asked).toBe(1);
  });

  it('G11 connect() and WebSockets are under it too', async () => {
    const addressPolicy = publicAddressesOnly;
    await expect(firstValueFrom(connect({ host: '127.0.0.1', port: 1, addressPolicy }))).rejects.toMatchObject(refused);
    const socket = createClient({ addressPolicy }).webSocket('ws://localhost/');
    await expect(firstValueFrom(socket)).rejects.toMatchObject(refused);
  });

  it('G11 a proxy is judged, and so is each address that it is told', async () => {
    const { port } = await realServer(() => ({ body: 'ok' }));
    const http = await httpProxy();
    const client = (proxy: string, addressPolicy: (one: ResolvedAddress) => boolean): Observable<unknown> =>
      createClient({
        proxy,
        addressPolicy,
        resolver: (name) => of(at(name === 'in.example' ? '127.0.0.5' : '127.0.0.1')),
      }).request(`http://in.example:${port}/`);
    await expect(firstValueFrom(client(http.url, publicAddressesOnly))).rejects.toMatchObject(refused);
    expect(http.asked).toEqual([]);
    const socks = await socksProxy();
    const local = socks.url.replace('socks5h:', 'socks5:');
    await expect(firstValueFrom(client(local, notLocal))).rejects.toMatchObject(refused);
    expect(socks.asked).toEqual([]);
    await firstValueFrom(client(local, () => true));
    expect(socks.asked).toEqual([`address 127.0.0.5:${port}`]);
  });

  it.each(['http', 'socks5h'])('G11 an address in the URL is judged before a proxy of %s is told', async (kind) => {
    const proxy = kind === 'http' ? await httpProxy() : await socksProxy();
    const client = createClient({ proxy: proxy.url, addressPolicy: notLocal, resolver: () => of(at('127.0.0.1')) });
    await expect(firstValueFrom(client.request('http://127.0.0.5/'))).rejects.toMatchObject(refused);
    await expect(firstValueFrom(client.request('https://[::1]/'))).rejects.toMatchObject(refused);
    expect(proxy.asked).toEqual([]);
  });
});

function watched(target: ConnectTarget, attempts: string[]): ConnectTarget {
  const { addressPolicy } = target;
  return {
    ...target,
    addressPolicy: (one) => {
      attempts.push(one.address);
      return addressPolicy?.(one) ?? true;
    },
  };
}

describe('J: TLS, and who may use a connection', () => {
  /** Answers whether a session was resumed, and closes. */
  const resuming = (): ReturnType<typeof realServer> =>
    realServer(({ tls }) => ({ fields: { connection: 'close' }, body: tls?.resumed ? 'resumed' : 'full' }), {
      tls: server,
    });

  it('J2 a session is resumed only where the whole identity is the same, and its names are checked again', async () => {
    const { port } = await resuming();
    const checked: string[] = [];
    const verifier =
      (tag: string) =>
      (name: string, { subject }: PeerCertificate): undefined => {
        checked.push(`${tag} ${name} ${String(subject.CN)}`);
      };
    const [one, other] = [verifier('one'), verifier('other')];
    const client = createClient({ tls: { ca, checkServerIdentity: one } });
    const ask = (more: object = {}): Promise<string> =>
      lastValueFrom(client.request({ url: `https://localhost:${port}/`, version: '1.1', ...more }).pipe(text()));
    expect([await ask(), await ask()]).toEqual(['full', 'resumed']);
    expect(checked).toEqual(['one localhost localhost', 'one localhost localhost']); // on resumption too
    expect(await ask({ tls: { ca, checkServerIdentity: other } })).toBe('full');
    expect(checked.at(-1)).toBe('other localhost localhost');
    for (const more of [
      { tls: { ca, checkServerIdentity: one, rejectUnauthorized: false } },
      { tls: { ca: [ca], checkServerIdentity: one } },
      { tls: { ca, checkServerIdentity: one, verifyName: 'localhost' } },
      { localAddress: '127.0.0.2' },
      { url: `https://127.0.0.1:${port}/` },
    ]) {
      expect([more, await ask(more)]).toEqual([more, 'full']);
    }
    expect(await ask()).toBe('resumed');
  });

  it('J2 sessions with a proxy and with an origin are kept apart, also where they have one name and port', async () => {
    const proxy = await httpProxy({ secure: true }, { tls: server });
    const { port } = await resuming();
    const client = createClient({ tls: { ca }, proxyTls: { ca }, proxy: proxy.url });
    const ask = (more: object = {}): Promise<string> =>
      lastValueFrom(client.request({ url: `https://localhost:${port}/`, version: '1.1', ...more }).pipe(text()));
    expect([await ask(), await ask()]).toEqual(['full', 'resumed']);
    expect(await ask({ proxy: false })).toBe('full'); // another way is another identity
  });

  it('J6 a protocol that was not offered is an error, and with HTTP/2 alone so is none', async () => {
    for (const alpn of [['foo'], []]) {
      const { port } = await realServer(() => ({ body: 'ok' }), { tls: { ...server, alpn } });
      const client = createClient({ tls: { ca } });
      const request = client.request({ url: `https://localhost:${port}/`, version: '2' });
      await expect(firstValueFrom(request)).rejects.toMatchObject({ name: 'ProtocolError', code: 'VERSION_REFUSED' });
    }
  });

  it('J13 two names of one address never share a connection, whatever the certificate says', async () => {
    const { port } = await realServer(({ authority }) => ({ body: authority }), { tls: server });
    const client = createClient({
      tls: { ca, checkServerIdentity: () => undefined },
      resolver: () => of(at('127.0.0.1')),
    });
    const ports = new Set<number>();
    for (const host of ['a.example', 'b.example', 'a.example']) {
      const response = await firstValueFrom(client.request(`https://${host}:${port}/`));
      expect(response.version).toBe('2');
      ports.add(response.connection.local.port);
      expect(await lastValueFrom(of(response).pipe(text()))).toBe(`${host}:${port}`);
    }
    expect(ports.size).toBe(2);
  });

  it('J15 a resumed handshake offers no early data', async () => {
    const { port } = await resuming();
    const hellos: Buffer[] = [];
    const between = createNetServer((near) => {
      const far = connectNet(port, '127.0.0.1');
      near.once('data', (chunk) => hellos.push(chunk));
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => between.once('listening', resolve));
    onTestFinished(() => void between.close());
    const client = createClient({ tls: { ca } });
    const url = `https://localhost:${(between.address() as AddressInfo).port}/`;
    const ask = (): Promise<string> => lastValueFrom(client.request({ url, version: '1.1' }).pipe(text()));
    expect([await ask(), await ask()]).toEqual(['full', 'resumed']);
    const [first, second] = hellos.map(extensions);
    expect(first).not.toContain(PRE_SHARED_KEY);
    expect(second).toContain(PRE_SHARED_KEY);
    expect(second).not.toContain(EARLY_DATA);
  });
});

const PRE_SHARED_KEY = 41;
const EARLY_DATA = 42;

/** The types of the extensions in a ClientHello (RFC 8446 §4.1.2), in one record. */
function extensions(record: Buffer): number[] {
  let at = 5 + 4 + 2 + 32; // headers of record and handshake, version, random
  at += 1 + record.readUInt8(at); // session
  at += 2 + record.readUInt16BE(at); // cipher suites
  at += 1 + record.readUInt8(at); // compression
  const end = at + 2 + record.readUInt16BE(at);
  const types: number[] = [];
  for (at += 2; at < end; at += 4 + record.readUInt16BE(at + 2)) types.push(record.readUInt16BE(at));
  return types;
}
