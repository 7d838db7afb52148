// What HPACK costs: `node --expose-gc test/bench/hpack.mjs`. Prints the least of several rounds, and how our encoder compares
// with nghttp2's on the stories of hpack-test-case, if they are there (HPACK_STORIES, or beside the project).
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { transpiled } from '../fuzz/transpiled.mjs';

const root = transpiled(['operators/core', 'operators/http', 'operators/hpack']);
/** @type {typeof import('../../operators/hpack/decoder.js')} */
const { HpackDecoder } = await import(join(root, 'operators/hpack/decoder.js'));
/** @type {typeof import('../../operators/hpack/encoder.js')} */
const { HpackEncoder } = await import(join(root, 'operators/hpack/encoder.js'));
/** @type {typeof import('../../operators/http/fields.js')} */
const { Fields } = await import(join(root, 'operators/http/fields.js'));
rmSync(root, { recursive: true });

const ROUNDS = 12;
const TIMES = 50_000;
const FEW_TIMES = 500;
const STORIES =
  process.env['HPACK_STORIES'] ?? join(import.meta.dirname, '..', '..', '..', 'shared/conformance/hpack-test-case');

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';
const REQUEST = {
  ':method': 'GET',
  ':scheme': 'https',
  ':authority': 'www.example.com',
  ':path': '/some/path/of/a/page',
  'user-agent': AGENT,
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.5',
  'accept-encoding': 'gzip, deflate, br',
  referer: 'https://www.example.com/some/',
  'x-request-class': 'interactive',
};
const RESPONSE = {
  ':status': '200',
  server: 'rxweir',
  date: 'Sun, 06 Nov 1994 08:49:37 GMT',
  'content-type': 'text/html; charset=utf-8',
  'content-length': '12345',
  'cache-control': 'private, max-age=60',
  vary: 'accept-encoding',
  etag: '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
const flat = (fields) => Object.entries(fields).flat();

/** Least nanoseconds of a call, of several rounds, and the bytes it allocates on the heap. */
function measure(name, note, call) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < TIMES; i++) call();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / TIMES);
  }
  const heap = globalThis.gc === undefined ? '' : `${allocated(call).toFixed(0).padStart(7)} B`;
  console.log(`${name.padEnd(36)}${least.toFixed(0).padStart(7)} ns${heap}   ${note}`);
}

/** Few calls, so that nothing is collected meanwhile. */
function allocated(call) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < FEW_TIMES; i++) call();
  return (process.memoryUsage().heapUsed - before) / FEW_TIMES;
}

for (const [name, fields] of Object.entries({ request: REQUEST, response: RESPONSE })) {
  const list = flat(fields);
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const cold = encoder.encode(list);
  decoder.decodeList(cold);
  const warm = encoder.encode(list);
  const made = new Fields(fields);
  measure(`decode a ${name}, warm`, `${warm.length} bytes`, () => decoder.decodeList(warm));
  measure(`decode a ${name} to Fields, warm`, '', () => decoder.decode(warm));
  measure(`encode a ${name}, warm`, `${warm.length} bytes`, () => encoder.encode(list));
  measure(`encode a ${name} of Fields, warm`, '', () => encoder.encode(made));
  measure(`decode a ${name}, first of its kind`, `${cold.length} bytes`, () => new HpackDecoder().decodeList(cold));
  measure(`encode a ${name}, first of its kind`, `${cold.length} bytes`, () => new HpackEncoder().encode(list));
}

if (existsSync(STORIES)) compare(join(STORIES, 'nghttp2'));
else console.log(`no stories at ${STORIES}: nothing is compared with nghttp2`);

/** @param {string} folder */
function compare(folder) {
  let [blocks, plain, wire, ours, indexed] = [0, 0, 0, 0, 0];
  for (const name of readdirSync(folder)) {
    const encoder = new HpackEncoder();
    const trusting = new HpackEncoder();
    for (const story of JSON.parse(readFileSync(join(folder, name), 'utf8')).cases) {
      const list = story.headers.flatMap(flat);
      const fields = new Fields();
      for (let i = 0; i < list.length; i += 2) fields.append(list[i], list[i + 1], { neverIndex: false });
      blocks++;
      plain += list.reduce((sum, text) => sum + text.length, 0);
      wire += story.wire.length / 2;
      ours += encoder.encode(list).length;
      indexed += trusting.encode(fields).length;
    }
  }
  console.log(`${blocks} blocks of stories, ${plain} bytes of names and values:`);
  for (const [who, bytes] of Object.entries({ nghttp2: wire, ours, 'ours, cookies indexed too': indexed })) {
    const ratio = `${((100 * bytes) / plain).toFixed(1)} %  ${(bytes / wire).toFixed(3)} × nghttp2`;
    console.log(`  ${who.padEnd(28)}${String(bytes).padStart(8)} bytes  ${ratio}`);
  }
}
