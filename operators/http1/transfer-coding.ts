/** The codings under `chunked`: `Transfer-Encoding: gzip, chunked` and `deflate, chunked` (RFC 9112 §7.2). */
import type { Deflate, Gzip } from 'node:zlib';
import type { OperatorFunction } from 'rxjs';
import { nodeZlib } from '../core/node-zlib.js';
import { operate } from '../core/operate.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { ZlibLane } from './zlib-lane.js';

/** Bounds on what coded bytes may become. */
export interface InflateLimits {
  /** Bytes of the whole body, decoded. No bound by default: the chunks have one each. */
  readonly maxOutput?: number;
  /** Decoded bytes for each coded one, once more than a MiB was decoded. Default 1000. */
  readonly maxRatio?: number;
}

const DEFAULT_MAX_RATIO = 1000;
/** Below this any ratio is harmless. Bytes. */
const RATIO_FROM = 1_048_576;

/**
 * Codes a body with gzip: each chunk is flushed, so what went in can come out at the other end at once.
 *
 * In and out: bytes. A chunk is held until its coded bytes were consumed.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { gzipTransferCoding } from 'rxweir/operators';
 * of(Buffer.from('hello')).pipe(gzipTransferCoding()).subscribe();
 * ```
 * @see inflateTransferCoding
 */
export function gzipTransferCoding(): OperatorFunction<Uint8Array, Uint8Array> {
  return encoding(() => nodeZlib().createGzip());
}

/** As {@link gzipTransferCoding}, for `deflate`: the zlib format, as RFC 9112 §7.2 has it. */
export function deflateTransferCoding(): OperatorFunction<Uint8Array, Uint8Array> {
  return encoding(() => nodeZlib().createDeflate());
}

/**
 * Decodes a body coded with `gzip` or `deflate`.
 *
 * In and out: bytes. A chunk is held until what it became was consumed. Errors: `ProtocolError` `BAD_CODED_BODY` for bytes
 * that are not of the coding, are cut short, or go on behind its end; `DECODED_BODY_LIMIT`; both of scope `message`.
 * `UsageError` `UNKNOWN_CODING` is thrown. An empty body is let pass.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { gzipTransferCoding, inflateTransferCoding } from 'rxweir/operators';
 * of(Buffer.from('hello')).pipe(gzipTransferCoding(), inflateTransferCoding('gzip')).subscribe();
 * ```
 * @see gzipTransferCoding
 */
export function inflateTransferCoding(
  coding: string,
  limits: InflateLimits = {},
): OperatorFunction<Uint8Array, Uint8Array> {
  if (coding !== 'gzip' && coding !== 'deflate') throw new UsageError('UNKNOWN_CODING', `no decoder for ${coding}`);
  const { maxOutput = Infinity, maxRatio = DEFAULT_MAX_RATIO } = limits;
  return operate((subscriber) => {
    let lane: ZlibLane | undefined;
    const open = (): ZlibLane =>
      new ZlibLane(subscriber, {
        stream: coding === 'gzip' ? nodeZlib().createGunzip() : nodeZlib().createInflate(),
        flush: false,
        check(input, output) {
          if (output > maxOutput) throw tooMuch('maxOutput');
          if (output > RATIO_FROM && output > input * maxRatio) throw tooMuch('maxRatio');
        },
        failed: (cause) =>
          new ProtocolError('BAD_CODED_BODY', `the body is not ${coding}`, { scope: 'message', cause }),
      });
    return {
      next(chunk) {
        if (chunk.length > 0) (lane ??= open()).next(chunk);
      },
      complete() {
        if (lane === undefined) subscriber.complete();
        else lane.complete();
      },
      finalize() {
        lane?.finalize();
      },
    };
  });
}

function encoding(create: () => Gzip | Deflate): OperatorFunction<Uint8Array, Uint8Array> {
  return operate((subscriber) => new ZlibLane(subscriber, { stream: create(), flush: true, failed: (cause) => cause }));
}

function tooMuch(limit: string): ProtocolError {
  return new ProtocolError('DECODED_BODY_LIMIT', `the decoded body passes ${limit}`, { scope: 'message', limit });
}
