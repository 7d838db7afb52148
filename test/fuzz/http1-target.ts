/** What is fuzzed, and what must hold of any bytes: runs in a worker, knows nothing of tests. */
import { isProtocolError } from '../../operators/core/protocol-error.js';
import {
  CLOSED,
  DATA,
  END,
  HEAD,
  NEED_DATA,
  RequestDecoder,
  ResponseDecoder,
} from '../../operators/http1/message-decoder.js';
import { encodeRequestHead } from '../../operators/http1/message-encoder.js';
import { mutate, random, validRequest, validResponse } from '../conformance/http1-differential/generate.js';
import { randomCuts } from '../support/every-split.js';

/** More may wait in a decoder than the limits of a head, but not much. Bytes. */
const MOST_BUFFERED = 80 * 1024;

const ALPHABET =
  'GETPOST /HTTP/1.1\r\n\r\n:;,="\\ \t\0\x7f\xff0123456789abcdefchunkedContent-LengthTransfer-EncodingHost';

/** The bytes of one run: from valid ones hardly changed to noise. */
function bytesOf(seed: number, response: boolean): Uint8Array {
  const r = random(seed);
  const valid = (): string => (response ? validResponse(r) : validRequest(r));
  let text = valid();
  if (r.chance(0.3)) text += valid();
  const rounds = r.below(4);
  for (let i = 0; i < rounds; i++) text = mutate(r, text);
  if (r.chance(0.1)) {
    text = '';
    for (let i = r.below(400); i > 0; i--) text += ALPHABET[r.below(ALPHABET.length)];
  }
  if (r.chance(0.02)) {
    const at = r.below(text.length);
    text = text.slice(0, at) + (ALPHABET[r.below(ALPHABET.length)] as string).repeat(r.below(40_000)) + text.slice(at);
  }
  return Buffer.from(text, 'latin1');
}

/** One run of one decoder; a word on what went wrong, or nothing. */
export function check(seed: number, response: boolean): string | undefined {
  const bytes = bytesOf(seed, response);
  const whole = transcript([bytes], response);
  const cut = transcript(randomCuts(bytes, seed, 1 + (seed % 40)), response);
  if (whole !== cut) return `whole: ${whole}\ncut: ${cut}`;
  return undefined;
}

function transcript(pieces: readonly Uint8Array[], response: boolean): string {
  const decoder = make(response);
  const said: string[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      drain(decoder, said);
      if (decoder.buffered > MOST_BUFFERED) throw new Error(`${decoder.buffered} bytes are waiting`);
    }
    decoder.finish();
    drain(decoder, said);
    if (decoder.read() !== CLOSED) throw new Error('a finished decoder goes on');
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    said.push(`!${error.code} ${error.limit}`);
    let again: unknown;
    try {
      decoder.read();
    } catch (thrown) {
      again = thrown;
    }
    if (again !== error) throw new Error('the error did not stay', { cause: error });
  }
  return said.join('');
}

function make(response: boolean): RequestDecoder | ResponseDecoder {
  if (!response) return new RequestDecoder();
  const decoder = new ResponseDecoder();
  for (const method of ['GET', 'HEAD', 'GET', 'CONNECT']) decoder.expect(method, method === 'CONNECT');
  return decoder;
}

/** All there is to read, pieces of a body joined by leaving out where they part. */
function drain(decoder: RequestDecoder | ResponseDecoder, said: string[]): void {
  for (;;) {
    const event = decoder.read();
    if (event === NEED_DATA || event === CLOSED) return;
    if (event === HEAD) {
      const { head, framing, contentLength, keepAlive, transferCoding } = decoder;
      said.push(`<${framing} ${contentLength} ${keepAlive} ${transferCoding} ${head.fields.toLines()}`);
      if (decoder instanceof RequestDecoder) writable(decoder);
    } else if (event === DATA) {
      if (decoder.chunk.length === 0) throw new Error('an empty piece of a body');
      said.push(decoder.chunkExtension, Buffer.from(decoder.chunk).toString('latin1'));
    } else if (event === END) said.push(`>${decoder.trailers?.toLines() ?? ''}`);
    else throw new Error(`event ${event}`);
  }
}

/** What we read we may write: a head that was let in is let out again. */
function writable({ head }: RequestDecoder): void {
  const text = encodeRequestHead(head.method, head.target, head.fields, '', head.version);
  const again = new RequestDecoder();
  again.push(Buffer.from(text, 'latin1'));
  if (again.read() !== HEAD || again.head.fields.toLines() !== head.fields.toLines()) {
    throw new Error(`written otherwise: ${text}`);
  }
}
