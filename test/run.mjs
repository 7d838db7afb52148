// The test command: every gate in order, one line each, stopping at the first that fails.
// The last line is always `N passed, N failed, N skipped`; a gate that stops the run before the tests counts as failed.
//
//   npm test                              all gates
//   npm test -- --only lint               one gate
//   npm test -- --only vitest test/core   one gate, the rest are its arguments
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { argv, env, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'rxweir-test-'));
const countsFile = join(scratch, 'counts.json');

/** Each gate but the last is the npm script of the same name. */
const gates = ['format', 'lint', 'typecheck', 'knip', 'build', 'check:package', 'vitest'];

const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  `--reporter=${join(root, 'test/support/count-reporter.mjs')}`,
];

/**
 * Runs one gate; a quiet one shows its output only when it fails.
 * @param {string} gate
 * @param {string[]} rest
 */
function run(gate, rest) {
  const loud = gate === 'vitest';
  const [command, args] = loud
    ? [process.execPath, [...vitest, ...rest]]
    : ['npm', ['run', '--silent', gate, ...(rest.length > 0 ? ['--', ...rest] : [])]];
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...env, RXWEIR_TEST_COUNTS: countsFile },
    stdio: ['ignore', loud ? 'inherit' : 'pipe', loud ? 'inherit' : 'pipe'],
  });
  /** @type {Buffer[]} */
  const output = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      const passed = code === 0;
      if (!passed) stdout.write(Buffer.concat(output));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${gate.padEnd(14)} ${seconds.padStart(6)} s\n`);
      resolve(passed);
    });
  });
}

function readCounts() {
  const none = { passed: 0, failed: 0, skipped: [] };
  return existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : none;
}

async function main() {
  const [flag, only, ...rest] = argv.slice(2);
  if (flag !== undefined && (flag !== '--only' || !gates.includes(only ?? ''))) {
    stdout.write(`usage: npm test [-- --only ${gates.join('|')} [arguments]]\n`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const chosen = only === undefined ? gates : [only];
  for (const gate of chosen) {
    if (await run(gate, rest)) continue;
    const counts = readCounts();
    return { ...counts, failed: Math.max(1, counts.failed) };
  }
  const counts = readCounts();
  const tested = counts.passed + counts.failed > 0;
  if (chosen.includes('vitest') && !tested) {
    stdout.write('no test ran\n');
    return { ...counts, failed: 1 };
  }
  return counts;
}

const counts = await main().finally(() => rmSync(scratch, { recursive: true, force: true }));
for (const { name, reason } of counts.skipped) stdout.write(`not shown: ${name} (${reason})\n`);
stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
