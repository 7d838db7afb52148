import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from './support/built-package.js';
import { collect, type Outcome } from './support/docs/run-block.js';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'examples');

beforeAll(async () => {
  await builtPackage();
});

/** Runs a program of examples/ to its end, without a terminal. */
function run(name: string, ...args: string[]): Promise<Outcome> {
  return collect(
    spawn(process.execPath, [join(folder, name), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** The longest of them, which several tests look at. */
let started: Promise<Outcome> | undefined;
const start = (): Promise<Outcome> => (started ??= run('start.mjs'));

/** Of `start.mjs`, once for each version. */
const WEB_SOCKET_SCENES = [
  "received 'text'",
  'received 100000 bytes',
  'ping: there and back in ',
  'closing, by local',
  "closed cleanly with 4000 'seen enough', by local",
  'the sender has stopped',
  'released: the rest followed, 32.0 MiB in all',
];

/** What each example prints, in order; lines that depend on the machine are left out. */
const PRINTS: Readonly<Record<string, readonly string[]>> = {
  'backpressure.mjs': ['(stopped)', '(stopped)', 'waiting for the consumer', 'cancelled after'],
  'cancel.mjs': [
    'client: cancelled while in waiting: connection-closed',
    'client: cancelled while in body: connection-closed',
    'server: /silent was cancelled',
  ],
  'cluster.mjs': ['40 requests, by ', 'all workers have closed'],
  'directory-server.mjs': [
    'GET /health 200 5',
    '/: 200 text/html; charset=utf-8, something',
    'GET /glossary.md 206 10',
    '/guide: 301',
    '/nowhere: 404',
    '/..%2fpackage.json: 400',
  ],
  'early-hints.mjs': ['103 </style.css>; rel=preload; as=style', '200 text/html'],
  'endless-download.mjs': ['client: HTTP/2', 'enough after a while', 'ahead: true', 'the reader has gone', 'closed'],
  'event-stream.mjs': [
    'connected\nlevel 0: 1.20 m\nlevel 1: 1.25 m\n',
    'connected again, last event 1\nlevel 2: 1.31 m\nlevel 3: 1.38 m\n',
    'connected again, last event 3\nlevel 4: 1.36 m\nlevel 5: 1.30 m\n',
  ],
  'fetch-and-ajax.mjs': [
    'fetch: /weirs true Marlow, Hambleden',
    'echo: there',
    'echo: and back',
    'fetch: AbortError',
    'fetch: TypeError ECONNREFUSED',
    'ajax: free true',
    'ajax: download_load 100000',
  ],
  'first-request.mjs': ["received { name: 'Marlow', metres: 1.2 }"],
  'first-server.mjs': [
    '/ 200',
    '/later 200',
    '/count 200',
    'event: handler-error',
    '/fails 500',
    '/nowhere 404',
    'closed',
  ],
  'graceful-shutdown.mjs': ['listens on', 'closing', 'the request under way: slow, but whole', 'closed'],
  'marble-test.mjs': ['the diagrams are right'],
  'pipelining.mjs': ['answer to /1', 'answer to /2', 'answer to /8', '1 connection'],
  'polite-crawler.mjs': [
    '/ no cookie, from nowhere',
    '/ is /, 5 links',
    '/old visitor=7, from nowhere',
    '/new visitor=7, from /old',
    '/old is /new, 3 links',
    '/busy visitor=7, from nowhere',
    '/busy visitor=7, from nowhere',
    '/busy is /busy, 1 links',
    '/loop: REDIRECT_LIMIT',
    '/gone: STATUS_ERROR',
    '6 addresses',
  ],
  'protocol-level.mjs': ['> 1 request', '> 1 data 4', '> 2 request', '< 1 response 200', '< 2 response 200', '< 2 end'],
  'resumed-download.mjs': [
    '10 %',
    'at 300000: taken up again',
    '60 %',
    'at 600000: taken up again',
    '90 %',
    'at 900000: taken up again',
    '100 %',
    '1000000 bytes over 4 connections, whole',
  ],
  'reverse-proxy.mjs': [
    'client: 200 api /api/weir?n=1 for 127.0.0.1',
    'client: 502 502 Bad Gateway',
    'proxy: GET /live 101',
    'client: an echo came back',
  ],
  'socks-proxy.mjs': [
    'proxy: me wants weir.example',
    'proxy: the first byte is 0x16, TLS',
    'HTTP/2 for weir.example, SNI weir.example',
    'ProtocolError SOCKS_AUTH_REJECTED',
  ],
  'sse-clock.mjs': ['server: from 0 on', 'client: tick 2 at', 'server: from 3 on', 'client: tick 6 at', 'closed'],
  'start.mjs': [
    '64.0 MiB of 64.0 MiB',
    'the sender has stopped',
    'released: the rest followed, 48.0 MiB in all',
    'client: cancelled in the body, connection-closed',
    'server: saw it and stopped',
    '1.0 MiB over a new connection',
    '1.0 MiB over a reused connection',
    'open, over HTTP/1.1',
    ...WEB_SOCKET_SCENES,
    'HTTP/2',
    'the sender has stopped',
    'client: cancelled in the body, stream-reset',
    'server: saw it and stopped',
    '1.0 MiB over a reused connection',
    'open, over HTTP/2',
    ...WEB_SOCKET_SCENES,
    'most held',
    'WebSocket echo    1.1',
    'closed 4000, local',
    'WebSocket echo    2',
    'closed 4000, local',
    'messages held     1.1',
    'consumer    closed 1000, remote',
    'messages held     2',
    'consumer    closed 1000, remote',
  ],
  'streaming-download.mjs': ['25 %', '50 %', '75 %', '100 %', '33554432 bytes written'],
  'three-line-proxy.mjs': ['origin saw PUT /through?the=weir'],
  'timeouts-and-retry.mjs': ['attempt 1: TIMEOUT_HEAD', 'attempt 2: TIMEOUT_HEAD', 'answer 3'],
  'tls-client-certificate.mjs': [
    'hello, a known client, over TLSv1.3',
    'CERTIFICATE_REQUIRED',
    'SELF_SIGNED_CERT_IN_CHAIN',
  ],
  'unix-socket.mjs': ['weir.example over unix'],
  'upload.mjs': ['informational 100', 'sent, 8893 bytes', 'head 200', 'received 8893 bytes'],
  'verbose-fetch.mjs': [
    '* connected over tcp',
    '> 10 bytes of 10',
    '< 103',
    '< 200 over HTTP/1.1',
    '< 6 bytes: "answer"',
    '< trailer x-sum: 42',
    '* end',
  ],
  'web-socket-chat.mjs': ['Marlow hears Marlow: hello?', 'Marlow hears Jim: has come', 'everybody has gone'],
  'web-socket-client.mjs': ['* connecting', '* open', '< LINE 0', '< LINE 2', '* closed'],
  'web-socket-echo.mjs': [
    'connecting',
    'open',
    'received text is a string',
    'received ',
    'there and back in under a second: true',
    'closing',
    'closed 4000',
    'server closed',
  ],
};

/** Those that need a peer are run by a test of their own. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'redis-fan-out.mjs': 'interop/redis.spec.ts',
};

describe('examples', () => {
  const all = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const examples = all.filter((name) => RUN_ELSEWHERE[name] === undefined);

  it('are all run by this test', () => {
    expect(examples).toEqual(Object.keys(PRINTS));
    for (const [name, spec] of Object.entries(RUN_ELSEWHERE)) {
      expect(readFileSync(join(import.meta.dirname, spec), 'utf8')).toContain(`'${name}'`);
    }
  });

  it.each(examples)(
    '%s ends by itself and prints what it should',
    async (name) => {
      const { exitCode, stdout, stderr } = await (name === 'start.mjs' ? start() : run(name));
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      let at = 0;
      for (const part of PRINTS[name] ?? []) {
        const found = stdout.indexOf(part, at);
        expect(found, `${JSON.stringify(part)} in its place in\n${stdout}`).toBeGreaterThanOrEqual(0);
        at = found + part.length;
      }
    },
    60_000,
  );

  it('have at most 100 lines each', () => {
    const long = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.mjs') && !name.startsWith('support'))
      .filter((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').length > 100);
    expect(long).toEqual([]);
  });

  it('import the package by its name', () => {
    for (const name of all) {
      const imports = [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(imports.filter((from) => from?.startsWith('..'))).toEqual([]);
    }
  });
});

describe('npm start', () => {
  it('prints no control characters where there is no terminal', async () => {
    const { stdout } = await start();
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  const scratch = mkdtempSync(join(tmpdir(), 'rxweir-start-'));
  const body = 'a body of the test\n'.repeat(1000);
  const server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(301, { location: '/file' }).end();
    else if (request.url === '/file') response.end(body);
    else response.writeHead(404).end('not here');
  });
  let origin: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(scratch, { recursive: true });
  });

  it('fetches a URL to standard output, with its progress on standard error', async () => {
    const { exitCode, stdout, stderr } = await run('start.mjs', `${origin}/file`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: body });
    expect(stderr).toMatch(/^200 OK\n/);
    expect(stderr).toContain('19 KiB in');
  });

  it('fetches a URL to a file', async () => {
    const file = join(scratch, 'file');
    const { exitCode, stdout, stderr } = await run('start.mjs', `${origin}/file`, '-o', file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(body);
    expect(stderr).toContain(`in ${file}`);
  });

  it('shows where a redirect led, and ends with 1 for an error status', async () => {
    expect((await run('start.mjs', `${origin}/moved`)).stderr).toContain(`200 OK, from ${origin}/file`);
    expect(await run('start.mjs', `${origin}/nowhere`)).toMatchObject({ exitCode: 1, stdout: 'not here' });
  });

  it.each([
    ['http://127.0.0.1:1/', 'ECONNREFUSED: '],
    ['ftp://127.0.0.1/', 'UNSUPPORTED_SCHEME: '],
    ['nonsense', 'INVALID_URL: '],
  ])('tells what went wrong with %s in one line, by its code', async (url, start) => {
    const { exitCode, stdout, stderr } = await run('start.mjs', url);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr.startsWith(start)).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
