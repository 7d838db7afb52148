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
import { planBody, type BodySource } from '../body/body-source.js';
import { LONGEST_WAIT } from '../core/longest-wait.js';
import { operate } from '../core/operate.js';
import { isNetworkError, isProtocolError, isTimeoutError, UsageError } from '../core/protocol-error.js';
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
   * The method of the request: an exchange that broke down after it was sent is tried again only if this is idempotent (RFC 9110
   * §9.2.2). Default: that of the request of a client, if this stands right behind it; otherwise nobody knows, and it is not tried again.
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
  readonly request: RetriableRequest;
}

/** What of a request the decision needs. */
interface RetriableRequest {
  readonly method?: string | undefined;
  readonly body?: BodySource | undefined;
}

const COUNT = 2;
const STATUSES = [408, 429, 502, 503, 504];
const MAX_RETRY_AFTER = 60_000;

/** Errors whose request has not reached the server, so that any method may be sent again. */
const NOT_SENT: ReadonlySet<string> = new Set(['resolve', 'connect', 'tls']);
const NOT_SENT_TIMEOUTS: ReadonlySet<string> = new Set(['connect', 'queue']);
/** Codes of streams that the server says it has not looked at (RFC 9113 §8.7). */
const UNPROCESSED: ReadonlySet<string> = new Set(['REFUSED_STREAM', 'STREAM_UNPROCESSED']);
/** Codes of connections that ended under the exchange, and broke no other rule. */
const ENDED: ReadonlySet<string> = new Set(['CONNECTION_CLOSED', 'TRUNCATED_MESSAGE']);

/** A response that is thrown away for another try. */
class Retriable {
  constructor(
    readonly response: RetriableResponse,
    readonly wait: number | undefined,
  ) {}
}

/**
 * Sends a request again when that is worth it: after a failure of the network, a connection that ended or a time limit, and after the
 * statuses that say so.
 *
 * ```text
 * source         -a|  -b|        a: 503 with Retry-After: 1, b: 200
 * retryExchange  - 1s -(b|)
 * ```
 *
 * The source is subscribed again, so it has to be cold, as `request` is. Only idempotent methods are sent again, unless `unsafe`;
 * a request that certainly never left (name not resolved, no connection), or that the server says it has not looked at, always is. Waits are as long as Retry-After asks, else they
 * double. When the body can be sent only once, when there are no more tries, no budget, or the wait would be too long, the last response is emitted, or the last error
 * passes. Put it before the operators that read bodies: once the response is emitted, nothing is tried again.
 *
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { retryExchange, text } from 'rxweir/operators';
 * request('http://127.0.0.1:8080/').pipe(retryExchange({ random: Math.random }), text()).subscribe();
 * ```
 */
export function retryExchange<R extends RetriableResponse>(
  config: RetryExchangeConfig = {},
): MonoTypeOperatorFunction<R> {
  const { count = COUNT, budget, scheduler = asyncScheduler } = config;
  if (!(count >= 0)) throw new UsageError('INVALID_OPTION', 'count: not a number from 0 on');
  return (source) =>
    defer(() => {
      const request = requestOf(source);
      const method = config.method ?? (request && (request.method ?? 'GET'));
      let retries = 0;
      budget?.earn();
      const mayRetry = (): boolean => retries < count && (budget?.spend() ?? true);
      return source.pipe(
        refuseStatuses(config, scheduler, mayRetry),
        retry({
          delay(error: unknown) {
            const wanted =
              error instanceof Retriable || (isWorthIt(error, method, config) && hasItsBody(request) && mayRetry());
            if (!wanted) return throwError(() => error);
            retries++;
            if (!(error instanceof Retriable)) return timer(backoff(retries, config), scheduler);
            return concat(
              discardBody(error.response.body),
              defer(() => timer(Math.min(error.wait ?? backoff(retries, config), LONGEST_WAIT), scheduler)),
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
        hasItsBody(response.request) &&
        mayRetry();
      if (wanted) subscriber.error(new Retriable(response, wait));
      else subscriber.next(response);
    },
  }));
}

function isWorthIt(error: unknown, method: string | undefined, config: RetryExchangeConfig): boolean {
  const verdict = verdictOf(error);
  if (verdict === 'no') return false;
  const idempotent = method !== undefined && isIdempotentMethod(method);
  return (verdict === 'any' || idempotent || config.unsafe === true) && config.retry?.(error) !== false;
}

/** Which requests an error leaves fit to be sent again: any, those that may be sent twice, or none. */
function verdictOf(error: unknown): 'any' | 'idempotent' | 'no' {
  if (isNetworkError(error)) {
    if (error.code === 'ADDRESS_REFUSED') return 'no'; // it would be refused again
    return NOT_SENT.has(error.phase) ? 'any' : 'idempotent';
  }
  if (isTimeoutError(error)) return NOT_SENT_TIMEOUTS.has(error.phase) ? 'any' : 'idempotent';
  if (!isProtocolError(error)) return 'no';
  if (UNPROCESSED.has(error.code)) return 'any';
  return ENDED.has(error.code) ? 'idempotent' : 'no';
}

/** The request that a source makes, if it tells, as those of a client do. */
function requestOf(source: object): RetriableRequest | undefined {
  return (source as { request?: RetriableRequest }).request;
}

/** Whether the body, if there is one, can be sent a second time. */
function hasItsBody(request: RetriableRequest | undefined): boolean {
  return request?.body === undefined || planBody(request.body, () => 'x').replayable;
}
