import { concat, EMPTY, map, NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import {
  throwOnStatus,
  type StatusError,
  type ThrowOnStatusConfig,
} from '../../../operators/exchange/throw-on-status.js';
import { marbles } from '../../support/marbles.js';
import { seen, utf8 } from '../body/bodies.js';
import { FakeClient, type Answer } from './fake-exchange.js';

const response = (answer: Answer) => new FakeClient(() => answer).request({ url: 'http://u:p@a.test/x#f' });
const failure = (answer: Answer, config?: ThrowOnStatusConfig): StatusError | undefined => {
  let error: StatusError | undefined;
  response(answer)
    .pipe(throwOnStatus(config))
    .subscribe({ error: (found: StatusError) => (error = found) });
  return error;
};

describe('throwOnStatus', () => {
  it('lets pass what is no error', () => {
    for (const status of [200, 204, 304, 399]) {
      const statuses = response({ status }).pipe(
        throwOnStatus(),
        map((one) => one.status),
      );
      expect(seen(statuses)).toEqual([status, 'complete']);
    }
    expect(failure({ status: 404 }, { when: (status) => status === 500 })).toBeUndefined();
    expect(failure({ status: 200 }, { when: () => true })).toMatchObject({ status: 200 });
  });

  it('tells what went wrong, and nothing secret', () => {
    const body = of(utf8('no '), utf8('such'));
    const error = failure({ status: 404, fields: { 'x-a': '1' }, body });
    expect(error).toMatchObject({
      code: 'STATUS_ERROR',
      status: 404,
      url: 'http://a.test/x',
      message: '404 Not Found',
    });
    expect(error?.fields.get('x-a')).toBe('1');
    expect(Buffer.from(error?.body ?? []).toString()).toBe('no such');
    expect(isProtocolError(error)).toBe(true);
    expect(failure({ status: 599 })?.message).toBe('599');
  });

  it('keeps the beginning of the body, cancels the rest, and takes what there is of one that fails', () => {
    let open = false;
    const endless = new Observable<Uint8Array>((subscriber) => {
      open = true;
      while (!subscriber.closed) subscriber.next(new Uint8Array(1000));
      return () => (open = false);
    });
    expect(failure({ status: 500, body: endless })?.body).toHaveLength(16_384);
    expect(open).toBe(false);
    const broken = concat(
      of(utf8('abc')),
      throwError(() => new Error('reset')),
    );
    expect(failure({ status: 500, body: broken }, { maxBody: 2 })?.body).toEqual(utf8('ab'));
    expect(failure({ status: 500, body: broken })?.body).toEqual(utf8('abc'));
  });

  it(
    'waits for the body, and is let go meanwhile',
    marbles((m) => {
      const body = m.cold<Uint8Array>('---|');
      const source = response({ status: 500, body }).pipe(throwOnStatus());
      m.expect(source, '-!').toBeObservable('--');
      m.expect(body).toHaveSubscriptions('^!');
      m.expect(EMPTY.pipe(throwOnStatus())).toBeObservable('|');
      m.expect(NEVER.pipe(throwOnStatus())).toBeObservable('-');
    }),
  );
});
