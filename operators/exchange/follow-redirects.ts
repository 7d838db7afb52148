import { concat, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { cancelBody } from '../body/cancel-body.js';
import { captureSubscriber, operate } from '../core/operate.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { discardBody } from './discard-body.js';
import type { ExchangeRequest, ReissuableResponse } from './exchange-request.js';
import { redirectedRequest, type RedirectRules } from './redirect-request.js';

/** One hop, told before its request is sent. */
export interface RedirectHop {
  readonly status: number;
  /** Without userinfo and fragment. */
  readonly from: string;
  readonly to: string;
  readonly method: string;
  /** 1 for the first. */
  readonly hop: number;
}

export interface FollowRedirectsConfig extends RedirectRules {
  /** Default 5; 0 refuses every redirect. */
  readonly maxRedirects?: number;
  /** Sees each hop before it is made; a throw ends the chain with that error. */
  readonly onRedirect?: (hop: RedirectHop) => void;
}

const MAX_REDIRECTS = 5;

/**
 * Follows 301, 302, 303, 307 and 308 (RFC 9110 §15.4), and emits the response at the end of the chain. A redirect without
 * Location is such an end.
 *
 * ```text
 * source           a|            a: 302 with Location
 * its reissue      --b|          b: 200
 * followRedirects  --(b|)
 * ```
 *
 * 303 turns every method but HEAD into GET; 301 and 302 turn POST into GET, unless `post301`, `post302` say otherwise; a body and
 * the fields that describe it then go. Across origins (scheme, host, port) only fields that name nobody go along: no
 * credentials, no cookies, no unknown fields, no client certificate. The body of a redirect is read and dropped, up to 64 KiB, so
 * that its connection is used again; beyond that it is cancelled.
 *
 * Fails with `ProtocolError` of scope `message`: `REDIRECT_LIMIT` past `maxRedirects`, `REDIRECT_DOWNGRADE` for https to http unless
 * `unsafe`, `REDIRECT_SCHEME` for other schemes, `REDIRECT_REFUSED` by `allow`, `BAD_LOCATION`. With `UsageError` `BODY_CONSUMED` where
 * a body is wanted again that can be sent only once.
 *
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { followRedirects } from 'rxweir/operators';
 * request({ url: 'http://127.0.0.1:8080/', redirect: 'manual' })
 *   .pipe(followRedirects({ maxRedirects: 3, onRedirect: ({ status, to }) => console.log(status, to) }))
 *   .subscribe((response) => console.log(response.url));
 * ```
 */
export function followRedirects<R extends ReissuableResponse<R>>(
  config: FollowRedirectsConfig = {},
): MonoTypeOperatorFunction<R> {
  const { maxRedirects = MAX_REDIRECTS } = config;
  if (!(maxRedirects >= 0)) throw new UsageError('INVALID_OPTION', 'maxRedirects: not a number from 0 on');
  return operate<R, R>((subscriber) => {
    let following = 0;
    let sourceDone = false;

    const done = (): void => {
      if (sourceDone && following === 0) subscriber.complete();
    };
    const follow = (response: R, request: ExchangeRequest, hop: number): void => {
      const next = captureSubscriber<R>({
        next: (one) => see(one, hop),
        error: (error) => subscriber.error(error),
        complete() {
          subscriber.remove(next);
          following--;
          done();
        },
      });
      following++;
      subscriber.add(next);
      concat(
        discardBody(response.body),
        defer(() => response.reissue(request)),
      ).subscribe(next);
    };
    const see = (response: R, hop: number): void => {
      let request: ExchangeRequest | undefined;
      try {
        request = nextRequest(response, hop);
      } catch (error) {
        cancelBody(response.body);
        subscriber.error(error);
        return;
      }
      if (request === undefined) subscriber.next(response);
      else follow(response, request, hop + 1);
    };
    const nextRequest = (response: R, hop: number): ExchangeRequest | undefined => {
      const request = redirectedRequest(response, config);
      if (request === undefined) return undefined;
      if (hop >= maxRedirects) throw tooMany(maxRedirects);
      config.onRedirect?.({
        status: response.status,
        from: response.url,
        to: withoutUserinfo(request.url),
        method: request.method ?? 'GET',
        hop: hop + 1,
      });
      return request;
    };

    return {
      next: (response) => see(response, 0),
      complete() {
        sourceDone = true;
        done();
      },
    };
  });
}

function withoutUserinfo(text: string | URL): string {
  const url = new URL(text);
  url.username = url.password = url.hash = '';
  return url.href;
}

function tooMany(maxRedirects: number): ProtocolError {
  const message = `more than maxRedirects (${maxRedirects}) redirects`;
  return new ProtocolError('REDIRECT_LIMIT', message, { scope: 'message', limit: 'maxRedirects' });
}
