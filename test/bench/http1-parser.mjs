// What reading one HTTP/1 message costs: `node test/bench/http1-parser.mjs`. Prints the least of several rounds.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { transpiled } from '../fuzz/transpiled.mjs';

const root = transpiled(['operators/core', 'operators/http', 'operators/http1']);
/** @type {typeof import('../../operators/http1/message-decoder.js')} */
const { RequestDecoder, ResponseDecoder, END, NEED_DATA } = await import(
  join(root, 'operators/http1/message-decoder.js')
);
rmSync(root, { recursive: true });

const ROUNDS = 10;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';
const BROWSER = `GET /some/path?with=query HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\nUser-Agent: ${AGENT}\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp\r\nAccept-Language: en-US,en;q=0.5\r\n\
Accept-Encoding: gzip, deflate, br\r\nCookie: a=b; session=0123456789abcdef0123456789abcdef\r\nX-Custom-Thing: 1\r\n\
Upgrade-Insecure-Requests: 1\r\n\r\n`;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n';
const POST = `POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(16)}0\r\n\r\n`;
const RESPONSE = `HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!`;

/**
 * @param {string} name
 * @param {string} text
 * @param {number} times messages per round
 * @param {number} [pieces] how many pieces a message comes in
 */
function measure(name, text, times, pieces = 1) {
  const bytes = Buffer.from(text, 'latin1');
  const size = Math.ceil(bytes.length / pieces);
  const parts = Array.from({ length: pieces }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
  const response = text.startsWith('HTTP/');
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const decoder = response ? new ResponseDecoder() : new RequestDecoder();
    let ends = 0;
    const start = process.hrtime.bigint();
    for (let i = 0; i < times; i++) {
      if (decoder instanceof ResponseDecoder) decoder.expect('GET', false);
      for (const part of parts) {
        decoder.push(part);
        for (let event = decoder.read(); event !== NEED_DATA; event = decoder.read()) if (event === END) ends++;
      }
    }
    least = Math.min(least, Number(process.hrtime.bigint() - start) / times);
    if (ends !== times) throw new Error(`${ends} of ${times} messages were read`);
  }
  console.log(`${name.padEnd(44)}${least.toFixed(0).padStart(8)} ns`);
}

measure('GET, 4 fields', GET, 200_000);
measure('GET, 4 fields, in two pieces', GET, 100_000, 2);
measure('GET of a browser, 9 fields', BROWSER, 100_000);
measure('200 with 3 fields and 13 bytes', RESPONSE, 200_000);
measure('POST of 16 chunks', POST, 20_000);
