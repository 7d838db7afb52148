/** Content-Length as web-platform-tests have it (fetch/content-length), before a body of 42 bytes that ends with the connection. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLOSED, DATA, END, NEED_DATA, ResponseDecoder } from '../../operators/http1/message-decoder.js';

const FILE = join(import.meta.dirname, '../../../shared/conformance/wpt/content-lengths.json');

/** Bytes of the body, or null for a response that is refused. */
function read(block: string): number | null {
  const decoder = new ResponseDecoder();
  let bytes = 0;
  try {
    decoder.expect('GET', false);
    decoder.push(Buffer.from(`HTTP/1.1 200 OK\r\n${block}\r\n\r\n${'x'.repeat(42)}`, 'latin1'));
    for (;;) {
      const event = decoder.read();
      if (event === DATA) bytes += decoder.chunk.length;
      else if (event === END || event === CLOSED) return bytes;
      else if (event === NEED_DATA) decoder.finish();
    }
  } catch {
    return null;
  }
}

it('what browsers refuse is refused; what they repair is refused too, and nothing is read as another length', (context) => {
  if (!existsSync(FILE)) context.skip('../shared/conformance/wpt is not here');
  const cases = JSON.parse(readFileSync(FILE, 'utf8')) as { input: string; output: number | null }[];
  expect(cases).toHaveLength(28);
  const differing = cases.filter(({ input, output }) => read(input) !== output);
  // More than one, even if they are equal; and what is no number, which browsers take for none at all.
  expect(differing.map(({ input }) => input.replaceAll('Content-Length: ', '').replaceAll('\r\n', ' + '))).toEqual([
    '42,42',
    '42 + 42',
    '42 + 42,42',
    '30,30',
    '30 + 30',
    '30 + 30,30',
    'aaaah + aaaah',
    'aaaah, aaaah',
    'aaaah',
    '42s',
    '30s',
    '-1',
    '0x20',
  ]);
  expect(differing.map(({ input }) => read(input))).toEqual(differing.map(() => null));
});
