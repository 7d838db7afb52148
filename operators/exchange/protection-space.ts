import { Fields } from '../http/fields.js';
import { parseChallenges, parseParameters, type Challenge } from './challenge.js';
import { authorize, basicCredentials, isOfOrigin } from './credentials.js';
import { digestCredentials, digestStrength, type DigestUser } from './digest.js';
import type { ExchangeRequest } from './exchange-request.js';

export interface ProtectionSpaceConfig extends DigestUser {
  /** Whose challenges are answered: scheme, host and port of this URL, and no other's. */
  readonly origin: string | URL;
  /** The `cnonce` of Digest: a text that nobody can foresee, of visible ASCII, such as `randomUUID` of node:crypto makes. */
  readonly nonce: () => string;
  /** Answer Basic too, which sends the password itself. Default true for https, false for http. */
  readonly basic?: boolean;
}

/** What of a response says who is asked, and by whom. */
interface Challenging {
  readonly status: number;
  readonly fields: Fields;
  readonly url: string;
  readonly request: ExchangeRequest;
}

/**
 * User and password for one origin (RFC 9110 §11.5), and what that origin has asked for so far: which scheme, which nonce, how often it
 * was used. Share one between the requests to an origin: those after the first are then sent with their credentials right away, by the nonce
 * the server wants next (`nextnonce`, RFC 7616 §3.5).
 *
 * @example
 * ```ts
 * import { randomUUID } from 'node:crypto';
 * import { request } from 'rxweir';
 * import { answerChallenges, ProtectionSpace } from 'rxweir/operators';
 * const origin = 'http://127.0.0.1:8080';
 * const space = new ProtectionSpace({ origin, username: 'u', password: 'p', nonce: randomUUID });
 * request(space.authorize({ url: `${origin}/private` })).pipe(answerChallenges(space)).subscribe();
 * ```
 * @see answerChallenges
 */
export class ProtectionSpace {
  readonly #config: ProtectionSpaceConfig;
  /** What it asked for last and was answered. */
  #challenge: Challenge | undefined;
  #nonce = '';
  #count = 0;

  constructor(config: ProtectionSpaceConfig) {
    this.#config = config;
  }

  /**
   * The request with credentials, if its origin is the one of the space, has asked for some before, and the request has none of its own; any
   * other comes back as it is.
   */
  authorize<C extends ExchangeRequest>(request: C): C {
    const { origin } = this.#config;
    const challenge = this.#challenge;
    if (challenge === undefined || !isOfOrigin(request.url, origin)) return request;
    if (new Fields(request.headers).has('authorization')) return request;
    if (challenge.scheme === 'basic') return authorize(request, origin, this.#basic());
    if (digestStrength(challenge, request.body) === 0) return request;
    return authorize(request, origin, this.#digest(challenge, request, String(request.url)));
  }

  /**
   * What to answer a response with: the value of Authorization, or undefined where there is no answer, or none that was not given already.
   *
   * @param answered whether the response is to such an answer
   */
  answer(response: Challenging, answered: boolean): string | undefined {
    const { origin, basic: wanted } = this.#config;
    const { status, fields, url, request } = response;
    if (!isOfOrigin(url, origin)) return undefined;
    if (status !== 401) {
      this.#learn(fields);
      return undefined;
    }
    const challenges = parseChallenges(fields.getAll('www-authenticate'));
    const digest = strongest(challenges, request);
    if (digest !== undefined) {
      const nonce = digest.parameters.get('nonce') as string;
      const stale = digest.parameters.get('stale')?.toLowerCase() === 'true';
      if (answered && (!stale || nonce === this.#nonce)) return this.#forget();
      if (nonce !== this.#nonce) this.#count = 0;
      this.#nonce = nonce;
      this.#challenge = digest;
      return this.#digest(digest, request, url);
    }
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (answered || basic === undefined || !(wanted ?? url.startsWith('https:'))) return this.#forget();
    this.#challenge = basic;
    return this.#basic();
  }

  /** The nonce for the next request, where the server names one (RFC 7616 §3.5). */
  #learn(fields: Fields): void {
    const info = fields.get('authentication-info');
    if (info === undefined || this.#challenge?.scheme !== 'digest') return;
    const next = parseParameters(info)?.get('nextnonce');
    if (next === undefined || next === this.#nonce) return;
    this.#nonce = next;
    this.#count = 0;
  }

  /** What was answered with did not do. */
  #forget(): undefined {
    this.#challenge = undefined;
    return undefined;
  }

  #basic(): string {
    return basicCredentials(this.#config.username, this.#config.password);
  }

  #digest({ scheme, parameters }: Challenge, { method = 'GET', target, body }: ExchangeRequest, url: string): string {
    const { pathname, search } = new URL(url);
    const asked = {
      method,
      uri: target ?? pathname + search,
      body,
      cnonce: this.#config.nonce(),
      count: ++this.#count,
    };
    const current = { scheme, parameters: new Map(parameters).set('nonce', this.#nonce) };
    return digestCredentials(current, this.#config, asked);
  }
}

/** The strongest Digest challenge that can be answered for this request. */
function strongest(challenges: readonly Challenge[], { body }: ExchangeRequest): Challenge | undefined {
  let best: Challenge | undefined;
  let strength = 0;
  for (const one of challenges) {
    const own = digestStrength(one, body);
    if (own <= strength) continue;
    best = one;
    strength = own;
  }
  return best;
}
