/** Bounds of a cookie store. What passes one of a single cookie is ignored; what passes one of the store makes older ones go. */
import { UsageError } from '../../operators/core/protocol-error.js';

export interface CookieLimits {
  /** Bytes of name and value. Default 4096. */
  readonly maxCookieLength: number;
  /** Bytes of an attribute's value; a longer one is as if it were not there. Default 1024. */
  readonly maxAttributeLength: number;
  /** Cookies taken of one response. Default 50. */
  readonly maxCookiesPerResponse: number;
  /** Default 100. */
  readonly maxCookiesPerDomain: number;
  /** Default 3000. */
  readonly maxCookies: number;
  /** Bytes of the Cookie field of a request; cookies that do not fit stay behind. Default 8192. */
  readonly maxFieldLength: number;
  /** Milliseconds that a cookie is kept at most. Default 400 days. */
  readonly maxAge: number;
}

const DEFAULTS: CookieLimits = {
  maxCookieLength: 4096,
  maxAttributeLength: 1024,
  maxCookiesPerResponse: 50,
  maxCookiesPerDomain: 100,
  maxCookies: 3000,
  maxFieldLength: 8192,
  maxAge: 400 * 86_400_000,
};

/** @throws UsageError `INVALID_LIMIT` */
export function resolveCookieLimits(given: Partial<CookieLimits> = {}): CookieLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw new UsageError('INVALID_LIMIT', `there is no limit ${name}`);
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new UsageError('INVALID_LIMIT', `${name}: not a number from 0 on`);
    }
  }
  return { ...DEFAULTS, ...given };
}
