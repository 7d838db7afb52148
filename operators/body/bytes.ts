import type { OperatorFunction } from 'rxjs';
import { bodyOf, type BodyInput } from './body-of.js';
import { collectBytes, type CollectConfig } from './collect-bytes.js';

/**
 * Collects a body and emits it as one `Uint8Array` of its own, over bytes or over messages.
 *
 * ```text
 * source  a-b-c|
 * bytes   -----(x|)    x = abc
 * ```
 *
 * Fails with `ProtocolError` `BODY_TOO_LARGE` past `maxBytes` (default 10 MiB).
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { bytes } from 'rxweir/operators';
 * of(new Uint8Array([1, 2]), new Uint8Array([3])).pipe(bytes()).subscribe((all) => all.length); // 3
 * ```
 * @see text
 */
export function bytes(config: CollectConfig = {}): OperatorFunction<BodyInput, Uint8Array> {
  return bodyOf((body) => body.pipe(collectBytes((all) => (isRoomy(all) ? all.slice() : all), config)));
}

/** Less than half of its buffer: worth a copy, to let the rest go. */
function isRoomy(all: Uint8Array): boolean {
  return all.length * 2 < all.buffer.byteLength;
}
