import { defer, type Observable, type OperatorFunction } from 'rxjs';
import { nodeZlib } from '../core/node-zlib.js';
import { operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { cancelBody } from './cancel-body.js';
import { CodingLane } from './coding-lane.js';
import { coderOf, contentCodings, type Coder, type CodingStream, type ContentCoding } from './content-coding.js';

export interface DecodeContentConfig {
  /**
   * The codings of the bytes, in the order they were applied; for messages it is Content-Encoding that says so, and this is
   * not looked at.
   */
  readonly codings?: string | readonly string[];
  /** Codings on top of each other, over all Content-Encoding lines. Default 2. */
  readonly maxLayers?: number;
  /** Decoded bytes for each byte received, once more than 1 MiB was decoded, whatever the layers between. Default 1000. */
  readonly maxRatio?: number;
  /** Bytes of the whole content, decoded. No bound by default: collectors have one each. */
  readonly maxOutput?: number;
}

const MAX_LAYERS = 2;
const MAX_RATIO = 1000;
/** Below this any ratio is harmless. Bytes. */
const RATIO_FROM = 1_048_576;

/**
 * Undoes the content codings of a body (RFC 9110 §8.4): gzip, deflate in both its forms, br, and zstd where Node has it. Over
 * messages by their Content-Encoding, over bytes by `codings`. An empty body stays empty, as the answer to HEAD has one.
 *
 * ```text
 * source         --a---b|      a, b: gzip of 'hello', cut in two
 * decodeContent  -----h---o|
 * ```
 *
 * A chunk is held until what it became was consumed; what comes out is emitted in pieces of at most 64 KiB, and each is counted
 * before it is emitted.
 *
 * Fails with `ProtocolError` of scope `message`: `BAD_CONTENT` for bytes that are not of the coding, are cut short, or go on
 * behind its end; `DECODED_CONTENT_LIMIT` past `maxRatio` or `maxOutput`; `CODING_LIMIT` past `maxLayers`;
 * `UNSUPPORTED_CODING`.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { decodeContent, encodeContent, text } from 'rxweir/operators';
 * of(Buffer.from('hello')).pipe(encodeContent('gzip'), decodeContent({ codings: 'gzip' }), text()).subscribe();
 * ```
 * @see encodeContent
 */
export function decodeContent(config: DecodeContentConfig = {}): OperatorFunction<BodyInput, Uint8Array> {
  const { codings = [] } = config;
  const given = typeof codings === 'string' ? [codings] : codings;
  return bodyOf((body, fields) => decodedBody(body, fields ?? given, config));
}

/**
 * {@link decodeContent} of one body, for whoever makes messages: by the fields of its message, or by codings. Cold; what
 * cannot be decoded fails when it is subscribed to, and lets `body` go.
 */
export function decodedBody(
  body: Observable<Uint8Array>,
  coded: Fields | readonly string[],
  config: DecodeContentConfig = {},
): Observable<Uint8Array> {
  return defer(() => {
    let codings: ContentCoding[];
    try {
      codings = contentCodings(coded, config.maxLayers ?? MAX_LAYERS);
    } catch (error) {
      cancelBody(body);
      throw error;
    }
    // What every layer's output is measured against: the bytes the outermost one has taken in.
    const wire: { lane: CodingLane | undefined } = { lane: undefined };
    return codings.reduceRight((layer, coding) => layer.pipe(undo(coding, wire, config)), body);
  });
}

/** The fields of a message whose content was decoded: without those that describe it as it was sent. */
export function decodedFields(fields: Fields): Fields {
  if (!fields.has('content-encoding')) return fields;
  const decoded = fields.clone();
  decoded.delete('content-encoding');
  decoded.delete('content-length');
  return decoded;
}

function undo(
  coding: ContentCoding,
  wire: { lane: CodingLane | undefined },
  { maxRatio = MAX_RATIO, maxOutput = Infinity }: DecodeContentConfig,
): OperatorFunction<Uint8Array, Uint8Array> {
  return operate((subscriber) => {
    let lane: CodingLane | undefined;
    /** The first byte of bytes marked `deflate`, until there is a second. */
    let first: Uint8Array | undefined;

    const check = (_input: number, output: number): void => {
      if (output > maxOutput) throw tooMuch('maxOutput');
      if (output > RATIO_FROM && output > (wire.lane as CodingLane).input * maxRatio) throw tooMuch('maxRatio');
    };
    const failed = (cause: unknown): ProtocolError =>
      new ProtocolError('BAD_CONTENT', `the content is not ${coding}`, { scope: 'message', wireCode: 400, cause });
    const open = (bytes: Uint8Array): CodingLane => {
      const raw = coding === 'deflate' && !isZlib(bytes);
      const stream = raw ? nodeZlib().createInflateRaw() : decoderOf(coding);
      lane = new CodingLane(subscriber, { stream, flush: false, flushKind: undefined, check, failed });
      wire.lane ??= lane;
      return lane;
    };

    return {
      next(chunk) {
        if (chunk.length === 0) return;
        if (lane !== undefined) return lane.next(chunk);
        if (coding === 'deflate' && first === undefined && chunk.length === 1) {
          first = chunk.slice();
          return;
        }
        const bytes = first === undefined ? chunk : Buffer.concat([first, chunk]);
        open(bytes).next(bytes);
      },
      complete() {
        if (first !== undefined && lane === undefined) open(first).next(first);
        if (lane === undefined) subscriber.complete();
        else lane.complete();
      },
      finalize() {
        lane?.finalize();
      },
    };
  });
}

function decoderOf(coding: ContentCoding): CodingStream {
  return (coderOf(coding) as Coder).decode();
}

/** The two bytes of RFC 1950 §2.2: compression method 8, and a check sum. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}

function tooMuch(limit: string): ProtocolError {
  const message = `the decoded content passes ${limit}`;
  return new ProtocolError('DECODED_CONTENT_LIMIT', message, { scope: 'message', limit, wireCode: 413 });
}
