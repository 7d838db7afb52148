import { planBody, type BodyPlan } from '../../operators/body/body-source.js';
import { isIdempotentMethod } from '../../operators/http/method.js';
import type { Deadlines } from '../connections/timeouts.js';
import type { ClientContext } from './client-context.js';
import { connectionOptions, type ConnectionOptions } from './connection-options.js';
import { composeHttp2Head, type Http2RequestHead } from './http2-head.js';
import type { RequestConfig } from './request-config.js';
import { composeRequestHead, type RequestHeadText } from './request-head.js';
import { parseTarget, type Target } from './target.js';
import { resolveTimeouts, type ResolvedTimeouts } from './timeouts.js';

/**
 * A request checked and laid out, once for all its subscriptions: every value is coerced here and nowhere later, so that
 * what was checked is what is written.
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
  /** Sending it twice has the effect of sending it once, and it can be sent twice. */
  readonly repeatable: boolean;
  /** It may be written behind requests not yet answered. */
  readonly pipelinable: boolean;

  readonly #context: ClientContext;
  #head: RequestHeadText | undefined;
  #http2Head: Http2RequestHead | undefined;

  /** @throws `UsageError` for a request that makes no sense. */
  constructor(context: ClientContext, config: RequestConfig) {
    this.config = config;
    this.target = parseTarget(config.url);
    this.plan = config.body === undefined ? undefined : planBody(config.body, context.boundary);
    this.#context = context;
    const { method, expectContinue } = config.version === '2' ? this.http2Head : this.head;
    this.method = method;
    this.expectContinue = expectContinue;
    this.limits = resolveTimeouts(context.timeouts, config.timeout);
    this.options = connectionOptions(context.options, config);
    this.deadlines = context.deadlines(config);
    const idempotent = isIdempotentMethod(method);
    this.repeatable = idempotent && this.plan?.replayable !== false;
    this.pipelinable =
      idempotent && this.plan === undefined && config.upgrade === undefined && this.#head?.upgrade === '';
  }

  /** Its head for HTTP/1. */
  get head(): RequestHeadText {
    return (this.#head ??= composeRequestHead(this.config, this.target, this.#context.defaults, this.plan));
  }

  /** Its head for HTTP/2. */
  get http2Head(): Http2RequestHead {
    return (this.#http2Head ??= composeHttp2Head(this.config, this.target, this.#context.defaults, this.plan));
  }
}
