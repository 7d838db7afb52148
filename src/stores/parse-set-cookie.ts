/** Reads Set-Cookie (RFC 6265bis §5.6); the parsing is tough-cookie's. */
import { trimOws } from '../../operators/http/field-syntax.js';
import type { SameSite } from './stored-cookie.js';
import type { Cookie } from 'tough-cookie';
import { toughCookie } from './tough-cookie.js';

/** What a Set-Cookie field says, before anybody asks whether it may. */
export interface SetCookie {
  /** May be empty: a cookie without a name. */
  readonly name: string;
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expires: number | undefined;
  /** Seconds; `-Infinity` and `Infinity` for what is too big a number. */
  readonly maxAge: number | undefined;
  readonly domain: string | undefined;
  readonly path: string | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** `undefined` also for a value that is none of them. */
  readonly sameSite: SameSite | undefined;
}

/**
 * Takes the value of a Set-Cookie field apart as a user agent does: leniently, of two attributes of one name the later one. Undefined for a
 * field that is to be ignored: nothing in it, or a control byte.
 *
 * @example
 * ```ts
 * import { parseSetCookie } from 'rxweir';
 * parseSetCookie('sid=31d4; Max-Age=3600; Path=/; SameSite=Lax')?.maxAge; // 3600
 * ```
 * @see bakeCookie
 */
export function parseSetCookie(text: string): SetCookie | undefined {
  if (hasControls(text)) return undefined;
  const cookie = toughCookie().Cookie.parse(text, { loose: true });
  if (cookie === undefined) return undefined;
  const { name, value } = pairOf(text, cookie);
  if (name === '' && value === '') return undefined;
  const { expires, maxAge, domain, path, secure, httpOnly, sameSite } = cookie;
  return {
    name,
    value,
    expires: expires instanceof Date ? expires.getTime() : undefined,
    maxAge: maxAge === null ? undefined : Number(maxAge),
    domain: domain ?? undefined,
    path: path ?? undefined,
    secure,
    httpOnly,
    sameSite: sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none' ? sameSite : undefined,
  };
}

/** A pair that begins with an equals sign has no name, also where there is another one in it. */
function pairOf(text: string, { key, value }: Cookie): { name: string; value: string } {
  const [pair = ''] = text.split(';', 1);
  const trimmed = trimOws(pair);
  return trimmed.startsWith('=') ? { name: '', value: trimOws(trimmed.slice(1)) } : { name: key, value };
}

/** Any control byte but HTAB: the whole field is then ignored. */
export function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}
