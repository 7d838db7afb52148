import {
  asyncScheduler,
  concat,
  defer,
  type MonoTypeOperatorFunction,
  type Observable,
  retry,
  type SchedulerLike,
  throwError,
  timer,
} from 'rxjs';
import { operate } from '../core/operate.js';
import { isNetworkError, isTimeoutError, UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { isIdempotentMethod } from '../http/method.js';
import { backoff, type BackoffConfig } from './backoff.js';
import { discardBody } from './discard-body.js';
import { retryAfter } from './retry-after.js';
import type { RetryBudget } from './retry-budget.js';

export interface RetryExchangeConfig extends BackoffConfig {
  /** Retries at most. Default 2. */
  readonly count?: number;
  /** Statuses that are worth another try. Default 408, 429, 502, 503, 504. */
  readonly statuses?: readonly number[];
  /**
   * The method of the request, where no response says it: an exchange that broke down after it was sent is tried again only if
   * this is idempotent (RFC 9110 §9.2.2).
   */
  readonly method?: string;
  /** Try again although the method is not idempotent: the caller knows that sending it twice does no harm. Default false. */
  readonly unsafe?: boolean;
  /** The longest wait that Retry-After may ask for, in milliseconds; beyond it the response is the answer. Default 60 000. */
  readonly maxRetryAfter?: number;
  /** Whether to try again after an error that would be; for those that are not, it is not asked. */
  readonly retry?: (error: unknown) => boolean;
  /** Shared between requests: without anything left in it there is no retry. */
  readonly budget?: RetryBudget;
  /** Clock of the waits; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** What of a response the decision needs. */
interface RetriableResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Observable<Uint8Array>;
  readonly request: { readonly method?: string | undefined };
}

const COUNT = 2;
const STATUSES = [408, 429, 502, 503, 504];
const MAX_RETRY_AFTER = 60_000;

/** Errors whose request has not reached the server, so that any method may be sent again. */
const NOT_SENT: ReadonlySet<string> = new Set(['resolve', 'connect', 'tls']);
const NOT_SENT_TIMEOUTS: ReadonlySet<string> = new Set(['connect', 'queue']);

/** A response that is thrown away for another try. */
class Retriable {
  constructor(
    readonly response: RetriableResponse,
    readonly wait: number | undefined,
  ) {}
}

/**
 * Sends a request again when that is worth it: after a failure of the network or a time limit, and after the statuses that say so.
 *
 * ```text
 * source         -a|  -b|        a: 503 with Retry-After: 1, b: 200
 * retryExchange  - 1s -(b|)
 * ```
 *
 * The source is subscribed again, so it has to be cold, as `request` is. Only idempotent methods are sent again, unless `unsafe`;
 * a request that certainly never left (name not resolved, no connection) always is. Waits are as long as Retry-After asks, else they
 * double. When there are no more tries, no budget, or the wait would be too long, the last response is emitted, or the last error
 * passes. Put it before the operators that read bodies: once the response is emitted, nothing is tried again.
 *
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { retryExchange, text } from 'rxweir/operators';
 * request('http://127.0.0.1:8080/').pipe(retryExchange({ method: 'GET', random: Math.random }), text()).subscribe();
 * ```
 */
export function retryExchange<R extends RetriableResponse>(
  config: RetryExchangeConfig = {},
): MonoTypeOperatorFunction<R> {
  const { count = COUNT, budget, scheduler = asyncScheduler } = config;
  if (!(count >= 0)) throw new UsageError('INVALID_OPTION', 'count: not a number from 0 on');
  return (source) =>
    defer(() => {
      let retries = 0;
      budget?.earn();
      const mayRetry = (): boolean => retries < count && (budget?.spend() ?? true);
      return source.pipe(
        refuseStatuses(config, scheduler, mayRetry),
        retry({
          delay(error: unknown) {
            const wanted = error instanceof Retriable || (isWorthIt(error, config) && mayRetry());
            if (!wanted) return throwError(() => error);
            retries++;
            if (!(error instanceof Retriable)) return timer(backoff(retries, config), scheduler);
            return concat(
              discardBody(error.response.body),
              defer(() => timer(error.wait ?? backoff(retries, config), scheduler)),
            );
          },
        }),
      );
    });
}

/** Responses that are to be thrown away become errors, which `retry` takes. */
function refuseStatuses<R extends RetriableResponse>(
  config: RetryExchangeConfig,
  scheduler: SchedulerLike,
  mayRetry: () => boolean,
): MonoTypeOperatorFunction<R> {
  const { statuses = STATUSES, maxRetryAfter = MAX_RETRY_AFTER } = config;
  return operate<R, R>((subscriber) => ({
    next(response) {
      const wait = statuses.includes(response.status) ? retryAfter(response.fields, scheduler.now()) : undefined;
      const method = response.request.method ?? 'GET';
      const wanted =
        statuses.includes(response.status) &&
        (config.unsafe === true || isIdempotentMethod(method)) &&
        (wait ?? 0) <= maxRetryAfter &&
        mayRetry();
      if (wanted) subscriber.error(new Retriable(response, wait));
      else subscriber.next(response);
    },
  }));
}

function isWorthIt(error: unknown, config: RetryExchangeConfig): boolean {
  const network = isNetworkError(error);
  if (!network && !isTimeoutError(error)) return false;
  const notSent = network ? NOT_SENT.has(error.phase) : NOT_SENT_TIMEOUTS.has(error.phase);
  const idempotent = config.method !== undefined && isIdempotentMethod(config.method);
  return (notSent || idempotent || config.unsafe === true) && config.retry?.(error) !== false;
}
