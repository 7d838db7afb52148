import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, map } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { toCurl, type CurlRequest } from '../../operators/exchange/to-curl.js';
import { createClient } from '../../src/client/create-client.js';
import type { RequestConfig } from '../../src/client/request-config.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import { httpProxy, socksProxy } from '../src/client/proxy-servers.js';
import { realServer } from '../src/server/real-server.js';
import { needPackage } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-to-curl-'));
let scripts = 0;
let missing: string | undefined;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  missing = await needPackage('curl');
}, 180_000);

interface Seen {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
}

/** What either client adds of its own accord. */
const OWN = new Set(['host', 'user-agent', 'accept', 'accept-encoding', 'connection', 'content-length']);

/** A server that keeps what it is asked. */
async function listening(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const { url } = await realServer(({ version, method, target, fields, body }: ServerRequest) =>
    body.pipe(
      bytes(),
      map((content) => {
        const told = [...fields].filter(({ name }) => !OWN.has(name)).map(({ name, value }) => `${name}: ${value}`);
        seen.push({ line: `${version} ${method} ${target}`, fields: told, body: Buffer.from(content).toString('hex') });
        return { body: 'ok' };
      }),
    ),
  );
  return { url, seen };
}

/** Has a shell run a command line, from a file since it may be long, with nothing of our environment that curl would look at. */
function shell(line: string, input = '', cwd?: string): Promise<string> {
  const quiet = line.replace(/(^|\| )curl /, '$1curl -sS --max-time 20 ');
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8' };
    const script = join(folder, `${++scripts}.sh`);
    writeFileSync(script, quiet);
    const child = execFile('/bin/sh', [script], { env, cwd }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${line}: ${stderr}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const nasty = `'"\\ $(touch x) \`id\` ; & | > < * ? ~ # ! é € 😀 \t % %s \\n \n\r\n @`;

describe('a command line of toCurl, run by a shell, asks what our request asks', () => {
  it.for<[string, Partial<RequestConfig>]>([
    ['GET', {}],
    ['a path and a query', { url: '/a/%2F;p=1,2/?q=$HOME&r={1,2}&s=[1-3]&t=%00+%20' }],
    ['HEAD', { method: 'HEAD' }],
    ['another method', { method: 'M-SEARCH' }],
    ['OPTIONS *', { method: 'OPTIONS', target: '*' }],
    [
      'fields',
      {
        headers: [
          ['x-a', '1'],
          ['x-a', '2'],
          ['x-empty', ''],
          ['x-quote', `it's "$x" \\ %s`],
        ],
      },
    ],
    ['bytes beyond ASCII in a field', { headers: { 'x-latin': 'é\xff' } }],
    ['cookies and credentials', { headers: { cookie: `a="1"; b=$2`, authorization: 'Bearer a.b-c' } }],
    ['text', { method: 'POST', body: nasty }],
    ['no text', { method: 'POST', body: '' }],
    ['text that looks like a file', { method: 'POST', body: '@/etc/hostname' }],
    ['every byte', { method: 'PUT', body: everyByte }],
    ['UTF-8 as bytes, without a type', { method: 'PUT', body: Buffer.from('é\n') }],
    ['more than an argument holds', { method: 'PUT', body: `${'long '.repeat(40_000)}'` }],
    ['a form of the web', { method: 'POST', body: new URLSearchParams({ a: 'b c', 'é&': '=' }) }],
    ['a type of its own', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    ['a GET with content', { body: 'x' }],
    ['HTTP/1.0', { version: '1.0' }],
    ['HTTP/2 by prior knowledge', { version: '2', method: 'POST', body: 'x' }],
  ])('%s', async ([, config], context) => {
    if (missing !== undefined) context.skip(missing);
    const { url, seen } = await listening();
    const request = { ...config, url: url + String(config.url ?? '/') };
    await lastValueFrom(createClient().request(request).pipe(bytes()));
    await shell(toCurl(request, { secrets: true }));
    expect(seen).toHaveLength(2);
    const [ours, theirs] = seen.map((one) => ({ ...one, fields: [...one.fields].sort() }));
    expect(theirs).toEqual(ours);
  });

  it('userinfo in the URL', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const { url, seen } = await listening();
    const request = { url: url.replace('//', '//us%20er:p%27%3A$x@') };
    await lastValueFrom(createClient().request(request).pipe(bytes()));
    await shell(toCurl(request, { secrets: true }));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]?.fields[0]).toMatch(/^authorization: Basic /);
  });

  it('a stream, from standard input', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const { url, seen } = await listening();
    await shell(toCurl({ url, method: 'POST', body: ['a', 'b'] }), 'ab');
    expect(seen).toEqual([{ line: '1.1 POST /', fields: [], body: Buffer.from('ab').toString('hex') }]);
  });

  it('a form, with the parts it has', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const name = `a 'quoted'.txt`;
    writeFileSync(join(folder, name), 'of a file');
    const form = new FormData();
    form.append('text', '@not a file; type=x');
    form.append('file', new File(['of a file'], name, { type: 'text/x' }));
    const { url, seen } = await listening();
    await lastValueFrom(createClient().request({ url, method: 'POST', body: form }).pipe(bytes()));
    await shell(toCurl({ url, method: 'POST', body: form }), '', folder);
    const parts = await Promise.all(
      seen.map(async ({ fields, body }) => {
        const type = fields.find((field) => field.startsWith('content-type: '))?.slice(14) ?? '';
        const read = await new Response(Buffer.from(body, 'hex'), { headers: { 'content-type': type } }).formData();
        const file = read.get('file') as File;
        return [read.get('text'), file.name, file.type, await file.text()];
      }),
    );
    expect(parts).toEqual([parts[0], parts[0]]);
    expect(parts[0]).toEqual(['@not a file; type=x', name, 'text/x', 'of a file']);
  });

  it('through proxies, as whom they are spoken to', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const { url, seen } = await listening();
    const http = await httpProxy({ login: ['u ser', "p:'$"] });
    const socks = await socksProxy({ login: ['u', 'p'] });
    for (const proxy of [http.url, socks.url, false] as CurlRequest['proxy'][]) {
      await shell(toCurl({ url, proxy }, { secrets: true }));
    }
    expect(seen).toHaveLength(3);
    expect(http.asked).toEqual([`GET ${url}/`]);
    expect(socks.asked).toEqual([`address ${url.slice(7)}`]);
    expect(toCurl({ url, proxy: http.url })).not.toContain("p:'");
  });

  it('over a UNIX socket', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const path = join(tmpdir(), `rxweir-${process.pid}-to-curl.sock`);
    await realServer(({ authority }) => ({ body: authority }), { path });
    expect(await shell(toCurl({ url: 'http://inside.example/', socketPath: path }))).toBe('inside.example');
  });
});
