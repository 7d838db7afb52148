// HTTP/2 beside node:http2, undici and nghttp2's own programs.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, connects, freePort, measure, startServer } from './harness.mjs';

const missing = ['h2load', 'nghttpd'].filter((name) => spawnSync(name, ['--version']).error !== undefined);

/** `h2load -c8 -m32`. */
export async function http2Server({ rounds, ms }) {
  if (cannot('HTTP/2 server')) return;
  const servers = {};
  for (const name of ['rxweir', 'node-http2']) servers[name] = await startServer('http2-servers.mjs', name);
  const files = await startNghttpd({ hello: 13 });
  const run = (port) => async () => load(port, ms);
  await alternate(
    'HTTP/2 server: h2load -c8 -m32',
    'req/s',
    rounds,
    {
      rxweir: run(servers.rxweir.port),
      'node:http2': run(servers['node-http2'].port),
      nghttpd: run(files.port),
    },
    { 'node:http2': 5, nghttpd: 0.7 },
  );
  for (const [name, server] of Object.entries(servers)) {
    const { bytes } = (await server.stop()) ?? {};
    if (bytes !== undefined) console.log(`  ${name}: ${Math.round(bytes)} B allocated for each request`);
  }
  await files.stop();
}

/** 64 GETs in flight on one connection, against nghttpd. */
export async function http2Client({ rounds, ms }) {
  if (cannot('HTTP/2 client')) return;
  const files = await startNghttpd({ hello: 13 });
  const run = (name) => () => measure('http2-clients.mjs', name, files.port, ms);
  await alternate(
    'HTTP/2 client: 64 concurrent GETs on one connection, nghttpd answers',
    'req/s',
    rounds,
    {
      rxweir: run('rxweir'),
      'rxweir, switchMap and repeat': run('rxweir-composed'),
      'node:http2': run('node-http2'),
      undici: run('undici'),
    },
    { 'node:http2': 5, undici: 8 },
  );
  await files.stop();
}

/** One response of 512 MiB, and 100 of 1 MiB at once, from nghttpd. */
export async function http2Download({ rounds }) {
  if (cannot('HTTP/2 download')) return;
  const files = await startNghttpd({ big: 512 * 1024 * 1024, small: 1024 * 1024 });
  const run =
    (name, ...of) =>
    () =>
      measure('http2-downloads.mjs', name, files.port, ...of);
  const shape = (...of) => ({ rxweir: run('rxweir', ...of), 'node:http2': run('node-http2', ...of) });
  await alternate('HTTP/2 download: 512 MiB', 'MB/s', rounds, shape('/big', 1, 1), { 'node:http2': 1 });
  await alternate('HTTP/2: 100 streams of 1 MiB at once, five times', 'MB/s', rounds, shape('/small', 100, 5), {
    'node:http2': 1.5,
  });
  await files.stop();
}

function cannot(what) {
  if (missing.length > 0)
    console.log(`\n${what}: not shown, ${missing.join(' and ')} not installed (nghttp2-client, nghttp2-server)`);
  return missing.length > 0;
}

function load(port, ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const options = ['-c8', '-m32', `-D${seconds}`, '--warm-up-time=1'];
  const text = execFileSync('h2load', [...options, `http://127.0.0.1:${port}/hello`], { encoding: 'utf8' });
  return { rate: Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(text)[1]) };
}

/** nghttpd with files of so many bytes. */
async function startNghttpd(sizes) {
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-bench-'));
  for (const [name, size] of Object.entries(sizes)) writeFileSync(join(folder, name), Buffer.alloc(size, 'x'));
  const port = await freePort();
  const child = spawn('nghttpd', ['--no-tls', '-d', folder, '--address=127.0.0.1', String(port)], { stdio: 'ignore' });
  while (!(await connects(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    port,
    async stop() {
      child.kill();
      rmSync(folder, { recursive: true });
    },
  };
}
