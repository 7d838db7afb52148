/** The request that follows a redirect: the rules of `redirect-rules`, applied to one response. */
import { planBody } from '../body/body-source.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import type { ExchangeRequest } from './exchange-request.js';
import { readLocation } from './location.js';
import { methodRule, redirectedFields, redirectedMethod } from './redirect-rules.js';

export interface RedirectRules {
  /** Keep POST on 301, which most do not. Default false. */
  readonly post301?: boolean;
  /** Keep POST on 302, which most do not. Default false. */
  readonly post302?: boolean;
  /** Follow from https to http too. Default false: an encrypted exchange never goes on in clear. */
  readonly unsafe?: boolean;
  /** Send `Referer`: the URL before, without userinfo and fragment, and never from https to http. Default false. */
  readonly referer?: boolean;
  /** Rewrites each location before it is judged: for HSTS, which turns http into https. */
  readonly upgrade?: (url: string) => string;
  /** Whether to go there; false fails with `REDIRECT_REFUSED`. */
  readonly allow?: (url: string) => boolean;
}

/** What a redirect is judged by. */
interface Redirecting {
  readonly status: number;
  readonly fields: Fields;
  readonly url: string;
  readonly request: ExchangeRequest;
}

/**
 * The request to send next, or undefined where the response does not redirect.
 *
 * @throws ProtocolError `BAD_LOCATION`, `REDIRECT_DOWNGRADE`, `REDIRECT_REFUSED`, `REDIRECT_SCHEME`.
 * @throws UsageError `BODY_CONSUMED` where a body would have to be sent a second time and cannot.
 */
export function redirectedRequest(response: Redirecting, rules: RedirectRules): ExchangeRequest | undefined {
  const { request, status } = response;
  const rule = methodRule(status);
  if (rule === undefined || !response.fields.has('location')) return undefined;
  const method = request.method ?? 'GET';
  const from = new URL(response.url);
  const to = readLocation(response, rules);
  if (method === 'CONNECT' && (to.pathname !== '/' || to.search !== '')) {
    throw new ProtocolError('BAD_LOCATION', 'a CONNECT can be sent to another authority only', { scope: 'message' });
  }

  const kept = (status === 301 && rules.post301) || (status === 302 && rules.post302);
  const next = kept ? method : redirectedMethod(rule, method);
  const bodyKept = next === method && request.body !== undefined;
  if (bodyKept) requireReplayable(request);
  const crossing = to.origin !== from.origin;
  const headers = redirectedFields(new Fields(request.headers), bodyKept, crossing);
  if (rules.referer && !(from.protocol === 'https:' && to.protocol === 'http:')) {
    from.hash = '';
    headers.set('referer', from.href);
  }
  if (!crossing) keepUserinfo(request.url, to);

  const { body, trailers, expectContinue, target, ...rest } = request;
  return {
    ...(crossing ? sameForAll(rest) : rest),
    url: to.href,
    method: next,
    headers,
    ...(bodyKept ? { body, trailers, expectContinue } : {}),
    ...(method === 'CONNECT' ? { target } : {}),
  };
}

function requireReplayable({ body }: ExchangeRequest): void {
  if (body === undefined || planBody(body, () => 'x').replayable) return;
  throw new UsageError('BODY_CONSUMED', 'the redirect wants the body a second time, and it can be sent only once');
}

/** Options bound to one origin do not cross: a socket path, a client certificate, a server name. */
function sameForAll(request: Omit<ExchangeRequest, 'body'>): Omit<ExchangeRequest, 'body'> {
  const { socketPath, tls, ...rest } = request;
  void socketPath;
  if (tls === undefined) return rest;
  const crossing: Record<string, unknown> = { ...tls };
  for (const name of ['cert', 'key', 'passphrase', 'pfx', 'secureContext', 'servername', 'session'])
    delete crossing[name];
  return { ...rest, tls: crossing };
}

/** Credentials in the URL stay with their origin. */
function keepUserinfo(before: string | URL, to: URL): void {
  if (to.username !== '' || to.password !== '') return;
  const { username, password, origin } = new URL(before);
  if (origin !== to.origin) return;
  to.username = username;
  to.password = password;
}
