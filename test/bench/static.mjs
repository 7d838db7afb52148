import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, startNginx, startServer } from './harness.mjs';
import { hasWrk, wrk } from './wrk.mjs';

/** A small file and one of 1 MiB, under `wrk -t1 -c16`: serveDirectory, node:http with send, nginx with one worker. */
export async function staticFiles({ rounds, ms }) {
  if (!hasWrk) return console.log('\nstatic files: wrk is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-static-'));
  writeFileSync(join(folder, 'small.txt'), 'water '.repeat(200));
  writeFileSync(join(folder, 'large.bin'), Buffer.alloc(1024 * 1024, 'water '));
  const servers = {
    rxweir: await startServer('static-servers.mjs', 'rxweir', folder),
    'node:http and send': await startServer('static-servers.mjs', 'send', folder),
  };
  const nginx = await startNginx(`root ${folder}; sendfile on; tcp_nopush on;`, true);
  if (nginx !== undefined) servers.nginx = nginx;
  const files = { 'small.txt': 'static file, 1.2 KB', 'large.bin': 'static file, 1 MiB' };
  for (const [file, title] of Object.entries(files)) {
    const contenders = Object.fromEntries(
      Object.entries(servers).map(([name, server]) => [
        name,
        () => wrk(server, { connections: 16, ms, path: `/${file}` }),
      ]),
    );
    await alternate(`${title}: wrk -t1 -c16`, 'req/s', rounds, contenders, { 'node:http and send': 1 });
  }
  for (const server of Object.values(servers)) await server.stop();
  rmSync(folder, { recursive: true });
}
