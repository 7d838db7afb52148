import { concat, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { planBody } from '../body/body-source.js';
import { cancelBody } from '../body/cancel-body.js';
import { captureSubscriber, operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { discardBody } from './discard-body.js';
import type { ExchangeRequest, ReissuableResponse } from './exchange-request.js';
import { ProtectionSpace, type ProtectionSpaceConfig } from './protection-space.js';

/** One, and one more with a new nonce: a server that calls each of them stale is not asked for ever. */
const MOST_ANSWERS = 2;

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
 * Another 401 is the answer, unless it says that the nonce was stale, which is believed once. Responses of any other origin pass as
 * they are, whatever they ask for. So do challenges nobody can answer. What was asked for is remembered from one request to the next
 * by a `ProtectionSpace`, given in the place of its configuration.
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
    const see = (response: R, answers: number): void => {
      let request: ExchangeRequest | undefined;
      try {
        request = nextRequest(response, answers);
      } catch (error) {
        cancelBody(response.body);
        subscriber.error(error);
        return;
      }
      if (request === undefined) subscriber.next(response);
      else reissue(response, request, answers + 1);
    };
    const nextRequest = (response: R, answers: number): ExchangeRequest | undefined => {
      const credentials = answers < MOST_ANSWERS ? space.answer(response, answers > 0) : undefined;
      if (credentials === undefined) return undefined;
      const { request } = response;
      if (request.body !== undefined && !planBody(request.body, () => 'x').replayable) {
        throw new UsageError(
          'BODY_CONSUMED',
          'the challenge wants the body a second time, and it can be sent only once',
        );
      }
      return { ...request, headers: new Fields(request.headers).set('authorization', credentials) };
    };
    const reissue = (response: R, request: ExchangeRequest, answers: number): void => {
      const next = captureSubscriber<R>({
        next: (one) => see(one, answers),
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
      next: (response) => see(response, 0),
      complete() {
        sourceDone = true;
        done();
      },
    };
  });
}
