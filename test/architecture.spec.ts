import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModule, type Module } from './support/architecture/modules.js';
import { rules } from './support/architecture/rules.js';

type RuleName = keyof typeof rules;
type Files = Readonly<Record<string, string>>;

/** Made-up sources: some that break the rule, what the rule says of them, and some that look alike and are fine. */
interface Proof {
  readonly breach: Files;
  readonly says: readonly string[];
  readonly fine: Files;
}

const proofs: Readonly<Record<RuleName, Proof>> = {
  importsFollowTheLayers: {
    breach: {
      'operators/core/hold.ts': `import type { Fields } from '../http/fields.js';`,
      'operators/http1/limits.ts': `import { x } from '../http2/settings.js';`,
      'operators/http2/settings.ts': `const x = () => import('../websocket/mask.js');`,
      'operators/websocket/mask.ts': `export { x } from '../http1/limits.js';`,
      'operators/http/status.ts': `let pool: import('../../src/client/pool.js').Pool;`,
      'src/client/pool.ts': `import { x } from '../server/respond.js';`,
      'src/server/respond.ts': `import { x } from '../client/pool.js';`,
      'src/helpers/any.ts': `import { x } from '../client/pool.js';`,
    },
    says: [
      'operators/core/hold.ts imports operators/http/fields.ts',
      'operators/http1/limits.ts imports operators/http2/settings.ts',
      'operators/http2/settings.ts imports operators/websocket/mask.ts',
      'operators/websocket/mask.ts imports operators/http1/limits.ts',
      'operators/http/status.ts imports src/client/pool.ts',
      'src/client/pool.ts imports src/server/respond.ts',
      'src/server/respond.ts imports src/client/pool.ts',
      'src/helpers/any.ts: src/helpers has no place in the table of layers',
    ],
    fine: {
      'operators/http2/settings.ts': `import { x } from '../hpack/encoder.js'; import { y } from './error-code.js';`,
      'src/client/pool.ts': `import { x } from '../connections/http1.js'; import { y } from '../../operators/http/fields.js';`,
    },
  },
  operatorsImportNoWorld: {
    breach: {
      'operators/core/a.ts': `import { readFile } from 'node:fs';`,
      'operators/http1/b.ts': `import type { Socket } from 'node:net';`,
      'operators/http/c.ts': `import { Readable } from 'node:stream';`,
      'operators/http/d.ts': `import { request } from 'undici';`,
    },
    says: [
      'operators/core/a.ts imports node:fs',
      'operators/http1/b.ts imports node:net',
      'operators/http/c.ts imports node:stream',
      'operators/http/d.ts imports undici',
    ],
    fine: {
      'operators/core/a.ts': `import { Readable } from 'node:stream'; import { map } from 'rxjs';`,
      'operators/exchange/digest.ts': `import { createHash } from 'node:crypto';`,
    },
  },
  onlySocketsTouchTheNetwork: {
    breach: {
      'src/client/a.ts': `import { connect } from 'node:net';`,
      'src/connections/b.ts': `import type { TLSSocket } from 'node:tls';`,
      'src/sockets/c.ts': `import { request } from 'node:http';`,
      'src/server/d.ts': `import { Pool } from 'undici';`,
      'src/server/e.ts': `import { connect } from 'net';`,
    },
    says: [
      'src/client/a.ts imports node:net',
      'src/connections/b.ts imports node:tls',
      'src/sockets/c.ts imports node:http',
      'src/server/d.ts imports undici',
      'src/server/e.ts imports net',
    ],
    fine: {
      'src/sockets/tcp.ts': `import { connect } from 'node:net'; import { lookup } from 'node:dns';`,
      'src/body/to-file.ts': `import { createWriteStream } from 'node:fs';`,
    },
  },
  storesStandAlone: {
    breach: { 'src/stores/cookies.ts': `import { request } from '../client/request.js';` },
    says: ['src/stores/cookies.ts imports values of src/client/request.ts'],
    fine: { 'src/stores/cookies.ts': `import { Fields } from '../../operators/http/fields.js';` },
  },
  stateTablesImportTypesOnly: {
    breach: {
      'operators/http1/client-state.ts': `import { limits } from './limits.js';`,
      'operators/websocket/state.ts': `import { map } from 'rxjs';`,
    },
    says: [
      'operators/http1/client-state.ts imports values of operators/http1/limits.ts',
      'operators/websocket/state.ts imports values of rxjs',
    ],
    fine: {
      'operators/http2/stream-state.ts': `import { transitionTable } from '../core/transition-table.js'; import type { F } from './frame.js';`,
    },
  },
  nothingIsBuiltOnTheJunction: {
    breach: { 'operators/http1/encode-messages.ts': `import { connection } from './connection.js';` },
    says: ['operators/http1/encode-messages.ts imports operators/http1/connection.ts'],
    fine: {
      'operators/index.ts': `export * from './http1/connection.js';`,
      'src/connections/http1.ts': `import { connection } from '../../operators/http1/connection.js';`,
    },
  },
  nothingImportsABarrel: {
    breach: {
      'operators/core/a.ts': `import { hold } from '../index.js';`,
      'src/client/b.ts': `import { toFile } from '../operators.js';`,
      'src/client/c.ts': `import { request } from 'rxweir';`,
    },
    says: [
      'operators/core/a.ts imports operators/index.ts',
      'src/client/b.ts imports src/operators.ts',
      'src/client/c.ts imports rxweir',
    ],
    fine: {
      'src/operators.ts': `export * from '../operators/index.js';`,
      'test/a.spec.ts': `import { x } from 'rxweir';`,
    },
  },
  noPrivateBarrels: {
    breach: { 'operators/http1/index.ts': `export * from './limits.js';` },
    says: ['operators/http1/index.ts is a barrel of no entry'],
    fine: { 'operators/index.ts': `export * from './core/hold.js';` },
  },
  nothingImportsTests: {
    breach: { 'operators/core/a.ts': `import { marbles } from '../../test/support/marbles.js';` },
    says: ['operators/core/a.ts imports test/support/marbles.ts'],
    fine: { 'test/a.spec.ts': `import { marbles } from './support/marbles.js';` },
  },
  noCycles: {
    breach: {
      'operators/core/a.ts': `import { b } from './b.js';`,
      'operators/core/b.ts': `export { c } from './c.js';`,
      'operators/core/c.ts': `import { a } from './a.js';`,
    },
    says: ['operators/core/a.ts -> operators/core/b.ts -> operators/core/c.ts -> operators/core/a.ts'],
    fine: {
      'operators/core/a.ts': `import { b } from './b.js'; import { c } from './c.js';`,
      'operators/core/b.ts': `import type { A } from './a.js'; import { c } from './c.js';`,
      'operators/core/c.ts': `export type { A } from './a.js';`,
    },
  },
  roomsAreSmall: {
    breach: { 'operators/core/a.ts': '//\n'.repeat(301) },
    says: ['operators/core/a.ts has 301 lines'],
    fine: { 'operators/core/a.ts': '//\n'.repeat(300) },
  },
  noPromises: {
    breach: {
      'operators/core/a.ts': `const a = new Promise(() => {});`,
      'operators/core/b.ts': `export const b = async () => {};`,
      'src/client/c.ts': `fetch('x').then(() => {});`,
      'src/client/d.ts': `class D { async d() { await this.d(); } }`,
      'src/testing/e.ts': `import { firstValueFrom } from 'rxjs'; Promise.resolve();`,
    },
    says: [
      'operators/core/a.ts uses new Promise',
      'operators/core/b.ts uses async',
      'src/client/c.ts uses .then',
      'src/client/d.ts uses async',
      'src/client/d.ts uses await',
      'src/testing/e.ts uses firstValueFrom',
      'src/testing/e.ts uses Promise.resolve',
    ],
    fine: { 'src/client/a.ts': `let p: Promise<void>; const async = 1; const x = { then: 1 }.then; // new Promise` },
  },
  operatorsHaveNoClockAndNoChance: {
    breach: {
      'operators/core/a.ts': `Date.now(); new Date(); performance.now();`,
      'operators/core/b.ts': `setTimeout(f, 1); setInterval(f, 1); setImmediate(f); const later = queueMicrotask;`,
      'operators/core/c.ts': `process.nextTick(f); Math.random(); globalThis.setTimeout(f);`,
      'operators/websocket/d.ts': `import { randomBytes } from 'node:crypto';`,
    },
    says: [
      'operators/core/a.ts uses Date.now',
      'operators/core/a.ts uses new Date()',
      'operators/core/a.ts uses performance.now',
      'operators/core/b.ts uses setTimeout',
      'operators/core/b.ts uses setInterval',
      'operators/core/b.ts uses setImmediate',
      'operators/core/b.ts uses queueMicrotask',
      'operators/core/c.ts uses process.nextTick',
      'operators/core/c.ts uses Math.random',
      'operators/core/c.ts uses setTimeout',
      'operators/websocket/d.ts uses randomBytes',
    ],
    fine: {
      'operators/core/a.ts': `socket.setTimeout(1); const o = { setTimeout: 1 }; new Date(0); Math.floor(1); // Date.now()`,
    },
  },
  everyTimerTakesAScheduler: {
    breach: { 'src/client/a.ts': `setTimeout(f, 1); const now = Date.now();` },
    says: ['src/client/a.ts uses setTimeout', 'src/client/a.ts uses Date.now'],
    fine: {
      'src/client/a.ts': `scheduler.schedule(f, 1); scheduler.now(); setImmediate(f); randomBytes(4); Math.random();`,
    },
  },
  exitsAreUsed: {
    breach: { 'operators/core/iterate.ts': `export const x = 1;` },
    says: ['operators/core/iterate.ts makes no promise'],
    fine: { 'operators/core/iterate.ts': `export const x = () => new Promise(() => {});` },
  },
};

function made(files: Files): Module[] {
  return Object.entries(files).map(([path, text]) => readModule({ path, text }));
}

function read(folder: string): Module[] {
  const root = join(import.meta.dirname, '..');
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => `${folder}/${name}`)
    .map((path) => readModule({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const tree = [...read('operators'), ...read('src')];

describe.each(Object.keys(proofs) as RuleName[])('%s', (name) => {
  const rule = rules[name];
  const { breach, says, fine } = proofs[name];

  it('holds in the source tree', () => {
    expect(tree.length).toBeGreaterThan(0);
    expect(rule(tree)).toEqual([]);
  });

  it('finds a breach', () => {
    expect(rule(made(breach)).sort()).toEqual([...says].sort());
  });

  it('lets pass what only looks like one', () => {
    expect(rule(made(fine))).toEqual([]);
  });
});
