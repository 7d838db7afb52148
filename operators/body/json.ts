import type { OperatorFunction } from 'rxjs';
import { ProtocolError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { collectBytes, type CollectConfig } from './collect-bytes.js';

/**
 * Collects a body and emits the value its JSON stands for, over bytes or over messages. JSON is UTF-8 (RFC 8259 §8.1), whatever
 * the content type says; a byte-order mark is dropped.
 *
 * ```text
 * source  a-b|       a = '{"n"', b = ':1}'
 * json    ---(x|)    x = { n: 1 }
 * ```
 *
 * Fails with `ProtocolError`: `BODY_TOO_LARGE` past `maxBytes` (default 10 MiB), `INVALID_JSON` (the parser's error is the cause), also
 * for an empty body.
 *
 * @typeParam T what the caller takes the value to be; it is not checked.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { json } from 'rxweir/operators';
 * of(new TextEncoder().encode('{"n":1}')).pipe(json<{ n: number }>()).subscribe(({ n }) => n);
 * ```
 * @see text
 */
export function json<T = unknown>(config: CollectConfig = {}): OperatorFunction<BodyInput, T> {
  return bodyOf((body) => body.pipe(collectBytes((all) => parse(all) as T, config)));
}

function parse(all: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(all));
  } catch (cause) {
    throw new ProtocolError('INVALID_JSON', 'the body is not JSON', { scope: 'message', wireCode: 400, cause });
  }
}
