import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { map, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { serve } from '../../src/server/serve.js';
import { findProgram, freePort, needPackage, type Peer, startProcess } from '../support/peers.js';
import { big, exercise } from './http2-exercise.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rxweir-http2-peers-'));
const www = join(folder, 'www');
let serving: Subscription | undefined;
/** Our server; it follows `Upgrade: h2c`. */
let ours = 0;

beforeAll(async () => {
  chmodSync(folder, 0o755); // some of them change their user
  mkdirSync(www);
  writeFileSync(join(www, 'big'), big);
  writeFileSync(join(www, 'small'), 'small');
  ours = await new Promise((resolve, reject) => {
    serving = serve({ host: '127.0.0.1', port: 0, h2c: true }, ({ path, version, body }) => {
      if (path === '/big') return { body: big };
      if (path === '/small') return { body: 'small' };
      if (path === '/hints') return [{ status: 103, fields: { link: '</a>' } }, { body: 'hinted' }];
      if (path === '/trailers') return { body: [Buffer.from('body')], trailers: { 'x-sum': '7' } };
      return body.pipe(
        bytes(),
        map((all) => ({ fields: { 'x-version': version }, body: all })),
      );
    }).subscribe({ next: ({ address }) => resolve(address.port as number), error: reject });
  });
});

afterAll(() => {
  serving?.unsubscribe();
  rmSync(folder, { recursive: true, force: true });
});

interface Server {
  readonly name: string;
  readonly program: string;
  readonly debianPackage: string;
  /** It follows `Upgrade: h2c`. */
  readonly upgrades?: true;
  /** Writes what it needs to `file`; its arguments. */
  readonly start: (port: number, file: string) => readonly string[];
}

/** Servers of files, and proxies in front of our server. */
const SERVERS: readonly Server[] = [
  {
    name: 'nginx without TLS',
    program: 'nginx',
    debianPackage: 'nginx-light',
    start(port, file) {
      writeFileSync(
        file,
        `daemon off; pid ${folder}/nginx.pid; error_log stderr; worker_processes 1; events { worker_connections 64; }
        http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
          uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
          server { listen 127.0.0.1:${port} http2; root ${www}; } }`,
      );
      return ['-p', folder, '-c', file];
    },
  },
  {
    name: 'caddy',
    program: 'caddy',
    debianPackage: 'caddy', // it follows an upgrade, but answers OPTIONS * ahead of that
    start(port, file) {
      const options = '{\n admin off\n auto_https off\n servers {\n protocols h1 h2 h2c\n }\n}\n';
      writeFileSync(file, `${options}http://:${port} {\n bind 127.0.0.1\n root * ${www}\n file_server\n}\n`);
      return ['run', '--config', file, '--adapter', 'caddyfile'];
    },
  },
  {
    name: 'h2o',
    program: 'h2o',
    debianPackage: 'h2o',
    upgrades: true,
    start(port, file) {
      const user = process.getuid?.() === 0 ? 'user: root\n' : '';
      const listen = `listen:\n  host: 127.0.0.1\n  port: ${port}\n`;
      writeFileSync(file, `${user}${listen}hosts:\n  default:\n    paths:\n      /:\n        file.dir: ${www}\n`);
      return ['-c', file];
    },
  },
  {
    name: 'Apache',
    program: 'apache2',
    debianPackage: 'apache2-bin', // it says GOAWAY as soon as it has answered what was upgraded with
    start(port, file) {
      const modules = ['mpm_event', 'authz_core', 'http2'].map(
        (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`,
      );
      const place = `ServerRoot ${folder}\nServerName localhost\nPidFile ${folder}/apache.pid\nErrorLog ${folder}/apache.log\nDefaultRuntimeDir ${folder}\nMutex pthread\n`;
      const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : '';
      writeFileSync(
        file,
        `${modules.join('')}${place}${user}Listen 127.0.0.1:${port}\nDocumentRoot ${www}\nProtocols h2c http/1.1\nH2Direct on\nH2Upgrade on\n`,
      );
      return ['-DFOREGROUND', '-f', file];
    },
  },
  {
    name: 'haproxy, which asks our server over HTTP/2',
    program: 'haproxy',
    debianPackage: 'haproxy',
    start(port, file) {
      const defaults = 'defaults\n mode http\n timeout connect 5s\n timeout client 9s\n timeout server 9s\n';
      const front = `frontend f\n bind 127.0.0.1:${port} proto h2\n default_backend b\n`;
      writeFileSync(file, `${defaults}${front}backend b\n server s 127.0.0.1:${ours} proto h2\n`);
      return ['-db', '-f', file];
    },
  },
  {
    name: 'nghttpx, which asks our server over HTTP/2',
    program: 'nghttpx',
    debianPackage: 'nghttp2-proxy',
    upgrades: true,
    start: (port) => ['--conf=/dev/null', `-f127.0.0.1,${port};no-tls`, `-b127.0.0.1,${ours};;proto=h2`],
  },
];

describe.each(SERVERS)('our client asks $name', ({ name, program, debianPackage, upgrades, start }) => {
  let peer: Peer | undefined;
  let missing: string | undefined;
  let port = 0;
  beforeAll(async () => {
    missing = await needPackage(program, debianPackage);
    if (missing !== undefined) return;
    port = await freePort();
    const args = start(port, join(folder, `${name.replace(/\W/g, '')}.conf`));
    peer = await startProcess(program, args, {
      ready: port,
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
  }, 200_000);
  afterAll(() => peer?.stop());

  it('knowing that it speaks HTTP/2', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await exercise(`http://127.0.0.1:${port}`);
  });

  if (upgrades !== true) return;
  it('by Upgrade: h2c', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await exercise(`http://127.0.0.1:${port}`, { http2: { h2c: true } }, false);
  });
});

describe('clients of others upgrade to HTTP/2 with our server', () => {
  it('curl --http2', async (context) => {
    const missing = await needPackage('curl');
    if (missing !== undefined) context.skip(missing);
    const url = `http://127.0.0.1:${ours}`;
    const { stdout } = await run('curl', ['-sS', '--max-time', '15', '--http2', '-i', `${url}/`]);
    expect(stdout).toMatch(/^HTTP\/1\.1 101 [^]*HTTP\/2 200[^]*x-version: 2/);
    const all = await run('curl', ['-sS', '--max-time', '15', '--http2', `${url}/big`, `${url}/big`], {
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(all.stdout).toHaveLength(2 * big.length);
  });

  it('nghttp -u', async (context) => {
    const missing = await needPackage('nghttp', 'nghttp2-client');
    if (missing !== undefined) context.skip(missing);
    const nghttp = findProgram('nghttp') as string;
    const { stdout } = await run(nghttp, ['-nvu', `http://127.0.0.1:${ours}/`]);
    expect(stdout).toMatch(/HTTP Upgrade success[^]*:status: 200[^]*x-version: 2/);
  });
});

describe('python3-h2', () => {
  const script = join(import.meta.dirname, 'python-h2.py');

  /** A Python with the module, which is installed when we may. */
  async function python(): Promise<{ program?: string; missing: string }> {
    const programs = ['/usr/bin/python3', findProgram('python3') ?? ''].filter((path) => existsSync(path));
    const fit = (): string | undefined => programs.find((each) => spawnSync(each, ['-c', 'import h2']).status === 0);
    let program = fit();
    if (program !== undefined) return { program, missing: '' };
    if (programs.length === 0) return { missing: 'python3 is not installed' };
    const failure = await needPackage('python3-h2'); // a module, which brings no program
    program = fit();
    return { ...(program !== undefined && { program }), missing: failure ?? 'no python3-h2' };
  }

  it('asks our server: bodies both ways, interim responses, trailers', { timeout: 200_000 }, async (context) => {
    const { program, missing } = await python();
    if (program === undefined) return context.skip(missing);
    const { stdout } = await run(program, [script, 'client', String(ours)]);
    expect(stdout.trim().split('\n')).toEqual([
      `/big ${big.length} 200`,
      '/hints 6 103 200',
      '/trailers 4 200 trailers',
      `/ ${big.length} 200`,
    ]);
  });

  it('answers our client', { timeout: 200_000 }, async (context) => {
    const { program, missing } = await python();
    if (program === undefined) return context.skip(missing);
    const peer = await startProcess(program, [script, 'server'], { ready: /\d+\n/ });
    try {
      await exercise(`http://127.0.0.1:${Number(peer.output().trim())}`);
    } finally {
      await peer.stop();
    }
  });
});
