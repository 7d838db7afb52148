import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { text } from '../../operators/body/text.js';
import type { TunnelRefusedError } from '../../operators/tunnel/connect-handshake.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';
import { certificates } from '../support/certificates.js';
import { freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-proxies-'));
chmodSync(folder, 0o755);
const { ca, server, other } = certificates();
const big = Buffer.alloc(3_000_000, '0123456789');
const ports = { plain: 0, secure: 0, wrong: 0 };
const serving: Subscription[] = [];

const listening = (tls?: { cert: string; key: string }): Promise<number> =>
  new Promise((resolve, reject) => {
    const config = { host: '127.0.0.1', port: 0, ...(tls && { tls }) };
    serving.push(
      serve(config, ({ path, version, body, fields }) =>
        path === '/moved'
          ? { status: 302, fields: { location: `https://localhost:${ports.secure}/` } }
          : path === '/big'
            ? { body: big }
            : path === '/echo'
              ? { body }
              : { body: `${version}, told ${fields.get('proxy-authorization') ?? 'nothing'}` },
      ).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject }),
    );
  });

beforeAll(async () => {
  [ports.plain, ports.secure, ports.wrong] = [await listening(), await listening(server), await listening(other)];
});

afterAll(() => {
  for (const one of serving) one.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

interface Kind {
  readonly name: string;
  readonly program: string;
  readonly debianPackage?: string;
  readonly scheme: 'http' | 'socks5' | 'socks5h';
  /** `user:password@`, where it wants one. */
  readonly login?: string;
  /** Writes what it needs to `file`; its arguments. */
  readonly start: (port: number, file: string) => readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'tinyproxy',
    program: 'tinyproxy',
    scheme: 'http',
    login: 'user:secret@',
    start(port, file) {
      writeFileSync(
        file,
        `Port ${port}\nListen 127.0.0.1\nMaxClients 50\nTimeout 60\nLogLevel Critical\nBasicAuth user secret\n`,
      );
      return ['-d', '-c', file];
    },
  },
  {
    name: 'squid',
    program: 'squid',
    scheme: 'http',
    start(port, file) {
      const quiet = `cache deny all\naccess_log none\ncache_log ${folder}/squid.log\ncache_store_log none\npid_filename none\ncoredump_dir ${folder}\n`;
      writeFileSync(
        file,
        `http_port 127.0.0.1:${port}\nhttp_access allow all\nshutdown_lifetime 0\nnetdb_filename none\n${quiet}`,
      );
      return ['-N', '-f', file];
    },
  },
  ...(['socks5h', 'socks5'] as const).map((scheme): Kind => ({
    name: `Dante by ${scheme}`,
    program: 'danted',
    debianPackage: 'dante-server',
    scheme,
    start(port, file) {
      const pass = '{ from: 0.0.0.0/0 to: 0.0.0.0/0 }';
      const methods = 'clientmethod: none\nsocksmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n';
      writeFileSync(
        file,
        `logoutput: stderr\ninternal: 127.0.0.1 port = ${port}\nexternal: 127.0.0.1\n${methods}client pass ${pass}\nsocks pass ${pass}\n`,
      );
      return ['-f', file, '-p', `${file}.pid`];
    },
  })),
  {
    name: 'microsocks',
    program: 'microsocks',
    scheme: 'socks5h',
    login: 'user:secret@',
    start: (port) => ['-i', '127.0.0.1', '-p', String(port), '-u', 'user', '-P', 'secret'],
  },
];

describe.each(KINDS)('through $name', ({ program, debianPackage, scheme, login = '', start, name }) => {
  let missing: string | undefined;
  let proxy: Peer | undefined;
  let port = 0;

  beforeAll(async () => {
    missing = await needPackage(program, debianPackage ?? program);
    if (missing !== undefined) return;
    port = await freePort();
    proxy = await startProcess(program, start(port, join(folder, `${name.replaceAll(' ', '-')}.conf`)), {
      ready: port,
      timeout: 20_000,
    });
  }, 180_000);

  afterAll(async () => {
    await proxy?.stop();
  });

  const client = (credentials = login) =>
    createClient({ tls: { ca }, proxy: `${scheme}://${credentials}127.0.0.1:${port}`, family: 4 });

  it('http:, twice on one connection', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const asking = client();
    for (let i = 0; i < 2; i++) {
      const body = await lastValueFrom(asking.request(`http://localhost:${ports.plain}/`).pipe(text()));
      expect(body).toMatch(/^1\.[01], told nothing$/);
    }
  });

  it('https: by HTTP/1.1 and HTTP/2, and HTTP/2 without TLS', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const asking = client();
    const ask = (url: string, version: '1.1' | '2') => lastValueFrom(asking.request({ url, version }).pipe(text()));
    expect(await ask(`https://localhost:${ports.secure}/`, '1.1')).toBe('1.1, told nothing');
    expect(await ask(`https://localhost:${ports.secure}/`, '2')).toBe('2, told nothing');
    expect(await ask(`http://localhost:${ports.plain}/`, '2')).toBe('2, told nothing');
  });

  it('3 MB both ways', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const asking = client();
    for (const url of [`http://localhost:${ports.plain}`, `https://localhost:${ports.secure}`]) {
      expect(Buffer.from(await lastValueFrom(asking.request(`${url}/big`).pipe(bytes()))).equals(big)).toBe(true);
      const echo = asking.request({ url: `${url}/echo`, method: 'PUT', body: big }).pipe(bytes());
      expect(Buffer.from(await lastValueFrom(echo)).equals(big)).toBe(true);
    }
  });

  it('a redirect from http to https', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const body = client().request(`http://localhost:${ports.plain}/moved`).pipe(text());
    expect(await lastValueFrom(body)).toBe('2, told nothing');
  });

  it('a certificate for another name', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await expect(lastValueFrom(client().request(`https://localhost:${ports.wrong}/`))).rejects.toMatchObject({
      phase: 'tls',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('nobody there, and a wrong password', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const nobody = lastValueFrom(client().request('https://localhost:1/'));
    if (scheme === 'http') {
      const error = (await nobody.catch((one: unknown) => one)) as TunnelRefusedError;
      expect([error.code, error.status >= 400, error.fields.get('content-type')?.startsWith('text/html')]).toEqual([
        'TUNNEL_REFUSED',
        true,
        true,
      ]);
      expect(Buffer.from(error.body).toString()).toContain('<html'); // its own page, which says why
    } else
      await expect(nobody).rejects.toMatchObject({
        name: 'ProtocolError',
        code: expect.stringMatching(/^SOCKS_/) as string,
      });
    if (login === '') return;
    const refused = lastValueFrom(client('user:wrong@').request(`https://localhost:${ports.secure}/`));
    if (scheme === 'http') await expect(refused).rejects.toMatchObject({ code: 'TUNNEL_REFUSED' });
    else await expect(refused).rejects.toMatchObject({ code: 'SOCKS_AUTH_REJECTED' });
  });
});

describe('through several, one after the other', () => {
  const kinds = ['tinyproxy', 'squid', 'Dante by socks5h', 'microsocks'];
  const peers: Peer[] = [];
  const urls = new Map<string, string>();
  let missing: string | undefined;

  beforeAll(async () => {
    for (const { name, program, debianPackage, scheme, login = '', start } of KINDS) {
      if (!kinds.includes(name)) continue;
      missing ??= await needPackage(program, debianPackage ?? program);
      if (missing !== undefined) return;
      const port = await freePort();
      const file = join(folder, `chain-${name.replaceAll(' ', '-')}.conf`);
      peers.push(await startProcess(program, start(port, file), { ready: port, timeout: 20_000 }));
      urls.set(name, `${scheme}://${login}127.0.0.1:${port}`);
    }
  }, 180_000);

  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  it.for([
    ['microsocks', 'tinyproxy'],
    ['squid', 'Dante by socks5h'],
    ['tinyproxy', 'squid'],
    ['Dante by socks5h', 'microsocks'],
    ['squid', 'microsocks', 'tinyproxy'],
  ])('%s, %s', async (names, context) => {
    if (missing !== undefined) context.skip(missing);
    const proxy = names.map((name) => urls.get(name) as string);
    const client = createClient({ tls: { ca }, proxy, family: 4 });
    const ask = (url: string) => lastValueFrom(client.request(url).pipe(text()));
    expect(await ask(`https://localhost:${ports.secure}/`)).toBe('2, told nothing');
    expect(await ask(`http://localhost:${ports.plain}/`)).toMatch(/^1\.[01], told nothing$/);
    expect(await ask(`http://localhost:${ports.plain}/moved`)).toBe('2, told nothing');
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });
});
