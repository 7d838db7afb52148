import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

/** A fenced block of a page. */
export interface CodeBlock {
  readonly page: string;
  readonly line: number;
  /** What stands behind the three backticks, in words. */
  readonly info: readonly string[];
  readonly code: string;
}

/** A row of a table, with the heading it stands under. */
export interface TableRow {
  readonly section: string;
  readonly cells: readonly string[];
}

/** Paths of the pages under a folder, or of the page itself. */
export function pagesOf(path: string): string[] {
  if (path.endsWith('.md')) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
    .map((name) => join(path, name))
    .sort();
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { line: number; info: string[]; lines: string[] } | undefined;
  for (const [i, line] of readPage(page).split('\n').entries()) {
    if (open === undefined) {
      if (line.startsWith('```')) open = { line: i + 1, info: line.slice(3).split(' '), lines: [] };
    } else if (line === '```') {
      blocks.push({ page, line: open.line, info: open.info, code: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(line);
  }
  return blocks;
}

/** The rows of all tables of a page, without their headings. */
export function tableRows(page: string): TableRow[] {
  const rows: TableRow[] = [];
  let section = '';
  let inBody = false;
  for (const line of readPage(page).split('\n')) {
    if (line.startsWith('#')) section = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) inBody = false;
    else if (/^\|[-:| ]+\|$/.test(line)) inBody = true;
    else if (inBody) {
      const cells = line.slice(1, -1).split(/(?<!\\)\|/);
      rows.push({ section, cells: cells.map((cell) => cell.trim().replaceAll('\\|', '|')) });
    }
  }
  return rows;
}

/** The text between the first pair of backticks. */
export function codeIn(cell: string): string | undefined {
  return /`([^`]+)`/.exec(cell)?.[1];
}

/** Targets of the links of a page that lead to files here. */
export function localLinks(page: string): string[] {
  const text = readPage(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string).filter((t) => !t.includes('://'));
}

/** Anchors of the headings of a page, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
