import { UsageError } from '../../operators/core/protocol-error.js';

/** What becomes of redirects; a request's own options are laid over the client's. */
export interface RedirectConfig {
  /**
   * `follow` (the default) goes where 301, 302, 303, 307 and 308 point to, `manual` gives them back as they are, `error` fails with
   * `REDIRECT_REFUSED`. A redirect without Location is an ordinary response.
   */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /** One more fails with `REDIRECT_LIMIT`. Default 5. */
  readonly maxRedirects?: number | undefined;
  /** Keep POST on 301, which most do not. Default false. */
  readonly post301?: boolean | undefined;
  /** Keep POST on 302, which most do not. Default false. */
  readonly post302?: boolean | undefined;
  /** Follow from https to http too. Default false: an encrypted exchange never goes on in clear. */
  readonly unsafe?: boolean | undefined;
  /** Send `Referer` on each hop: the URL before, without userinfo and fragment, and never from https to http. Default false. */
  readonly referer?: boolean | undefined;
}

const MODES: ReadonlySet<unknown> = new Set(['follow', 'manual', 'error', undefined]);

/** @throws UsageError `INVALID_OPTION` */
export function checkRedirectConfig({ redirect, maxRedirects = 0 }: RedirectConfig): void {
  if (!MODES.has(redirect)) throw new UsageError('INVALID_OPTION', 'redirect: follow, manual or error');
  if (!(typeof maxRedirects === 'number' && maxRedirects >= 0)) {
    throw new UsageError('INVALID_OPTION', 'maxRedirects: a number of at least 0');
  }
}
