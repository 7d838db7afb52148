/** Cookie files between curl and us: one writes, the other goes on with them, and the server sees no difference. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lastValueFrom, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';
import { CookieStore } from '../../src/stores/cookie-store.js';
import { readNetscapeJar, writeNetscapeJar } from '../../src/stores/netscape-jar.js';
import { certificates } from '../support/certificates.js';
import { findProgram, needPackage } from '../support/peers.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rxweir-cookies-'));
const running: Subscription[] = [];
let missing: string | undefined;
const ports = { http: 0, https: 0 };

const YEAR = 365 * 86_400;
/** Of every kind: for a session and longer, host-only and not, HttpOnly, Secure, with a path, and values that are odd. */
const COOKIES = [
  'session=1; Path=/',
  `kept=2; Path=/; Max-Age=${YEAR}`,
  'below=3; Path=/; Domain=a.example',
  'hidden=4; Path=/; HttpOnly; Domain=www.a.example',
  `safe=5; Path=/; Secure; HttpOnly; Max-Age=${YEAR}`,
  '__Host-x=6; Path=/; Secure',
  'deep=7; Path=/deep',
  'empty=; Path=/',
  'odd="x y, z"=?; Path=/',
  'gone=9; Path=/; Max-Age=0',
  'wide=10; Path=/; Domain=example',
];

beforeAll(async () => {
  missing = await needPackage('curl');
  if (missing !== undefined) return;
  const { server: tls } = certificates();
  const listen = (config: object): Promise<number> =>
    new Promise((resolve, reject) => {
      running.push(
        serve({ host: '127.0.0.1', port: 0, ...config }, ({ path, fields }) =>
          path === '/set'
            ? { fields: { 'set-cookie': COOKIES } }
            : { body: (fields.get('cookie') ?? '').split('; ').sort().join('; ') },
        ).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject }),
      );
    });
  ports.http = await listen({});
  ports.https = await listen({ tls });
}, 180_000);

afterAll(() => {
  for (const subscription of running) subscription.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

const url = (scheme: 'http' | 'https', path: string, host = 'www.a.example'): string =>
  `${scheme}://${host}:${ports[scheme]}${path}`;

async function curl(context: TestContext, ...args: string[]): Promise<string> {
  if (missing !== undefined) context.skip(missing);
  const hosts = ['www.a.example', 'b.a.example'].flatMap((host) =>
    Object.values(ports).flatMap((port) => ['--resolve', `${host}:${port}:127.0.0.1`]),
  );
  const { stdout } = await run(
    findProgram('curl') as string,
    ['-sSk', '--noproxy', '*', '--max-time', '15', ...hosts, ...args],
    {
      encoding: 'utf8',
    },
  );
  return stdout;
}

/** Every name is this machine. */
const lookup: LookupFunction = (_, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** Asks with the cookies of a store. */
async function ask(cookies: CookieStore, ...urls: string[]): Promise<string[]> {
  const client = createClient({ cookies, lookup, tls: { rejectUnauthorized: false } });
  const bodies: string[] = [];
  for (const one of urls) bodies.push(await lastValueFrom(client.request(one).pipe(text()), { defaultValue: '' }));
  await lastValueFrom(client.close(), { defaultValue: undefined });
  return bodies;
}

const EVERYWHERE = (): string[] => [
  url('http', '/'),
  url('https', '/'),
  url('http', '/deep/er'),
  url('https', '/', 'b.a.example'),
];

describe('cookie files', () => {
  it('curl writes one, we send what curl sends', async (context) => {
    const jar = join(folder, 'curl.txt');
    await curl(context, '-c', jar, url('https', '/set'));
    const cookies = new CookieStore();
    cookies.restore(readNetscapeJar(readFileSync(jar, 'latin1'), Date.now()));
    const ours = await ask(cookies, ...EVERYWHERE());
    const theirs: string[] = [];
    for (const one of EVERYWHERE()) theirs.push(await curl(context, '-b', jar, one));
    expect(ours).toEqual(theirs);
    expect(ours[1]).toBe('__Host-x=6; below=3; empty=; hidden=4; kept=2; odd="x y, z"=?; safe=5; session=1');
    expect(ours[3]).toBe('below=3');
  });

  it('we write one, curl sends what we send', async (context) => {
    const cookies = new CookieStore();
    await curl(context, '--version');
    await ask(cookies, url('https', '/set'));
    const jar = join(folder, 'ours.txt');
    writeFileSync(jar, writeNetscapeJar(cookies), 'latin1');
    const ours = await ask(cookies, ...EVERYWHERE());
    for (const [i, one] of EVERYWHERE().entries()) expect(await curl(context, '-b', jar, one)).toBe(ours[i]);
    expect(ours[1]).toBe('__Host-x=6; below=3; empty=; hidden=4; kept=2; odd="x y, z"=?; safe=5; session=1');
  });

  it('session cookies are such to both: a new session of curl drops them, the others stay', async (context) => {
    const cookies = new CookieStore();
    await curl(context, '--version');
    await ask(cookies, url('https', '/set'));
    const jar = join(folder, 'session.txt');
    writeFileSync(jar, writeNetscapeJar(cookies), 'latin1');
    expect(await curl(context, '-j', '-b', jar, url('https', '/'))).toBe('kept=2; safe=5');
    const before = readNetscapeJar(readFileSync(jar, 'latin1'), 0);
    expect(before.filter(({ expires }) => expires !== undefined).map(({ name }) => name)).toEqual(['kept', 'safe']);
  });

  it('curl reads what we wrote and writes it again: nothing has changed', async (context) => {
    const cookies = new CookieStore();
    await curl(context, '--version');
    await ask(cookies, url('https', '/set'));
    const [ours, theirs] = [join(folder, 'there.txt'), join(folder, 'back.txt')];
    writeFileSync(ours, writeNetscapeJar(cookies), 'latin1');
    await curl(context, '-b', ours, '-c', theirs, url('http', '/'));
    const sorted = (jar: string) =>
      readNetscapeJar(readFileSync(jar, 'latin1'), 0).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(sorted(theirs)).toEqual(sorted(ours));
    expect(sorted(theirs)).toHaveLength(cookies.size);
  });
});
