import { planBody, type BodyPlan } from '../../operators/body/body-source.js';
import { isIdempotentMethod } from '../../operators/http/method.js';
import type { Deadlines } from '../connections/timeouts.js';
import type { ClientContext } from './client-context.js';
import { connectionOptions, type ConnectionOptions } from './connection-options.js';
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
  readonly head: RequestHeadText;
  readonly limits: ResolvedTimeouts;
  readonly options: ConnectionOptions;
  readonly deadlines: Deadlines;
  /** Sending it twice has the effect of sending it once, and it can be sent twice. */
  readonly repeatable: boolean;
  /** It may be written behind requests not yet answered. */
  readonly pipelinable: boolean;

  /** @throws `UsageError` for a request that makes no sense. */
  constructor(context: ClientContext, config: RequestConfig) {
    this.config = config;
    this.target = parseTarget(config.url);
    this.plan = config.body === undefined ? undefined : planBody(config.body, context.boundary);
    this.head = composeRequestHead(config, this.target, context.defaults, this.plan);
    this.limits = resolveTimeouts(context.timeouts, config.timeout);
    this.options = connectionOptions(context.options, config);
    this.deadlines = context.deadlines(config);
    const idempotent = isIdempotentMethod(this.head.method);
    this.repeatable = idempotent && this.plan?.replayable !== false;
    this.pipelinable = idempotent && this.plan === undefined && this.head.upgrade === '';
  }
}
