import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import type { CodeBlock } from './markdown.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** What became of a program. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the samples of the documentation find their server. */
const SAMPLE_SERVER = '127.0.0.1:8080';
/** The ports that samples themselves listen on. */
const OWN_PORT = /\bport: 808\d\b/g;
/** Those they listen on besides, which nobody asks. */
const OTHER_PORT = /\bport: 908\d\b/g;

/** Runs a block as a module, in plain Node, on dist/: its sample server is at `port`, and it listens on `ownPort`. */
function start(block: CodeBlock, port: number, ownPort: number): ChildProcess {
  const code = block.code
    .replaceAll(SAMPLE_SERVER, `127.0.0.1:${port}`)
    .replaceAll(OWN_PORT, `port: ${ownPort}`)
    .replaceAll(OTHER_PORT, 'port: 0');
  const quiet = '--disable-warning=RXWEIR_SELF_SIGNED'; // of servers that samples give no certificate
  return spawn(process.execPath, [quiet, '--input-type=module', '--eval', code], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Collects what a program writes; resolves when it has ended. */
export async function collect(program: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  program.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  program.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [exitCode] = (await once(program, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

/** Runs a block that ends by itself. */
export function runBlock(block: CodeBlock, port: number): Promise<Outcome> {
  return collect(start(block, port, 0));
}

/** Runs a block that serves until it is stopped: the status it answers GET / with. */
export async function requestFromBlock(block: CodeBlock, port: number, ownPort: number): Promise<number> {
  const program = start(block, port, ownPort);
  const ended = collect(program);
  try {
    return await Promise.race([
      statusOf(`http://127.0.0.1:${ownPort}/`),
      ended.then(({ stderr }) => Promise.reject(new Error(`ended by itself: ${stderr}`))),
    ]);
  } finally {
    program.kill();
    await ended;
  }
}

/** Asks until there is an answer. */
async function statusOf(url: string): Promise<number> {
  for (;;) {
    const status = await new Promise<number | undefined>((resolve) => {
      get(url, (response) => resolve(response.resume().statusCode)).on('error', () => resolve(undefined));
    });
    if (status !== undefined) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
