import type { OperatorFunction } from 'rxjs';
import { ProtocolError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { charsetOf, decoderFor, type Decoder } from './charset.js';
import { collectBytes, type CollectConfig } from './collect-bytes.js';

export interface TextConfig extends CollectConfig {
  /** A WHATWG encoding label; default: the charset of the message's content type, else UTF-8. */
  readonly charset?: string;
  /** Whether malformed bytes are an error instead of becoming U+FFFD; default false. */
  readonly fatal?: boolean;
}

/**
 * Collects a body and emits it as one string, over bytes or over messages. A byte-order mark is dropped.
 *
 * ```text
 * source  a-b-c|
 * text    -----(x|)    x = 'abc'
 * ```
 *
 * Fails with `ProtocolError`: `BODY_TOO_LARGE` past `maxBytes` (default 10 MiB), `UNSUPPORTED_CHARSET`, and `INVALID_TEXT` for
 * malformed bytes if `fatal`.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { text } from 'rxweir/operators';
 * of(new Uint8Array([104, 105])).pipe(text()).subscribe((all) => all.length); // 2
 * ```
 * @see lines
 */
export function text(config: TextConfig = {}): OperatorFunction<BodyInput, string> {
  return bodyOf((body, fields) => {
    const charset = config.charset ?? charsetOf(fields) ?? 'utf-8';
    const decoder = decoderFor(charset, { fatal: config.fatal ?? false });
    return body.pipe(collectBytes((all) => decode(decoder, all), config));
  });
}

function decode(decoder: Decoder, all: Uint8Array): string {
  try {
    return decoder.decode(all);
  } catch (cause) {
    throw new ProtocolError('INVALID_TEXT', `the body is not valid ${decoder.encoding}`, { scope: 'message', cause });
  }
}
