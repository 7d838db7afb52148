import type { OperatorFunction } from 'rxjs';
import { operate } from '../core/operate.js';
import { ProtocolError } from '../core/protocol-error.js';
import { bodyOf, type BodyInput } from './body-of.js';
import { lines } from './lines.js';

export interface NdjsonConfig {
  /** The longest line, in bytes without its end; default 1 MiB. */
  readonly maxLength?: number;
}

/**
 * Emits the values of a body of newline-delimited JSON, one a line, over bytes or over messages. Empty lines are skipped; what
 * follows the last line end is a line too. The text is UTF-8, whatever the content type says.
 *
 * ```text
 * source  a--b---|     a = '{"n":', b = '1}\n2\n'
 * ndjson  ---(xy)|     x = { n: 1 }, y = 2
 * ```
 *
 * Values are emitted within the delivery of the chunk that ends them: a value that is held holds that chunk.
 *
 * Fails with `ProtocolError`: `INVALID_JSON` naming the line (the parser's error is the cause), `LINE_TOO_LONG` past
 * `maxLength`.
 *
 * @typeParam T what the caller takes a value to be; it is not checked.
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { ndjson } from 'rxweir/operators';
 * of(Buffer.from('{"n":1}\n{"n":2}\n')).pipe(ndjson<{ n: number }>()).subscribe(({ n }) => n);
 * ```
 * @see lines
 */
export function ndjson<T = unknown>(config: NdjsonConfig = {}): OperatorFunction<BodyInput, T> {
  return bodyOf((body) => body.pipe(lines({ ...config, charset: 'utf-8' }), parseLines<T>()));
}

function parseLines<T>(): OperatorFunction<string, T> {
  return operate((subscriber) => {
    let number = 0;
    return {
      next(line) {
        number++;
        if (line !== '') subscriber.next(parse(line, number) as T);
      },
    };
  });
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    const message = `line ${number} of the body is not JSON`;
    throw new ProtocolError('INVALID_JSON', message, { scope: 'message', wireCode: 400, cause });
  }
}
