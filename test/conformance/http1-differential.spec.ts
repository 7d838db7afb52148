/**
 * Our decoders against Node's own parser (llhttp), through real sockets of node:http: the same random bytes, valid and
 * mutated, and every way in which the two differ is in a table with its reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequestDecoder, ResponseDecoder } from '../../operators/http1/message-decoder.js';
import { type Difference, difference, DISAGREEMENTS, explain } from './http1-differential/disagreements.js';
import { mutate, random, validRequest, validResponse } from './http1-differential/generate.js';
import { nodeClient, type NodeReader, nodeServer } from './http1-differential/node-reads.js';
import { ourOutcome } from './http1-differential/outcome.js';

const SEED = Number(process.env['HTTP1_SEED'] ?? 20_260_101);
const MESSAGES = Number(process.env['HTTP1_MESSAGES'] ?? 2000);

let server: NodeReader;
let client: NodeReader;

beforeAll(async () => {
  server = await nodeServer();
  client = await nodeClient();
});
afterAll(async () => {
  await server.close();
  await client.close();
});

async function compare(of: 'request' | 'response', text: string): Promise<Difference | undefined> {
  const bytes = Buffer.from(text, 'latin1');
  if (of === 'request') return difference(ourOutcome(new RequestDecoder(), bytes), await server.read(bytes));
  const decoder = new ResponseDecoder();
  decoder.expect('GET', false);
  return difference(ourOutcome(decoder, bytes), await client.read(bytes));
}

describe.each([
  ['request', validRequest],
  ['response', validResponse],
] as const)('%ss', (of, valid) => {
  it('that are valid are read alike', async () => {
    const r = random(SEED);
    for (let i = 0; i < MESSAGES / 4; i++) {
      const text = valid(r);
      expect(await compare(of, text), JSON.stringify(text)).toBeUndefined();
    }
  });

  it('that are mutated are read alike, or differ in a way that is explained', async () => {
    const r = random(SEED + 1);
    const unexplained: string[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      const text = mutate(r, valid(r));
      const found = await compare(of, text);
      if (found !== undefined && explain(of, found, text) === undefined) {
        unexplained.push(`${found.kind} ${found.code}: ${JSON.stringify(text)}`);
      }
    }
    expect(unexplained).toEqual([]);
  });
});

// Its examples are those of one llhttp: another may have come our way.
describe.skipIf(!process.versions['llhttp']?.startsWith('9.3.'))('each explained disagreement', () => {
  it.each(DISAGREEMENTS.map((row) => [row.of, row.kind, row.code, row] as const))(
    '%s, %s: %s',
    async (of, kind, code, row) => {
      expect(await compare(of, row.example)).toEqual({ kind, code });
      expect(explain(of, row, row.example)).toBe(row);
    },
  );
});
