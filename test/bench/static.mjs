import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alternate, startServer } from './harness.mjs';

const NGINX = ['/usr/sbin/nginx', 'nginx'].find((program) => spawnSync(program, ['-v']).error === undefined);
const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** A small file and one of 1 MiB, under `wrk -t1 -c16`: serveDirectory, node:http with send, nginx with one worker. */
export async function staticFiles({ rounds, ms }) {
  if (!hasWrk) return console.log('\nstatic files: wrk is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-static-'));
  writeFileSync(join(folder, 'small.txt'), 'water '.repeat(200));
  writeFileSync(join(folder, 'large.bin'), Buffer.alloc(1024 * 1024, 'water '));
  const servers = {
    rxweir: await startServer('static-servers.mjs', 'rxweir', folder),
    'node:http and send': await startServer('static-servers.mjs', 'send', folder),
    ...(NGINX && { nginx: await startNginx(folder) }),
  };
  const files = { 'small.txt': 'static file, 1.2 KB', 'large.bin': 'static file, 1 MiB' };
  for (const [file, title] of Object.entries(files)) {
    const contenders = Object.fromEntries(
      Object.entries(servers).map(([name, { port }]) => [name, () => load(`http://127.0.0.1:${port}/${file}`, ms)]),
    );
    await alternate(`${title}: wrk -t1 -c16`, 'req/s', rounds, contenders, { 'node:http and send': 1 });
  }
  for (const server of Object.values(servers)) await server.stop();
  rmSync(folder, { recursive: true });
}

async function load(url, ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const text = execFileSync('wrk', ['-t1', '-c16', `-d${seconds}s`, url], { encoding: 'utf8' });
  const failed = /Non-2xx.*|Socket errors.*/.exec(text)?.[0];
  if (failed) throw new Error(`${url}: ${failed}`);
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]) };
}

async function startNginx(folder) {
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    config,
    `daemon off; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  sendfile on; tcp_nopush on; keepalive_requests 1000000; access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${folder}; }
}
`,
  );
  const child = spawn(NGINX, ['-c', config, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await listens(port))) await sleep(20);
  return {
    port,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
