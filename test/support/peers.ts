import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from './lock.js';

const INSTALL_TIME = 120_000;
/** A failed installation is not tried again for so long: other test files would wait in vain. */
const REFUSAL_TIME = 300_000;
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** The path of a program, also where only root looks; undefined when it is not there. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Makes sure a program is there, installing its Debian package when we may.
 * Resolves to undefined when it is, else to the reason why not: `ctx.skip(reason)`.
 */
export async function needPackage(program: string, debianPackage = program): Promise<string | undefined> {
  if (findProgram(program)) return undefined;
  const missing = `${program} is not installed`;
  if (process.getuid?.() !== 0) return `${missing}, and only root may install it`;
  if (!findProgram('apt-get')) return `${missing}, and there is no apt-get`;
  try {
    return await withLock('apt', INSTALL_TIME + 10_000, () => {
      if (findProgram(program)) return undefined;
      const failure = install(debianPackage);
      if (failure) return `${missing}: ${failure}`;
      return findProgram(program) ? undefined : `package ${debianPackage} brought no ${program}`;
    });
  } catch (error) {
    return `${missing}: ${String(error)}`;
  }
}

function install(debianPackage: string): string | undefined {
  const refusal = join(tmpdir(), `rxweir-apt-${debianPackage}`);
  const refusedAt = statSync(refusal, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - refusedAt < REFUSAL_TIME) return readFileSync(refusal, 'utf8');
  const deadline = Date.now() + INSTALL_TIME;
  const failure = withoutServices(
    () =>
      aptGet(deadline, 'install', '-y', '--no-install-recommends', debianPackage) &&
      (aptGet(deadline, 'update') ?? aptGet(deadline, 'install', '-y', '--no-install-recommends', debianPackage)),
  );
  if (failure) writeFileSync(refusal, failure);
  else rmSync(refusal, { force: true });
  return failure;
}

function aptGet(deadline: number, ...args: string[]): string | undefined {
  const timeout = Math.max(1, deadline - Date.now());
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = spawnSync('apt-get', ['-q', ...args], {
    timeout,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status === 0) return undefined;
  const lastLine = done.stderr?.trim().split('\n').at(-1);
  return `apt-get ${args[0]} failed (${done.error?.message ?? lastLine ?? done.signal})`;
}

/** Debian starts a service when its package is installed, unless this policy forbids it. */
function withoutServices<T>(task: () => T): T {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return task();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return task();
  } finally {
    rmSync(policy, { force: true });
  }
}

export interface StartOptions {
  /** When it is ready: its output matches, something listens on that port of 127.0.0.1, or it has been started (default). */
  readonly ready?: RegExp | number;
  readonly timeout?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A peer that runs until it is stopped. */
export interface Peer {
  readonly pid: number;
  /** Everything it has written so far to stdout and stderr. */
  readonly output: () => string;
  /** Resolves with the exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Ends it by its pid: SIGTERM, and SIGKILL after two seconds. Resolves when it has gone. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program in the foreground and resolves when it is ready; rejects with its output when it exits before. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Peer> {
  const { cwd, env, ready, timeout = 10_000 } = options;
  const child = spawn(findProgram(program) ?? program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (some) => (text += some));
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => (text += `${error.message}\n`));
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const stop = async (): Promise<void> => {
    const kill = setTimeout(() => child.kill('SIGKILL'), 2_000);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(kill);
  };

  const deadline = Date.now() + timeout;
  while (!(await isReady(ready, () => text))) {
    const gone = !running.has(child);
    if (gone || Date.now() > deadline) {
      await stop();
      throw new Error(`${program} ${gone ? 'exited' : 'was not ready in time'}:\n${text}`);
    }
    await sleep(20);
  }
  return { pid: child.pid ?? -1, output: () => text, exited, stop };
}

async function isReady(ready: RegExp | number | undefined, output: () => string): Promise<boolean> {
  if (ready === undefined) return true;
  return typeof ready === 'number' ? isListening(ready) : ready.test(output());
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Below the ports the kernel gives to outgoing connections and to port 0: nobody else is handed one of these meanwhile. */
const [FIRST_PORT, LAST_PORT] = [10_000, 32_767];
const handedOut = new Set<number>();

/** A port of 127.0.0.1 that is free, for a program that cannot say which one it took; never the same one twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
