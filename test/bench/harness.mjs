// Contenders in processes of their own, alternating round by round, so that a machine whose speed drifts slows all alike.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onFirstCore } from './one-core.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Starts a server script that prints its port on the first line; `stop` ends it. */
export function startServer(script, ...args) {
  return start(process.execPath, [here(script), ...args]);
}

/** The same for a script that is not measured itself, and keeps out of the way of one that is. */
export function startAside(script, ...args) {
  return start(...onFirstCore(process.execPath, [here(script), ...args]));
}

async function start(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  while (!text.includes('\n')) await once(child.stdout, 'data');
  return {
    port: Number.parseInt(text, 10),
    /** Microseconds of processor time it has had, where the system tells. */
    cpu: () => cpuOf(child.pid),
    /** Ends it; what it then says of itself, if it does. */
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const last = text.trim().split('\n').at(-1);
      return last.startsWith('{') ? JSON.parse(last) : undefined;
    },
  };
}

/** From `/proc`, in ticks of 10 ms: user and system are fields 14 and 15, counted from behind the name, which may hold spaces. */
function cpuOf(pid) {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return undefined;
  const fields = readFileSync(stat, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const NGINX = '/usr/sbin/nginx';

const SHORT_TEXT = 'location / { default_type text/plain; return 200 "Hello, world!"; }';

/**
 * nginx in one process; undefined where it is not installed.
 *
 * @param serves what it does: directives of its one server
 * @param measured it is a contender, not somebody who answers them
 */
export async function startNginx(serves = SHORT_TEXT, measured = false) {
  if (!existsSync(NGINX)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-bench-'));
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; ${paths.join(' ')}
server { listen 127.0.0.1:${port}; ${serves} } }`,
  );
  const nginx = ['-c', join(folder, 'nginx.conf'), '-e', '/dev/null'];
  const child = spawn(...(measured ? [NGINX, nginx] : onFirstCore(NGINX, nginx)), { stdio: 'ignore' });
  while (!(await connects(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    port,
    cpu: () => cpuOf(child.pid),
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Runs a script to its end and returns the JSON on its last line. */
export function measure(script, ...args) {
  return lastLine(script, args, [process.execPath, ['--expose-gc', here(script), ...args.map(String)]]);
}

/** The same for a script that is not measured itself, as above. */
export function measureAside(script, ...args) {
  return lastLine(script, args, onFirstCore(process.execPath, ['--expose-gc', here(script), ...args.map(String)]));
}

async function lastLine(script, args, [program, given]) {
  const child = spawn(program, given, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${script} ${args.join(' ')}: exit code ${child.exitCode}`);
  return JSON.parse(text.trim().split('\n').at(-1));
}

/** Runs a script that prints its own figures. */
export async function show(script) {
  const child = spawn(process.execPath, ['--expose-gc', here(script)], { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${script}: exit code ${child.exitCode}`);
}

/**
 * Alternates the contenders and prints medians, and the ratio of the first to each other, round by round.
 *
 * @param contenders name → () => Promise<{ rate, bytes?, cpu? }>; the first is ours
 */
export async function alternate(title, unit, rounds, contenders, floors = {}) {
  const names = Object.keys(contenders);
  const results = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // There and back again: what drifts steadily hits nobody more than the others.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) results.get(name).push(await contenders[name]());
  }
  const [ours] = names;
  console.log(`\n${title} (${rounds} rounds, medians)`);
  for (const name of names) {
    const rates = results.get(name).map(({ rate }) => rate);
    const all = (key) =>
      results
        .get(name)
        .map((result) => result[key])
        .filter((value) => value !== undefined);
    const [bytes, cpu] = [all('bytes'), all('cpu')];
    const ratios = results.get(ours).map(({ rate }, round) => rate / rates[round]);
    const floor = floors[name];
    const ratio = name === ours ? '' : `  ours/this ${median(ratios).toFixed(2)} (${spread(ratios)})`;
    const cpuRatios = results.get(ours).map((result, round) => result.cpu / results.get(name)[round].cpu);
    const goal = floor === undefined ? '' : `  goal ${floor} ${median(ratios) >= floor ? 'met' : 'MISSED'}`;
    const heap = bytes.length === 0 ? '' : `  ${Math.round(median(bytes))} B allocated each`;
    const times = name === ours ? '' : `, ours/this ${median(cpuRatios).toFixed(2)}`;
    const time = cpu.length === 0 ? '' : `  ${median(cpu).toFixed(1)} µs CPU each${times}`;
    console.log(`  ${name.padEnd(26)} ${format(median(rates), unit).padStart(14)}${heap}${time}${ratio}${goal}`);
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function spread(values) {
  return `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
}

function format(value, unit) {
  return `${value >= 10_000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2)} ${unit}`;
}
