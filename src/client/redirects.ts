import { of, type Subscriber } from 'rxjs';
import { followRedirects, type FollowRedirectsConfig } from '../../operators/exchange/follow-redirects.js';
import { methodRule } from '../../operators/exchange/redirect-rules.js';
import type { ClientContext } from './client-context.js';
import type { Exchange } from './exchange.js';
import type { RedirectConfig } from './redirect-config.js';
import type { Response } from './response.js';

/** What the requests of one redirected exchange share. */
export interface RedirectChain {
  /** When its time is up, on the scheduler's clock, or Infinity. */
  readonly totalUntil: number;
  /** It has not come to its end: what is issued now is a hop of it. */
  open: boolean;
}

/**
 * Follows a redirect with {@link followRedirects} in the place of the exchange that met it, if that is what is wanted: what its
 * caller then gets is the end of the chain. Looked at only where the status is 3xx.
 *
 * @returns false where the response is for the caller.
 */
export function followFrom(
  exchange: Exchange,
  response: Response,
  context: ClientContext,
  subscriber: Subscriber<Response>,
): boolean {
  const { request } = exchange;
  const mode = request.config.redirect ?? context.redirects.redirect ?? 'follow';
  if (request.reissued || mode === 'manual') return false;
  if (methodRule(response.status) === undefined || !response.fields.has('location')) return false;

  const chain: RedirectChain = { totalUntil: exchange.clock.totalUntil, open: true };
  exchange.chain = chain;
  context.redirecting(1);
  const hops = of(response)
    .pipe(followRedirects(rules(exchange, context, mode === 'error')))
    .subscribe({
      next: (last) => {
        chain.open = false;
        subscriber.next(last);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  hops.add(() => {
    chain.open = false;
    context.redirecting(-1);
  });
  subscriber.add(hops);
  return true;
}

function rules({ request, listener }: Exchange, context: ClientContext, refused: boolean): FollowRedirectsConfig {
  const { hsts } = context.stores ?? {};
  const { redirects } = context;
  const { config } = request;
  const own = <Name extends keyof RedirectConfig>(name: Name): RedirectConfig[Name] => config[name] ?? redirects[name];
  return {
    maxRedirects: own('maxRedirects') ?? 5,
    post301: own('post301') ?? false,
    post302: own('post302') ?? false,
    unsafe: own('unsafe') ?? false,
    referer: own('referer') ?? false,
    ...(hsts && { upgrade: (url) => hsts.upgrade(url) }),
    ...(refused && { allow: () => false }),
    ...(listener && { onRedirect: (hop) => listener({ type: 'redirect', ...hop }) }),
  };
}
