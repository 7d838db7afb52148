import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { nodeCrypto } from '../../operators/core/node-crypto.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isToken } from '../../operators/http/field-syntax.js';
import { createClient } from '../client/create-client.js';
import type { RequestConfig } from '../client/request-config.js';
import { statusResponse } from '../handlers/status-response.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import { REQUEST_FIELDS, RESPONSE_FIELDS } from './allowed-fields.js';
import { addForwarded, type ForwardedMode } from './forwarded.js';
import { type MakeRequest, passOn } from './gateway.js';
import { addVia, endToEndFields, hasBeenHere, lastForward } from './proxied-fields.js';
import { acceptedUpgrade, upgradeRequest } from './proxied-upgrade.js';
import { relocate } from './relocate.js';

/** Names of fields beside those that pass anyway, or `all` that go from end to end. */
export type AllowedFields = readonly string[] | 'all';

export interface ReverseProxyConfig {
  /** Makes the requests; default a client of its own. Its limits bound how many are under way. */
  readonly request?: MakeRequest;
  /** Request fields that are passed on, beside the common ones of RFC 9110 and its like. */
  readonly requestFields?: AllowedFields;
  /** Response fields that are passed on, likewise. */
  readonly responseFields?: AllowedFields;
  /** Asks for the host the client asked for, not for that of the URL; default false. */
  readonly keepHost?: boolean;
  /**
   * Says in `Forwarded` and `X-Forwarded-*` on whose behalf it asks: in place of what the client says (default), behind it, or not at all;
   * then what the client says does not pass either.
   */
  readonly forwarded?: ForwardedMode;
  /** Name in Via; a request that has it already is 508. Default a random one. */
  readonly name?: string;
  /** Passes WebSockets and other upgrades through; default true. */
  readonly upgrades?: boolean;
  /** Milliseconds without a byte after which what was upgraded is closed; default 300 000. 0 is none. */
  readonly idle?: number;
  /** Time limits of its requests; see `RequestConfig`. */
  readonly timeout?: RequestConfig['timeout'];
  /** Clock of the limits; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A handler that lets another server answer. Bodies stream both ways with backpressure, trailers and interim responses come along, WebSockets
 * pass through; leaving one end leaves the other. Of the fields, those pass that are allowed: the common ones, and what the config names.
 *
 * 502 is a server that cannot be reached or makes no sense, 504 one that does not answer in time, 503 a full queue, 508 a request that has
 * been here before (RFC 9110 §7.6).
 *
 * @param to beginning of the URLs that are asked for, or what gives it for a request
 * @throws UsageError `INVALID_OPTION`
 * @example
 * ```ts
 * import { reverseProxy, serve } from 'rxweir';
 * serve({ port: 8080 }, reverseProxy('http://127.0.0.1:3000', { requestFields: ['x-request-id'] })).subscribe();
 * ```
 */
export function reverseProxy(
  to: string | URL | ((request: ServerRequest) => string | URL),
  config: ReverseProxyConfig = {},
): Handler {
  const { keepHost = false, forwarded = 'replace', upgrades = true, idle = 300_000, timeout } = config;
  const { scheduler = asyncScheduler, name = pseudonym() } = config;
  const make = config.request ?? ownClient(scheduler);
  if (!isToken(name)) throw new UsageError('INVALID_OPTION', 'name: a token');
  if (!(idle >= 0)) throw new UsageError('INVALID_OPTION', 'idle: a number of milliseconds');
  const fixed = typeof to === 'function' ? undefined : baseOf(to);
  const asks = allowing(REQUEST_FIELDS, config.requestFields);
  const answers = allowing(RESPONSE_FIELDS, config.responseFields);

  return (request) => {
    const { method, path, version, upgrade, authority } = request;
    if (hasBeenHere(request.fields, name)) return statusResponse(508);
    if (method === 'CONNECT' && upgrade === '') return statusResponse(405, { allow: 'GET, HEAD, POST, PUT, DELETE' });
    const base = fixed ?? baseOf((to as (request: ServerRequest) => string | URL)(request));
    const url = path === '*' ? base.origin : below(base, path);

    const headers = endToEndFields(request.fields, asks);
    const answer = lastForward(method, headers);
    if (answer !== undefined) return answer;
    headers.delete('host');
    if (keepHost && authority !== '') headers.set('host', authority);
    if (request.fields.get('te')?.toLowerCase() === 'trailers') headers.append('te', 'trailers');
    addForwarded(headers, request, forwarded);
    addVia(headers, version, name);

    const changes = upgrades ? upgradeRequest(request, headers) : undefined;
    if (changes === undefined && method === 'CONNECT') return statusResponse(501);
    return passOn(make, {
      request,
      config: {
        url,
        method,
        headers,
        ...(path === '*' && { target: '*' }),
        timeout,
        scheduler,
        expectContinue: request.fields.get('expect')?.toLowerCase() === '100-continue',
        ...changes?.config,
      },
      fieldsOf: ({ fields, version: received = '1.1' }) => {
        const passed = endToEndFields(fields, answers);
        relocate(passed, base);
        addVia(passed, received, name);
        return passed;
      },
      trailersOf: {
        request: (fields) => endToEndFields(fields, asks),
        response: (fields) => endToEndFields(fields, answers),
      },
      upgradeOf: (response) => changes && acceptedUpgrade(request, response, changes),
      tunnels: { idle, scheduler },
    });
  };
}

function ownClient(scheduler: SchedulerLike): MakeRequest {
  const client = createClient({ userAgent: '', decompress: false, redirect: 'manual', scheduler });
  return (config) => client.request(config);
}

/** A name no other proxy has, so that a request that bears it has been here. */
export function pseudonym(): string {
  return `rxweir-${nodeCrypto().randomBytes(6).toString('hex')}`;
}

function allowing(common: ReadonlySet<string>, more: AllowedFields = []): ((name: string) => boolean) | undefined {
  if (more === 'all') return undefined;
  const own = new Set(more.map((field) => field.toLowerCase()));
  return (field) => common.has(field) || own.has(field);
}

function baseOf(to: string | URL): URL {
  const base = URL.canParse(String(to)) ? new URL(to) : undefined;
  if (base?.protocol === 'http:' || base?.protocol === 'https:') return base;
  throw new UsageError('INVALID_OPTION', 'to: a URL of scheme http or https');
}

/** Dot segments are resolved before the path is put below the base, so that none leads out of it. */
function below(base: URL, path: string): string {
  const { pathname, search } = new URL(`http://h${path}`);
  const prefix = base.pathname.endsWith('/') ? base.pathname.slice(0, -1) : base.pathname;
  return `${base.origin}${prefix}${pathname}${search}`;
}
