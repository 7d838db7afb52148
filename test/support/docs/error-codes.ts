import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..', '..');

/** What takes a code as an argument: our error types, and functions that make them. */
const MAKERS: ReadonlySet<string> = new Set(['ProtocolError', 'UsageError', 'NetworkError', 'refusal', 'badByte']);

const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** A code with a place where it is raised. */
export interface RaisedCode {
  readonly code: string;
  readonly maker: string;
  readonly file: string;
}

/** The codes in the sources. Those of Node's own errors, which pass through, are not among them. */
export function raisedCodes(): RaisedCode[] {
  const raised: RaisedCode[] = [];
  for (const folder of ['operators', 'src']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const file = join(folder, name);
      const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
      visit(source, (maker, code) => raised.push({ code, maker, file }));
    }
  }
  return raised;
}

function visit(node: ts.Node, found: (maker: string, code: string) => void): void {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
    const maker = node.expression.getText();
    const isMaker = MAKERS.has(maker.replace(/^.*\./, ''));
    for (const argument of node.arguments ?? []) {
      for (const text of literalsOf(argument)) {
        if (CODE.test(text) && (isMaker || text.includes('_'))) found(maker, text);
      }
    }
  }
  ts.forEachChild(node, (child) => visit(child, found));
}

/** String literals an argument may be: itself, or either side of a condition. */
function literalsOf(argument: ts.Expression): string[] {
  if (ts.isStringLiteral(argument)) return [argument.text];
  if (ts.isConditionalExpression(argument))
    return [...literalsOf(argument.whenTrue), ...literalsOf(argument.whenFalse)];
  return ts.isParenthesizedExpression(argument) ? literalsOf(argument.expression) : [];
}
