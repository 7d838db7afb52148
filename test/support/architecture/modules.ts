import { posix } from 'node:path';
import ts from 'typescript';

/** A source file as the rules see it: its path from the project root, with forward slashes, and its text. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

export interface ImportOf {
  readonly specifier: string;
  /** The project path a relative specifier leads to (`operators/core/hold.ts`); undefined for packages and built-ins. */
  readonly target: string | undefined;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

export interface Module extends SourceText {
  readonly imports: readonly ImportOf[];
  /** What it uses of clocks, chance and promises: `Date.now`, `setTimeout`, `new Promise`, `async`, `.then` … */
  readonly uses: ReadonlySet<string>;
}

/** Globals that wait, tell the time or draw lots, when they stand alone. */
const GLOBALS = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
]);

/** The same as members of an object. */
const MEMBERS = new Set([
  'Date.now',
  'performance.now',
  'process.nextTick',
  'process.hrtime',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
]);

/** Functions of node:crypto and of rxjs that draw lots or make a promise, by imported name. */
const IMPORTED = new Set([
  'randomBytes',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'firstValueFrom',
  'lastValueFrom',
]);

export function readModule({ path, text }: SourceText): Module {
  const imports: ImportOf[] = [];
  const uses = new Set<string>();
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    imports.push({ specifier: specifier.text, target: resolve(path, specifier.text), typeOnly });
  };

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && isDynamicImport(node)) add(node.arguments[0], false);
    for (const use of usesOf(node)) uses.add(use);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
  return { path, text, imports, uses };
}

function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  if (clause.name !== undefined || names === undefined || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((one) => one.isTypeOnly);
}

function isTypeOnlyExport(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  const names = node.exportClause;
  if (names === undefined || !ts.isNamedExports(names)) return false;
  return names.elements.length > 0 && names.elements.every((one) => one.isTypeOnly);
}

function isDynamicImport(node: ts.CallExpression): boolean {
  if (node.expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  return ts.isIdentifier(node.expression) && node.expression.text === 'require';
}

function usesOf(node: ts.Node): string[] {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return ['async'];
  if (node.kind === ts.SyntaxKind.AwaitKeyword || ts.isAwaitExpression(node)) return ['await'];
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    if (node.expression.text === 'Promise') return ['new Promise'];
    if (node.expression.text === 'Date' && (node.arguments?.length ?? 0) === 0) return ['new Date()'];
  }
  if (ts.isPropertyAccessExpression(node)) return memberUses(node);
  if (ts.isImportSpecifier(node)) {
    const name = (node.propertyName ?? node.name).text;
    return IMPORTED.has(name) ? [name] : [];
  }
  if (ts.isIdentifier(node) && GLOBALS.has(node.text) && isFreeStanding(node)) return [node.text];
  return [];
}

function memberUses(node: ts.PropertyAccessExpression): string[] {
  const member = node.name.text;
  if (ts.isCallExpression(node.parent) && node.parent.expression === node && member === 'then') return ['.then'];
  if (!ts.isIdentifier(node.expression)) return [];
  const owner = node.expression.text;
  if (owner === 'Promise') return [`Promise.${member}`];
  if (owner === 'globalThis' && GLOBALS.has(member)) return [member];
  return MEMBERS.has(`${owner}.${member}`) ? [`${owner}.${member}`] : [];
}

/** Not `socket.setTimeout`, nor the key of an object or the name of a method. */
function isFreeStanding(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeQueryNode(parent)) return false;
  const names = ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent);
  const fields = ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent);
  return !((names || fields) && parent.name === node);
}
