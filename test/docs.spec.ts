import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from './support/built-package.js';
import { anchorsOf, codeBlocks, localLinks, pagesOf, readPage } from './support/docs/markdown.js';
import { requestFromBlock, runBlock } from './support/docs/run-block.js';
import { freePort } from './support/peers.js';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', 'CONTRIBUTING.md', ...pagesOf('docs')];

describe('links', () => {
  it.each(pages)('%s leads to places that exist', (page) => {
    const broken = localLinks(page).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('scripts', () => {
  it.each(pages)('those that %s names exist', (page) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readPage(page).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('code', () => {
  const blocks = ['README.md', ...pagesOf('docs')].flatMap(codeBlocks);
  const programs = blocks.filter(({ info }) => info[0] === 'js' || info[0] === 'ts');
  let server: ChildProcess;
  let port: number;

  beforeAll(async () => {
    await builtPackage();
    server = spawn(process.execPath, ['examples/support/sample-server.mjs', '0'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout!, 'data')) as [Buffer];
    port = Number(/:(\d+)\s*$/.exec(line.toString())?.[1]);
  });
  afterAll(() => {
    server.kill();
  });

  it('is all run by this test', () => {
    expect(programs.filter(({ info }) => info[1] !== 'run').map(({ page, line }) => `${page}:${line}`)).toEqual([]);
    expect(programs.length).toBeGreaterThan(10);
  });

  for (const block of programs) {
    const title = `of ${block.page}:${block.line}`;
    if (block.info.includes('serves')) {
      it(`${title} serves`, async () => {
        expect(await requestFromBlock(block, port, await freePort())).toBe(200);
      });
      continue;
    }
    const next = blocks[blocks.indexOf(block) + 1];
    const printed = next?.page === block.page && next.info.join(' ') === 'text output' ? next.code : undefined;
    it(`${title} runs${printed === undefined ? '' : ' and prints what is said'}`, async () => {
      const { exitCode, stdout, stderr } = await runBlock(block, port);
      const seen = stdout.replaceAll(/ +$/gm, ''); // which no page shows
      expect({ exitCode, stderr, stdout: seen }).toEqual({ exitCode: 0, stderr: '', stdout: printed ?? seen });
    });
  }
});
