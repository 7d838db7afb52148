import { UsageError } from '../core/protocol-error.js';

/** Which side reads: a server reads requests, a client responses. */
export type Http1Role = 'server' | 'client';

/** Bounds on what one peer may make an HTTP/1 reader keep or count. A message over a bound is refused, never cut short. */
export interface Http1Limits {
  /** Bytes of a request or status line, without its CRLF. */
  readonly maxStartLine: number;
  /** Bytes of a header section: names, values and 32 a field; also the bound on its bytes as they came. */
  readonly maxFieldBytes: number;
  /** Field lines of a header section. */
  readonly maxFields: number;
  /** As `maxFieldBytes`, for the trailer section of a chunked body. */
  readonly maxTrailerBytes: number;
  /** Field lines of a trailer section. */
  readonly maxTrailers: number;
  /** Hexadecimal digits of a chunk size, leading zeros included. */
  readonly maxChunkSizeDigits: number;
  /** Bytes after the size on one chunk-size line. */
  readonly maxChunkExtension: number;
  /** The same, summed over a body. */
  readonly maxChunkExtensions: number;
  /** 1xx responses before one final response; their fields share one `maxFieldBytes` with it. */
  readonly maxInterim: number;
}

/** What a server allows a request. */
export const SERVER_LIMITS: Readonly<Http1Limits> = Object.freeze({
  maxStartLine: 8192,
  maxFieldBytes: 16_384,
  maxFields: 128,
  maxTrailerBytes: 8192,
  maxTrailers: 32,
  maxChunkSizeDigits: 13,
  maxChunkExtension: 1024,
  maxChunkExtensions: 16_384,
  maxInterim: 16,
});

/** What a client allows a response. */
export const CLIENT_LIMITS: Readonly<Http1Limits> = Object.freeze({
  ...SERVER_LIMITS,
  maxFieldBytes: 65_536,
  maxFields: 256,
});

/** 13 digits stay below 2^53; one more may not. */
const MOST_SIZE_DIGITS = 13;
/** Offsets into a section are small integers. */
const MOST = 2 ** 30 - 1;

/**
 * The limits of a role with some of them changed.
 *
 * @throws UsageError `INVALID_LIMIT` for a name that is no limit, or a value that is not a whole number in its range.
 */
export function resolveLimits(role: Http1Role, partial?: Partial<Http1Limits>): Readonly<Http1Limits> {
  const defaults = role === 'server' ? SERVER_LIMITS : CLIENT_LIMITS;
  if (partial === undefined || partial === defaults) return defaults;
  const limits: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(partial)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) throw new UsageError('INVALID_LIMIT', `there is no HTTP/1 limit ${name}`);
    const least = name === 'maxChunkSizeDigits' || name === 'maxStartLine' ? 1 : 0;
    const most = name === 'maxChunkSizeDigits' ? MOST_SIZE_DIGITS : MOST;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new UsageError('INVALID_LIMIT', `${name} must be a whole number from ${least} to ${most}`);
    }
    limits[name] = value;
  }
  return Object.freeze(limits) as unknown as Readonly<Http1Limits>;
}
