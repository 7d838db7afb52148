import { map, Observable, type SchedulerLike, Subscription, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BodySource } from '../../../operators/body/body-source.js';
import {
  NetworkError,
  ProtocolError,
  TimeoutError,
  type NetworkPhase,
} from '../../../operators/core/protocol-error.js';
import { backoff } from '../../../operators/exchange/backoff.js';
import { retryAfter } from '../../../operators/exchange/retry-after.js';
import { RetryBudget } from '../../../operators/exchange/retry-budget.js';
import { retryExchange, type RetryExchangeConfig } from '../../../operators/exchange/retry-exchange.js';
import { Fields } from '../../../operators/http/fields.js';
import { marbles, runMarbles } from '../../support/marbles.js';
import { FakeClient, type Answer } from './fake-exchange.js';

const URL = 'http://a.test/';
const network = (phase: NetworkPhase): Observable<Answer> =>
  throwError(() => new NetworkError('ECONNRESET', phase, 'reset'));

/** How an exchange ends whose first answers are the given ones, and how many requests that took. */
function end(
  answers: (Answer | Observable<Answer>)[],
  config: RetryExchangeConfig = {},
  method = 'GET',
): [unknown, number] {
  const client = new FakeClient((_, at) => answers[at] ?? {});
  let result: unknown;
  runMarbles(({ scheduler, flush }) => {
    client
      .request({ url: URL, method })
      .pipe(retryExchange({ method, scheduler, ...config }))
      .subscribe({
        next: ({ status }) => (result = status),
        error: (error: { code: string }) => (result = error.code),
      });
    flush();
  });
  return [result, client.sent.length];
}

describe('what is tried again', () => {
  it.each([408, 429, 502, 503, 504])('status %i', (status) => {
    expect(end([{ status }])).toEqual([200, 2]);
    expect(end([{ status }], { statuses: [] })).toEqual([status, 1]);
  });

  it.each([200, 301, 400, 401, 404, 409, 500, 501])('not status %i', (status) => {
    expect(end([{ status }])).toEqual([status, 1]);
  });

  it.each(['resolve', 'connect', 'tls'] as const)('a failure to %s, whatever the method', (phase) => {
    expect(end([network(phase)], {}, 'POST')).toEqual([200, 2]);
  });

  it.each(['read', 'write'] as const)('a failure to %s, if the method is idempotent', (phase) => {
    expect(end([network(phase)], {}, 'PUT')).toEqual([200, 2]);
    expect(end([network(phase)], {}, 'POST')).toEqual(['ECONNRESET', 1]);
    expect(end([network(phase)], { unsafe: true }, 'POST')).toEqual([200, 2]);
    expect(end([network(phase)], { method: undefined as never })).toEqual(['ECONNRESET', 1]);
    expect(end([network(phase)], { retry: () => false })).toEqual(['ECONNRESET', 1]);
  });

  it('time limits alike', () => {
    const late = throwError(() => new TimeoutError('head', 1));
    expect(end([late])).toEqual([200, 2]);
    expect(end([late], {}, 'PATCH')).toEqual(['TIMEOUT_HEAD', 1]);
    expect(end([throwError(() => new TimeoutError('connect', 1))], {}, 'PATCH')).toEqual([200, 2]);
  });

  it.each(['CONNECTION_CLOSED', 'TRUNCATED_MESSAGE'])('%s, if the method is idempotent', (code) => {
    const closed = throwError(() => new ProtocolError(code, 'x'));
    expect(end([closed])).toEqual([200, 2]);
    expect(end([closed], {}, 'POST')).toEqual([code, 1]);
  });

  it.each(['REFUSED_STREAM', 'STREAM_UNPROCESSED'])('%s, whatever the method', (code) => {
    expect(end([throwError(() => new ProtocolError(code, 'x'))], {}, 'POST')).toEqual([200, 2]);
  });

  it('by the method that the source tells, where none is given', () => {
    const run = (method: string | undefined): [string, number] => {
      const client = new FakeClient((_, at) => (at === 0 ? network('read') : {}));
      let result = '';
      runMarbles(({ scheduler, flush }) => {
        const source = Object.assign(client.request({ url: URL, method }), { request: { method } });
        source.pipe(retryExchange({ scheduler })).subscribe({
          next: ({ status }) => (result = String(status)),
          error: (error: { code: string }) => (result = error.code),
        });
        flush();
      });
      return [result, client.sent.length];
    };
    expect(run(undefined)).toEqual(['200', 2]);
    expect(run('DELETE')).toEqual(['200', 2]);
    expect(run('POST')).toEqual(['ECONNRESET', 1]);
  });

  it('not a body that can be sent only once: what went wrong is what passes', () => {
    const once = () =>
      (function* () {
        yield 'x';
      })();
    const run = (first: Answer | Observable<Answer>, body: BodySource): [string, number] => {
      const client = new FakeClient((_, at) => (at === 0 ? first : {}));
      const request = { url: URL, method: 'PUT', body };
      let result = '';
      runMarbles(({ scheduler, flush }) => {
        const source = Object.assign(client.request(request), { request });
        source.pipe(retryExchange({ scheduler })).subscribe({
          next: ({ status }) => (result = String(status)),
          error: (error: { code: string }) => (result = error.code),
        });
        flush();
      });
      return [result, client.sent.length];
    };
    expect(run(network('read'), once())).toEqual(['ECONNRESET', 1]);
    expect(run({ status: 503 }, once())).toEqual(['503', 1]);
    expect(run(network('read'), 'x')).toEqual(['200', 2]);
    expect(run({ status: 503 }, ['x'])).toEqual(['200', 2]);
  });

  it('not what the peer or the caller did wrong, nor a status for POST', () => {
    expect(end([throwError(() => new ProtocolError('BAD_CHUNK', 'x'))])).toEqual(['BAD_CHUNK', 1]);
    expect(end([{ status: 503 }], {}, 'POST')).toEqual([503, 1]);
    expect(end([{ status: 503 }], { unsafe: true }, 'POST')).toEqual([200, 2]);
  });

  it('count times, then it is what it is', () => {
    const busy = { status: 503 };
    expect(end([busy, busy, busy])).toEqual([503, 3]);
    expect(end([busy, busy, busy], { count: 3 })).toEqual([200, 4]);
    expect(end([busy], { count: 0 })).toEqual([503, 1]);
    expect(end([network('read'), network('read'), network('read')])).toEqual(['ECONNRESET', 3]);
    expect(() => retryExchange({ count: NaN })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('as the budget allows', () => {
    const busy = { status: 503 };
    const budget = new RetryBudget({ ratio: 0.5, reserve: 1 });
    expect(end([busy], { budget })).toEqual([200, 2]);
    expect(end([busy], { budget })).toEqual([503, 1]);
    expect(end([network('read')], { budget })).toEqual([200, 2]);
    expect(budget.available).toBe(0);
    expect(() => new RetryBudget({ ratio: -1 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('the body of what is thrown away is read first', () => {
    let read = false;
    const body = new Observable<Uint8Array>((subscriber) => {
      read = true;
      subscriber.complete();
    });
    expect(end([{ status: 503, body }])).toEqual([200, 2]);
    expect(read).toBe(true);
  });
});

describe('waits', () => {
  const busy = (after?: string): Answer => ({
    status: 503,
    fields: after === undefined ? {} : { 'retry-after': after },
  });
  const statuses = (answers: (Answer | Observable<Answer>)[], config: RetryExchangeConfig) =>
    new FakeClient((_, at) => answers[at] ?? {}).request({ url: URL }).pipe(
      retryExchange({ method: 'GET', ...config }),
      map(({ status }) => String(status)),
    );

  it(
    'double, up to maxDelay, with jitter if there is chance',
    marbles((m) => {
      const answers = [busy(), busy(), network('read')];
      const x = { x: '200' };
      m.expect(statuses(answers, { count: 3, delay: 10 })).toBeObservable('70ms (x|)', x);
      m.expect(statuses(answers, { count: 3, delay: 10, maxDelay: 15 })).toBeObservable('40ms (x|)', x);
      m.expect(statuses(answers, { count: 3, delay: 10, random: () => 0.5 })).toBeObservable('35ms (x|)', x);
    }),
  );

  it(
    'Retry-After has the say, in both forms, and no wait is longer than maxRetryAfter',
    marbles((m) => {
      m.expect(statuses([busy('2')], {})).toBeObservable('2s (x|)', { x: '200' });
      m.expect(statuses([busy('Thu, 01 Jan 1970 00:00:03 GMT')], {})).toBeObservable('3s (x|)', { x: '200' });
      m.expect(statuses([busy('61')], {})).toBeObservable('(x|)', { x: '503' });
      m.expect(statuses([busy('61')], { maxRetryAfter: 61_000 })).toBeObservable('61s (x|)', { x: '200' });
      m.expect(statuses([busy('soon')], { delay: 7 })).toBeObservable('7ms (x|)', { x: '200' });
    }),
  );

  it('never longer than a timer can be', () => {
    const waits: unknown[] = [];
    const scheduler: SchedulerLike = {
      now: () => 0,
      schedule(_work: unknown, delay?: number) {
        waits.push(delay);
        return Subscription.EMPTY;
      },
    };
    statuses([busy('99999999')], { scheduler, maxRetryAfter: Infinity }).subscribe();
    statuses([busy()], { scheduler, delay: 1e12, maxDelay: Infinity }).subscribe();
    expect(waits).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
  });

  it(
    'are let go with the rest',
    marbles((m) => {
      const pending = m.cold<Answer>('---|');
      m.expect(statuses([network('read'), pending], { delay: 2 }), '---!').toBeObservable('----');
      m.expect(pending).toHaveSubscriptions('--^!');
      m.expect(statuses([timer(1).pipe(map(() => busy()))], { delay: 9 }), '--!').toBeObservable('---');
    }),
  );

  it('backoff by itself', () => {
    expect([1, 2, 3, 20].map((retry) => backoff(retry, {}))).toEqual([100, 200, 400, 30_000]);
    expect(backoff(5000, { delay: 1, maxDelay: Infinity })).toBe(2 ** 31 - 1);
    expect(() => backoff(1, { delay: -1 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('Retry-After by itself', () => {
    const after = (value: string, now = 0): number | undefined => retryAfter(new Fields({ 'retry-after': value }), now);
    expect([
      after('0'),
      after(' 120 '),
      after('Thu, 01 Jan 1970 00:00:01 GMT'),
      after('Thu, 01 Jan 1970 00:00:01 GMT', 5000),
    ]).toEqual([0, 120_000, 1000, 0]);
    expect([after('-1'), after('1.5'), after('x'), retryAfter(new Fields(), 0)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
