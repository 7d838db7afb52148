/** What docs/deploy.md says, run as it stands there: the program, and the configurations of what is around it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defer, EMPTY, firstValueFrom, lastValueFrom, map, mergeMap, of, range, repeat, retry } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { webSocket } from '../../src/client/web-socket.js';
import { builtPackage } from '../support/built-package.js';
import { codeBlocks } from '../support/docs/markdown.js';
import { findProgram, freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

/** The block of a language on the page, of those for bytes that are passed on or of the others. */
function block(language: string, proxied = false): string {
  const [found, ...others] = codeBlocks('docs/deploy.md').filter(
    ({ info }) => info[0] === language && info.includes('proxied') === proxied,
  );
  if (found === undefined || others.length > 0) throw new Error(`docs/deploy.md has not one block of ${language}`);
  return found.code;
}

const folder = mkdtempSync(join(tmpdir(), 'rxweir-deploy-'));
const started: Peer[] = [];
let root = '';
/** The ports of the page, and those they are replaced by. */
const ports = new Map<number, number>();

beforeAll(async () => {
  root = await builtPackage();
  // An application that has installed the package.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'rxweir'));
  symlinkSync(join(root, 'node_modules', 'rxjs'), join(folder, 'node_modules', 'rxjs'));
}, 180_000);

afterEach(async () => {
  await Promise.all(started.splice(0).map((peer) => peer.stop()));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function replacePorts(): Promise<void> {
  for (const port of [8000, 8080, 8081, 9080]) {
    let free = await freePort();
    while ([...ports.values()].includes(free)) free = await freePort();
    ports.set(port, free);
  }
}

const placed = (configuration: string): string =>
  configuration.replaceAll(/\b(8000|8080|8081|9080)\b/g, (port) => String(ports.get(Number(port))));

async function start(program: string, args: string[], ready: RegExp | number): Promise<Peer> {
  const peer = await startProcess(program, args, { ready, cwd: root, timeout: 30_000 });
  started.push(peer);
  return peer;
}

/** The program of the page. */
function app(port: number): Promise<Peer> {
  const code = placed(block('js').replace('port: 8080', `port: ${port}`));
  return start(process.execPath, ['--input-type=module', '--eval', code], /listening/);
}

/** Both servers and who is in front; the URL. */
async function behind(
  name: string,
  args: (file: string) => string[],
  configuration: () => string,
): Promise<{ url: string; one: Peer }> {
  await replacePorts();
  const [one] = await Promise.all([app(8080), app(8081)]);
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, configuration());
  const front = ports.get(8000) as number;
  await start(name, args(file), front);
  return { url: `http://127.0.0.1:${front}`, one };
}

const RECIPES = [
  {
    name: 'nginx',
    debian: 'nginx-light',
    version: '1.1',
    args: (file: string) => ['-p', folder, '-c', file],
    configuration: () => {
      const user = process.getuid?.() === 0 ? 'user root;' : '';
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
        .join(' ');
      return `${user} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr; events { worker_connections 256; }
http { access_log off; ${temporary}
${placed(block('nginx'))} }`;
    },
  },
  {
    name: 'haproxy',
    debian: 'haproxy',
    version: '2',
    args: (file: string) => ['-db', '-f', file],
    configuration: () => placed(block('haproxy')),
  },
];

describe.each(RECIPES)('behind $name', ({ name, debian, version, args, configuration }) => {
  let missing: string | undefined;

  beforeAll(async () => {
    missing = await needPackage(name, debian);
  }, 180_000);

  it(`requests over HTTP/${version}, WebSockets, and no loss when a server leaves`, async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const { url, one } = await behind(name, args, configuration);
    const client = createClient();
    const get = (path: string): Promise<string> => lastValueFrom(client.request(url + path).pipe(text()));
    // A proxy has just started and may still think nobody is there.
    const first = client.request(url).pipe(
      mergeMap((response) => {
        if (response.status !== 200) throw new Error(`status ${response.status}`);
        return of(response).pipe(text());
      }),
      retry({ count: 50, delay: 100 }),
    );
    expect(await lastValueFrom(first)).toBe(`HTTP/${version} for 127.0.0.1`);
    expect(await get('/slow')).toBe('slow, but whole');

    const socket = webSocket<string>(`${url.replace('http', 'ws')}/chat`);
    const echoed = firstValueFrom(socket);
    socket.next('there and back');
    expect(await echoed).toBe('there and back');

    // One of the two leaves while both are asked.
    const statuses: number[] = [];
    let asking = true;
    const asked = lastValueFrom(
      range(0, 8).pipe(
        mergeMap((lane) =>
          defer(() => client.request(url + (lane % 2 === 0 ? '/' : '/slow'))).pipe(
            mergeMap((response) => of(response).pipe(text(), map(() => statuses.push(response.status)))), // prettier-ignore
            repeat({ delay: () => (asking ? of(0) : EMPTY) }),
          ),
        ),
      ),
    );
    process.kill(one.pid, 'SIGTERM');
    expect(await one.exited, one.output()).toBe(0);
    const before = statuses.length;
    while (statuses.length < before + 50) await new Promise((resolve) => setTimeout(resolve, 10));
    asking = false;
    await asked;
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    await lastValueFrom(client.close(), { defaultValue: undefined });
  }, 60_000);
});

describe('behind haproxy that passes bytes on', () => {
  let missing: string | undefined;

  beforeAll(async () => {
    missing = await needPackage('haproxy');
  }, 180_000);

  it.for(['send-proxy-v2', 'send-proxy'])(
    '%s tells who the client is, with TLS and without',
    { timeout: 60_000 },
    async (sends, context) => {
      if (missing !== undefined) return context.skip(missing);
      await replacePorts();
      const secure = "proxyProtocol: ['127.0.0.1'], tls: true, cleartext: true";
      const code = placed(block('js', true)).replace("proxyProtocol: ['127.0.0.1']", secure);
      await start(process.execPath, ['--input-type=module', '--eval', code], /listening/);
      const file = join(folder, `${sends}.conf`);
      writeFileSync(file, placed(block('haproxy', true)).replace('send-proxy-v2', sends));
      const front = ports.get(8000) as number;
      await start('haproxy', ['-db', '-f', file], front);
      const client = createClient({ localAddress: '127.0.0.2', tls: { rejectUnauthorized: false } });
      const get = (url: string): Promise<string> => lastValueFrom(client.request(url).pipe(text()));
      expect(await get(`http://127.0.0.1:${front}/`)).toBe('http for 127.0.0.2 by 127.0.0.1');
      expect(await get(`https://127.0.0.1:${front}/`)).toBe('https for 127.0.0.2 by 127.0.0.1');
      expect(await get(`http://127.0.0.1:${ports.get(8080)}/`)).toBe('http for 127.0.0.2 by nobody');
      await lastValueFrom(client.close(), { defaultValue: undefined });
    },
  );
});

describe('what starts and stops it', () => {
  /** Starts the command in a folder that has the program, as whoever reads the configuration would, and ends it with SIGTERM. */
  async function startsAndStops(command: readonly string[]): Promise<void> {
    await replacePorts();
    const [program = '', ...args] = command;
    const file = join(folder, 'server.mjs');
    writeFileSync(file, placed(block('js')));
    const peer = await start(
      findProgram(program) ?? process.execPath,
      args.map((argument) => argument.replace(/^(\/srv\/app\/)?server\.mjs$/, file)),
      /listening/,
    );
    process.kill(peer.pid, 'SIGTERM');
    expect(await peer.exited, peer.output()).toBe(0);
  }

  it('the command of the systemd unit', async () => {
    const unit = block('ini');
    const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    expect(Number(valueOf('TimeoutStopSec'))).toBeGreaterThan(22); // 2 s of leaving, 20 of grace
    await startsAndStops(valueOf('ExecStart').split(' '));
  });

  it('the command of the container', async () => {
    const command = /^CMD (.*)$/m.exec(block('dockerfile'))?.[1] ?? '[]';
    await startsAndStops(JSON.parse(command) as string[]);
  });
});
