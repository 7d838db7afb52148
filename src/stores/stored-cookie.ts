/** A cookie as a store keeps it, and where it may go. Plain and never changed: a new one takes its place. */

export type SameSite = 'strict' | 'lax' | 'none';

export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, in ASCII, without a leading dot. */
  readonly domain: string;
  /** It goes to this very host and to no other below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** `undefined`: the cookie does not say, which is treated as `lax`. */
  readonly sameSite: SameSite | undefined;
  /** Milliseconds since the epoch; `undefined` for a session cookie, which a store forgets when it is thrown away. */
  readonly expires: number | undefined;
  /** Milliseconds since the epoch; survives replacement. */
  readonly created: number;
}

/** Who asks, and from where: what a request tells a cookie store. */
export interface CookieContext {
  /** Of the request; the only thing that says which host it is. */
  readonly url: string | URL;
  /** Default `GET`. */
  readonly method?: string | undefined;
  /**
   * The URL or host on whose behalf the request is made (RFC 6265bis §5.2). Without it every request is of the same site, as it is
   * for a program that asks for itself.
   */
  readonly siteForCookies?: string | undefined;
  /** The request is what a user sees change: Lax cookies then go along from other sites, with safe methods. Default false. */
  readonly topLevel?: boolean | undefined;
  /** False for callers other than HTTP: they neither see nor set HttpOnly cookies. Default true. */
  readonly http?: boolean | undefined;
}

/** What happened in a cookie store. */
export interface CookieChange {
  readonly type: 'added' | 'replaced' | 'removed' | 'expired' | 'evicted';
  readonly cookie: StoredCookie;
}
