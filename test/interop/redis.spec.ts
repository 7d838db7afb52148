/** WebSockets on two processes, with Redis between them: examples/redis-fan-out.mjs against Debian's redis-server. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtPackage } from '../support/built-package.js';
import { collect } from '../support/docs/run-block.js';
import { freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-redis-'));
const example = join(import.meta.dirname, '..', '..', 'examples', 'redis-fan-out.mjs');
let missing: string | undefined;
let redis: Peer | undefined;
let url = '';

beforeAll(async () => {
  missing = await needPackage('redis-server');
  if (missing !== undefined) return;
  await builtPackage();
  const port = await freePort();
  url = `redis://127.0.0.1:${port}`;
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  redis = await startProcess('redis-server', options, { ready: port });
}, 180_000);

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('what is said at one process is heard at both', async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const { exitCode, stdout, stderr } = await collect(
    spawn(process.execPath, [example, url], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 2)).toEqual([
    'Marlow hears Hambleden is here, Marlow is here',
    'Hambleden hears Hambleden is here, Marlow is here',
  ]);
  expect(lines.slice(2).sort()).toEqual(['node 1 has ended: 0', 'node 2 has ended: 0']);
}, 60_000);
