import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from './support/built-package.js';

describe('the exports of the package', () => {
  // What is exported is promised: a change here is a change for users. `npm run exports:write` writes the file anew.
  it('are those of test/exports.json', async () => {
    const entries = {
      rxweir: await import('../src/index.js'),
      'rxweir/operators': await import('../src/operators.js'),
      'rxweir/testing': await import('../src/testing/index.js'),
      'rxweir/compat/ajax': await import('../src/compat/ajax.js'),
      'rxweir/compat/fetch': await import('../src/compat/fetch.js'),
      'rxweir/compat/prosody': await import('../src/compat/prosody.js'),
      'rxweir/compat/socket': await import('../src/compat/socket.js'),
      'rxweir/compat/web-socket': await import('../src/compat/web-socket.js'),
    };
    const names = Object.entries(entries).map(([entry, exported]) => [entry, Object.keys(exported).sort()]);
    await expect(`${JSON.stringify(Object.fromEntries(names), null, 2)}\n`).toMatchFileSnapshot('exports.json');
  });
});

/** Runs in plain Node, outside the test runner, on dist/ through the package's own name. */
const PROBE = `
  import { createRequire } from 'node:module';
  const require = createRequire(process.cwd() + '/probe.js');
  const formats = {
    esm: [await import('rxweir'), await import('rxweir/operators')],
    cjs: [require('rxweir'), require('rxweir/operators')],
  };
  const made = {
    ProtocolError: ['BAD', 'a message'],
    TimeoutError: ['connect', 1],
    NetworkError: ['ECONNRESET', 'read', 'a message'],
    UsageError: ['BAD', 'a message'],
  };
  const facts = {};
  for (const [name, args] of Object.entries(made)) {
    for (const [format, [root, operators]] of Object.entries(formats)) {
      const [other] = formats[format === 'esm' ? 'cjs' : 'esm'];
      const error = new operators[name](...args);
      facts[name + ' in ' + format] = {
        sameClass: root[name] === operators[name],
        instance: error instanceof root[name] && error instanceof Error,
        guard: root['is' + name](error),
        guardOfOtherFormat: other['is' + name](error),
        guardRefuses: !other['is' + name](new Error('a message')) && !other['is' + name](null),
        name: error.name,
      };
    }
  }
  console.log(JSON.stringify(facts));
`;

describe('the built package', () => {
  let facts: Record<string, unknown>;

  beforeAll(async () => {
    const cwd = await builtPackage();
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROBE], { cwd });
    facts = JSON.parse(stdout);
  });

  it('is loaded without TLS, which not every program needs', async () => {
    const probe = `
      await import('rxweir');
      const inside = process.moduleLoadList.filter((name) => name === 'NativeModule tls');
      console.log(JSON.stringify([...inside, process.moduleLoadList.includes('NativeModule net')]));
    `;
    const cwd = await builtPackage();
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', probe], { cwd });
    expect(JSON.parse(stdout)).toEqual([true]);
  });

  for (const name of ['ProtocolError', 'TimeoutError', 'NetworkError', 'UsageError']) {
    for (const format of ['esm', 'cjs']) {
      it(`has one ${name} for both entries in ${format}, and guards that know it in either format`, () => {
        expect(facts[`${name} in ${format}`]).toEqual({
          sameClass: true,
          instance: true,
          guard: true,
          guardOfOtherFormat: true,
          guardRefuses: true,
          name,
        });
      });
    }
  }
});
