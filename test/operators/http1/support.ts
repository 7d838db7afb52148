import { expect } from 'vitest';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import type { Fields } from '../../../operators/http/fields.js';
import type { Http1Limits } from '../../../operators/http1/limits.js';
import {
  CLOSED,
  DATA,
  END,
  HEAD,
  NEED_DATA,
  RequestDecoder,
  type RequestHead,
  ResponseDecoder,
  type ResponseHead,
} from '../../../operators/http1/message-decoder.js';
import { splits } from '../../support/every-split.js';

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What a decoder said, with pieces of a body joined: equal for equal bytes, however they were cut. */
export type Transcript = readonly string[];

/** Reads `pieces` and then, unless told otherwise, the end of the input. */
export function transcribe(
  decoder: RequestDecoder | ResponseDecoder,
  pieces: Iterable<Uint8Array>,
  finish = true,
): Transcript {
  const said: string[] = [];
  const drain = (): boolean => {
    for (;;) {
      let event: number;
      try {
        event = decoder.read();
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        said.push(`ERROR ${error.code} ${error.wireCode}${error.limit === undefined ? '' : ` ${error.limit}`}`);
        expect(() => decoder.read()).toThrow(error); // and stays so
        return false;
      }
      if (event === NEED_DATA) return true;
      if (event === HEAD) said.push(describeHead(decoder));
      else if (event === END)
        said.push(`END${decoder.trailers === undefined ? '' : ` ${fieldText(decoder.trailers)}`}`);
      else if (event === CLOSED) {
        said.push('CLOSED');
        return false;
      } else {
        expect(event).toBe(DATA);
        expect(decoder.chunk.length).toBeGreaterThan(0);
        const extension = decoder.chunkExtension;
        const last = said[said.length - 1] as string;
        if (extension === '' && last.startsWith('DATA')) said[said.length - 1] = last + textOf(decoder.chunk);
        else said.push(`DATA(${extension}) ${textOf(decoder.chunk)}`);
      }
    }
  };
  for (const piece of pieces) {
    decoder.push(piece);
    if (!drain()) return said;
  }
  if (finish) {
    decoder.finish();
    if (drain()) throw new Error('a finished decoder wants more input');
  }
  return said;
}

export function fieldText(fields: Fields): string {
  return [...fields].map(({ name, value }) => `${name}=${value}`).join('; ');
}

function describeHead(decoder: RequestDecoder | ResponseDecoder): string {
  const { framing, contentLength, transferCoding, keepAlive } = decoder;
  const line =
    decoder instanceof RequestDecoder ? requestLine(decoder, decoder.head) : statusLine(decoder.head as ResponseHead);
  const length = contentLength < 0 ? '' : `:${contentLength}`;
  const coding = transferCoding === '' ? '' : `(${transferCoding})`;
  return `${line} framing=${framing}${length}${coding}${keepAlive ? '' : ' close'} {${fieldText(decoder.head.fields)}}`;
}

function requestLine(decoder: RequestDecoder, { method, target, version }: RequestHead): string {
  const { upgrade, expectContinue, expectation } = decoder;
  const asked =
    (upgrade && ` upgrade=${upgrade}`) +
    (expectContinue ? ' continue' : '') +
    (expectation && ` expect=${expectation}`);
  return `${method} ${target} ${version}${asked}`;
}

function statusLine({ status, reason, version }: ResponseHead): string {
  return `${version} ${status} ${reason}`;
}

/** Requests, cut in every way, always read the same. */
export function readRequest(text: string, limits?: Partial<Http1Limits>): Transcript {
  return everyWay(text, () => new RequestDecoder(limits));
}

/** Responses to requests of these methods, cut in every way. `!` behind a method: it asks for an upgrade. */
export function readResponse(
  text: string,
  methods: readonly string[] = ['GET'],
  limits?: Partial<Http1Limits>,
): Transcript {
  return everyWay(text, () => {
    const decoder = new ResponseDecoder(limits);
    for (const method of methods) decoder.expect(method.replace('!', ''), method.endsWith('!'));
    return decoder;
  });
}

function everyWay(text: string, make: () => RequestDecoder | ResponseDecoder): Transcript {
  let whole: Transcript | undefined;
  for (const pieces of splits(bytesOf(text))) {
    const said = transcribe(make(), pieces);
    whole ??= said;
    expect(said, `cut as ${pieces.map((piece) => piece.length).join('+')}`).toEqual(whole);
  }
  return whole as Transcript;
}

/** The code a request is refused with, or its transcript when it is not. */
export function refused(said: Transcript): string {
  const last = said[said.length - 1] as string;
  return last.startsWith('ERROR') ? last.slice(6) : said.join('\n');
}

export const HOST = 'Host: a\r\n';

/** What becomes of a request with this request line. */
export function withLine(line: string, fields = HOST): string {
  return refused(readRequest(`${line}\r\n${fields}\r\n`));
}

/** What becomes of a POST with these field lines besides Host. */
export function withFields(fields: string, body = ''): string {
  return refused(readRequest(`POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`));
}
