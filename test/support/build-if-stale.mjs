// Builds dist/ when it is missing or older than what it is made from; otherwise does nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const products = ['index', 'operators/index', 'testing/index'].flatMap((name) =>
  ['.js', '.cjs', '.d.ts', '.d.cts'].map((extension) => join(root, 'dist', name + extension)),
);

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** @param {string} folder */
function newestIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .reduce((newest, name) => Math.max(newest, modified(join(root, folder, name))), 0);
}

function isStale() {
  const built = Math.min(...products.map(modified));
  const sources = ['package.json', 'tsup.config.ts', 'tsconfig.json'].map((name) => modified(join(root, name)));
  return built < Math.max(newestIn('src'), newestIn('operators'), ...sources);
}

export function buildIfStale() {
  if (!isStale()) return;
  process.stderr.write('building dist/ …\n');
  try {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string; stderr?: string }} */ (error);
    process.stderr.write(stdout + stderr);
    throw new Error('the build failed', { cause: error });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    buildIfStale();
  } catch {
    process.exitCode = 1;
  }
}
