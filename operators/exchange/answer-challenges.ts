import { concat, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { planBody } from '../body/body-source.js';
import { captureSubscriber, operate } from '../core/operate.js';
import { UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { parseChallenges, type Challenge } from './challenge.js';
import { basicCredentials, isOfOrigin } from './credentials.js';
import { digestCredentials, digestStrength, type DigestUser } from './digest.js';
import { discardBody } from './discard-body.js';
import type { ExchangeRequest, ReissuableResponse } from './exchange-request.js';

export interface AnswerChallengesConfig extends DigestUser {
  /** Whose challenges are answered: scheme, host and port of this URL, and no other's. */
  readonly origin: string | URL;
  /** The `cnonce` of Digest: a text that nobody can foresee, of visible ASCII, such as `randomUUID` of node:crypto makes. */
  readonly nonce: () => string;
  /** Answer Basic too, which sends the password itself. Default true for https, false for http. */
  readonly basic?: boolean;
}

/** A nonce and how often it was used. */
interface Count {
  nonce: string;
  times: number;
}

/**
 * Sends a request again, with user and password, where its origin answers 401 (RFC 9110 §11): the strongest of Digest (RFC 7616:
 * SHA-512-256, SHA-256, MD5, each with `-sess`) and Basic (RFC 7617) that it offers.
 *
 * ```text
 * source            a|         a: 401 with a challenge
 * its reissue       --b|       b: 200
 * answerChallenges  --(b|)
 * ```
 *
 * Another 401 is the answer, unless it says that the nonce was stale. Responses of any other origin pass as they are, whatever they
 * ask for. So do challenges nobody can answer.
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
 * @see basicCredentials
 */
export function answerChallenges<R extends ReissuableResponse<R>>(
  config: AnswerChallengesConfig,
): MonoTypeOperatorFunction<R> {
  const count: Count = { nonce: '', times: 0 }; // over all requests, so that a nonce that is offered again is counted on
  return operate<R, R>((subscriber) => {
    let answering = 0;
    let sourceDone = false;

    const done = (): void => {
      if (sourceDone && answering === 0) subscriber.complete();
    };
    const see = (response: R, answered: boolean): void => {
      const credentials = credentialsFor(response, config, answered, count);
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

/** What to answer with, or undefined where there is no answer, or none that was not given already. */
function credentialsFor<R extends ReissuableResponse<R>>(
  { status, fields, url, request }: R,
  config: AnswerChallengesConfig,
  answered: boolean,
  count: Count,
): string | undefined {
  if (status !== 401 || !isOfOrigin(url, config.origin)) return undefined;
  const challenges = parseChallenges(fields.getAll('www-authenticate'));
  const digest = strongest(challenges);
  if (digest !== undefined) {
    const nonce = digest.parameters.get('nonce') as string;
    const stale = digest.parameters.get('stale')?.toLowerCase() === 'true';
    if (answered && (!stale || nonce === count.nonce)) return undefined;
    count.times = nonce === count.nonce ? count.times + 1 : 1;
    count.nonce = nonce;
    const { pathname, search } = new URL(url);
    const uri = request.target ?? pathname + search;
    const asked = { method: request.method ?? 'GET', uri, cnonce: config.nonce(), count: count.times };
    return digestCredentials(digest, config, asked);
  }
  const basic = config.basic ?? url.startsWith('https:');
  if (answered || !basic || !challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
  return basicCredentials(config.username, config.password);
}

function strongest(challenges: readonly Challenge[]): Challenge | undefined {
  let best: Challenge | undefined;
  for (const one of challenges) {
    if (digestStrength(one) > (best === undefined ? 0 : digestStrength(best))) best = one;
  }
  return best;
}
