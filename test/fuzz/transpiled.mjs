import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const PROJECT = join(import.meta.dirname, '..', '..');

/**
 * The TypeScript of these folders as JavaScript in a temporary tree of the same shape, for workers and benchmarks, which no
 * test runner transforms. Types are not checked here. The caller removes the tree.
 *
 * @param {readonly string[]} folders
 * @returns {string} its root
 */
export function transpiled(folders) {
  const root = mkdtempSync(join(tmpdir(), 'rxweir-js-'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  for (const folder of folders) {
    for (const name of readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      const source = readFileSync(join(PROJECT, folder, name), 'utf8');
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ES2022,
          verbatimModuleSyntax: true,
        },
      });
      const path = join(root, folder, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, outputText);
    }
  }
  return root;
}
