import { asyncScheduler, type Observable, type SchedulerLike, Subject } from 'rxjs';
import { contained } from '../server/contained.js';
import { failureStatus } from '../server/failure-status.js';
import type { ServerRequest } from '../server/server-request.js';
import { isFinal, type ServerResponse } from '../server/server-response.js';
import type { Address } from '../sockets/byte-duplex.js';
import { countBody } from './count-body.js';
import type { HandlerOperator } from './handler-operator.js';
import { mapResponse } from './map-response.js';

/** One finished exchange. */
export interface AccessRecord {
  readonly method: string;
  /** The request target as it was sent: to be escaped before it is shown. */
  readonly target: string;
  readonly version: '1.0' | '1.1' | '2';
  /** Of the final response; 0 where the client had gone before there was one. */
  readonly status: number;
  /** Bytes of the request's body that have come. */
  readonly bytesIn: number;
  /** Bytes of the response's body that were handed to the connection, before a transfer coding. */
  readonly bytesOut: number;
  /** When the handler was called, in milliseconds of the scheduler since the epoch. */
  readonly time: number;
  /** From then until the exchange was over, or had left HTTP. */
  readonly milliseconds: number;
  readonly remote: Address;
  /** The client had gone, or the connection failed, before it was answered whole. */
  readonly cancelled: boolean;
  /** What the handler failed with, if it did. */
  readonly error: unknown;
  /** For whatever else is to be logged. */
  readonly request: ServerRequest;
}

export interface AccessLogConfig {
  /** Clock of `time` and `milliseconds`; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A handler operator, and what it has seen. */
export interface AccessLog extends HandlerOperator {
  /** One record for each exchange, once it is over. Hot: what nobody listens to is not kept. */
  readonly records$: Observable<AccessRecord>;
}

/**
 * Watches a handler, and emits one record for each exchange when it is over. Put it outermost, so that it sees what the client gets. While
 * nobody listens it costs nothing.
 *
 * ```text
 * requests  a---b----------
 * records$  ------b-----a--    each with the milliseconds it took
 * ```
 *
 * @example
 * ```ts
 * import { accessLog, serve } from 'rxweir';
 * const log = accessLog();
 * log.records$.subscribe(({ method, target, status, milliseconds }) => console.log(method, target, status, milliseconds));
 * serve({ port: 8080 }, log(() => ({ body: 'hello' }))).subscribe();
 * ```
 */
export function accessLog({ scheduler = asyncScheduler }: AccessLogConfig = {}): AccessLog {
  const records = new Subject<AccessRecord>();
  const operator: HandlerOperator = (handler) => (request) => {
    if (!records.observed) return handler(request);
    const { method, target, version, remote } = request;
    const time = scheduler.now();
    let status = 0;
    let bytesOut = 0;
    let cancelled = false;
    let error: unknown;
    const failed = (thrown: unknown): void => {
      error = thrown;
      if (status === 0) status = failureStatus(thrown);
    };
    request.cancelled$.subscribe({
      next: () => {
        cancelled = true;
      },
      complete: () => {
        const milliseconds = scheduler.now() - time;
        const { received: bytesIn } = request;
        records.next({ method, target, version, status, bytesIn, bytesOut, time, milliseconds, remote, cancelled, error, request }); // prettier-ignore
      },
    });
    const count = (bytes: number): void => {
      bytesOut += bytes;
    };
    const see = (response: ServerResponse): ServerResponse => {
      if (!isFinal(response)) return response;
      const { upgraded } = response;
      status = response.status ?? (upgraded === undefined || method === 'CONNECT' ? 200 : 101);
      return upgraded === undefined ? countBody(method, response, count, failed) : response;
    };
    const tell = (thrown: unknown): never => {
      failed(thrown);
      throw thrown;
    };
    try {
      return mapResponse(handler(request), see, tell);
    } catch (thrown) {
      return tell(thrown);
    }
  };
  return Object.assign(operator, { records$: contained(records) });
}
