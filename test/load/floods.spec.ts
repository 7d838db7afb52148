/** Floods, each against a server in a process of its own: whoever is polite is answered meanwhile, and the server lives on. */
import { join } from 'node:path';
import { concatMap, lastValueFrom, map, merge, mergeMap, of, range, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { builtPackage } from '../support/built-package.js';
import { startProcess, type Peer } from '../support/peers.js';
import { attack, floods } from './floods.mjs';

let server: Peer;
let port = 0;

beforeAll(async () => {
  await builtPackage();
  server = await startProcess(process.execPath, [join(import.meta.dirname, 'flood-server.mjs')], {
    ready: /^\d+\n/,
    timeout: 30_000,
  });
  port = Number.parseInt(server.output(), 10);
}, 180_000);

afterAll(() => server?.stop());

/** One after the other on a connection of each version. */
function ask(count: number): Promise<string[]> {
  const client = createClient();
  const url = `http://127.0.0.1:${port}/`;
  const lane = (version: '1.1' | '2') =>
    range(0, count).pipe(
      concatMap(() => client.request({ url, version, timeout: 10_000 })),
      mergeMap((response) => of(response).pipe(text(), map((body) => `${response.status} ${body}`))), // prettier-ignore
    );
  return lastValueFrom(merge(lane('1.1'), lane('2')).pipe(toArray())).finally(() => client.close().subscribe());
}

describe('a polite client is answered during', () => {
  it.each(floods.map((flood) => [flood.name, flood] as const))(
    '%s',
    async (_, flood) => {
      const stop = attack(port, flood);
      try {
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(new Set(await ask(10))).toEqual(new Set(['200 ok']));
      } finally {
        stop();
      }
      expect(await ask(1)).toEqual(['200 ok', '200 ok']);
    },
    60_000,
  );

  it('and the server has not said a word of its own', () => {
    expect(server.output()).toBe(`${port}\n`);
  });
});
