import { EMPTY } from 'rxjs';
import { planBody, type BodyPlan } from '../../operators/body/body-source.js';
import { encodePlan } from '../../operators/body/encode-plan.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { isIdempotentMethod } from '../../operators/http/method.js';
import type { Deadlines } from '../connections/timeouts.js';
import type { ClientContext } from './client-context.js';
import { connectionOptions, crossedOptions, type ConnectionOptions } from './connection-options.js';
import { composeHttp2Head, type Http2RequestHead } from './http2-head.js';
import type { AnyResponseHead } from './lease.js';
import { checkRedirectConfig } from './redirect-config.js';
import type { RedirectChain } from './redirects.js';
import type { RequestConfig } from './request-config.js';
import { type HeadAdditions, NO_ADDITIONS } from './request-fields.js';
import { composeRequestHead, type RequestHeadText } from './request-head.js';
import { DIRECT, proxyAuthorization, type Route, routeOf } from './route.js';
import { parseTarget, type Target } from './target.js';
import { resolveTimeouts, type ResolvedTimeouts } from './timeouts.js';

/** The exchange that a request follows up. */
export interface Predecessor {
  readonly request: PreparedRequest;
  readonly chain: RedirectChain | undefined;
}

/**
 * A request checked and laid out, once for all its subscriptions where the client remembers nothing between them: every value is
 * coerced here and nowhere later, so that what was checked is what is written.
 */
export class PreparedRequest {
  readonly config: RequestConfig;
  readonly target: Target;
  readonly plan: BodyPlan | undefined;
  readonly method: string;
  /** The body waits for `100 Continue`. */
  readonly expectContinue: boolean;
  readonly limits: ResolvedTimeouts;
  readonly options: ConnectionOptions;
  readonly deadlines: Deadlines;
  readonly route: Route;
  /** Sending it twice has the effect of sending it once, and it can be sent twice. */
  readonly repeatable: boolean;
  /** It may be written behind requests not yet answered. */
  readonly pipelinable: boolean;
  /** It follows a response, and its own is for whoever sent it to act on. */
  readonly reissued: boolean;
  /** It, or what it follows, has left the origin it began with: what the client tells that one is not for others. */
  readonly crossed: boolean;
  /** Of which redirected exchange it is a hop. */
  readonly chain: RedirectChain | undefined;

  readonly #context: ClientContext;
  readonly #added: HeadAdditions;
  #head: RequestHeadText | undefined;
  #http2Head: Http2RequestHead | undefined;

  /**
   * @param plan the body, where it was planned before
   * @throws `UsageError` for a request that makes no sense.
   */
  constructor(context: ClientContext, config: RequestConfig, previous?: Predecessor, plan?: BodyPlan) {
    const { stores } = context;
    this.config = config;
    checkRedirectConfig(config);
    checkVersion(config);
    this.target = parseTarget(stores?.hsts ? stores.hsts.upgrade(String(config.url)) : config.url);
    this.plan = plan ?? planOf(config, context.boundary);
    this.#context = context;
    this.reissued = previous !== undefined;
    this.chain = previous?.chain;
    this.crossed =
      previous !== undefined && (previous.request.crossed || previous.request.target.origin !== this.target.origin);
    const options = connectionOptions(context.options, config);
    this.options = this.crossed ? crossedOptions(options) : options;
    this.route = this.#route();
    this.#added = this.#additions();
    const { method, expectContinue } = config.version === '2' ? this.http2Head : this.head;
    this.method = method;
    this.expectContinue = expectContinue;
    this.limits = resolveTimeouts(context.timeouts, config.timeout);
    this.deadlines = context.deadlines(config);
    const idempotent = isIdempotentMethod(method);
    this.repeatable = idempotent && this.plan?.replayable !== false;
    this.pipelinable =
      idempotent && this.plan === undefined && config.upgrade === undefined && this.#head?.upgrade === '';
  }

  /** Its head for HTTP/1. */
  get head(): RequestHeadText {
    return (this.#head ??= composeRequestHead(this.config, this.target, this.#defaults, this.plan, this.#added));
  }

  /** Its head for HTTP/2. */
  get http2Head(): Http2RequestHead {
    return (this.#http2Head ??= composeHttp2Head(this.config, this.target, this.#defaults, this.plan, this.#added));
  }

  /** Whether the content of a response is decoded; that of a part cannot be. */
  decodes({ status, fields }: AnyResponseHead): boolean {
    return fields.has('content-encoding') && status !== 206 && (this.config.decompress ?? this.#defaults.decompress);
  }

  get #defaults(): ClientContext['defaults'] {
    return this.crossed ? this.#context.crossedDefaults : this.#context.defaults;
  }

  #route(): Route {
    const { proxies } = this.#context;
    if (proxies.length === 0 && this.config.proxy === undefined) return DIRECT;
    return routeOf(proxies, this.config, this.target, this.options.socketPath);
  }

  #additions(): HeadAdditions {
    const { route, config, target } = this;
    const cookies = config.cookies === false ? undefined : this.#context.stores?.cookies;
    if (cookies === undefined && route === DIRECT) return NO_ADDITIONS;
    const { method, siteForCookies, topLevel } = config;
    const credentials = route.proxies[route.proxies.length - 1]?.credentials;
    return {
      cookie: cookies?.lookup({ url: target.url, method, siteForCookies, topLevel }) ?? '',
      forwards: route.forwards ? { authorization: credentials && proxyAuthorization(credentials) } : undefined,
      tunnels: route !== DIRECT && !route.forwards,
    };
  }
}

function checkVersion({ version }: RequestConfig): void {
  if (version === undefined || version === '1.1' || version === '2' || version === '1.0') return;
  throw new UsageError('INVALID_VERSION', "version: '1.0', '1.1' or '2'");
}

function planOf({ body, compress }: RequestConfig, boundary: () => string): BodyPlan | undefined {
  if (body === undefined || body === EMPTY) return undefined; // that of a server's request that has none
  const plan = planBody(body, boundary);
  if (compress === undefined) return plan;
  return encodePlan(plan, typeof compress === 'string' ? { coding: compress } : compress);
}
