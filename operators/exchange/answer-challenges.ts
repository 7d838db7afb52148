import { concat, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { planBody } from '../body/body-source.js';
import { captureSubscriber, operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { discardBody } from './discard-body.js';
import type { ExchangeRequest, ReissuableResponse } from './exchange-request.js';
import { ProtectionSpace, type ProtectionSpaceConfig } from './protection-space.js';

/**
 * Sends a request again, with user and password, where its origin answers 401 (RFC 9110 §11): the strongest of Digest (RFC 7616:
 * SHA-512-256, SHA-256, MD5, each with `-sess`; `qop` of `auth`, else of `auth-int` for a body that is text or bytes) and Basic (RFC 7617)
 * that it offers.
 *
 * ```text
 * source            a|         a: 401 with a challenge
 * its reissue       --b|       b: 200
 * answerChallenges  --(b|)
 * ```
 *
 * Another 401 is the answer, unless it says that the nonce was stale. Responses of any other origin pass as they are, whatever they
 * ask for. So do challenges nobody can answer. What was asked for is remembered from one request to the next by a `ProtectionSpace`,
 * given in the place of its configuration.
 *
 * Fails with `UsageError` `BODY_CONSUMED` where the body of the request can be sent only once.
 *
 * @example
 * ```ts
 * import { randomUUID } from 'node:crypto';
 * import { request } from 'rxweir';
 * import { answerChallenges } from 'rxweir/operators';
 * const url = 'http://127.0.0.1:8080/private';
 * request(url).pipe(answerChallenges({ origin: url, username: 'u', password: 'p', nonce: randomUUID })).subscribe();
 * ```
 * @see ProtectionSpace
 * @see basicCredentials
 */
export function answerChallenges<R extends ReissuableResponse<R>>(
  config: ProtectionSpaceConfig | ProtectionSpace,
): MonoTypeOperatorFunction<R> {
  const space = config instanceof ProtectionSpace ? config : new ProtectionSpace(config);
  return operate<R, R>((subscriber) => {
    let answering = 0;
    let sourceDone = false;

    const done = (): void => {
      if (sourceDone && answering === 0) subscriber.complete();
    };
    const see = (response: R, answered: boolean): void => {
      const credentials = space.answer(response, answered);
      if (credentials === undefined) return subscriber.next(response);
      const { body } = response.request;
      if (body !== undefined && !planBody(body, () => 'x').replayable) {
        response.body.subscribe({ error: () => undefined }).unsubscribe(); // cancels it
        throw new UsageError(
          'BODY_CONSUMED',
          'the challenge wants the body a second time, and it can be sent only once',
        );
      }
      const headers = new Fields(response.request.headers).set('authorization', credentials);
      reissue(response, { ...response.request, headers });
    };
    const reissue = (response: R, request: ExchangeRequest): void => {
      const next = captureSubscriber<R>({
        next(one) {
          try {
            see(one, true);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete() {
          subscriber.remove(next);
          answering--;
          done();
        },
      });
      answering++;
      subscriber.add(next);
      concat(
        discardBody(response.body),
        defer(() => response.reissue(request)),
      ).subscribe(next);
    };

    return {
      next: (response) => see(response, false),
      complete() {
        sourceDone = true;
        done();
      },
    };
  });
}
