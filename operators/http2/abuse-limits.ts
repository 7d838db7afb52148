/**
 * Budgets for what is legal once and an attack ten thousand times: resets, oddities, empty frames, chatter. Time is
 * passed in, in milliseconds of any monotonic clock.
 */
import { UsageError } from '../core/protocol-error.js';
import { calmError } from './http2-error.js';

/** How much at once, and how much for good. */
export interface Budget {
  readonly burst: number;
  readonly perSecond: number;
}

/** Streams reset by the peer, and resets that the peer provoked: one budget (CVE-2023-44487, CVE-2025-8671). */
const DEFAULT_RESETS: Budget = Object.freeze({ burst: 200, perSecond: 20 });
/** Frames that are legal but odd. */
const DEFAULT_GLITCHES: Budget = Object.freeze({ burst: 1000, perSecond: 100 });
/** Empty DATA or HEADERS in a row, without END_STREAM, that are no glitch. */
const MAX_EMPTY_RUN = 2;

/** Tokens that are taken at once and come back with time. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMillisecond: number;
  #tokens: number;
  #last: number;

  /** @throws UsageError `INVALID_LIMIT` for a budget that is no number from 0 up */
  constructor({ burst, perSecond }: Budget, now = 0) {
    if (!(burst >= 0 && perSecond >= 0)) throw new UsageError('INVALID_LIMIT', 'a budget is numbers from 0 up');
    this.#burst = burst;
    this.#perMillisecond = perSecond / 1000;
    this.#tokens = burst;
    this.#last = now;
  }

  /** Tokens there are at `now`. */
  available(now: number): number {
    this.#refill(now);
    return this.#tokens;
  }

  /** Takes `count` tokens if there are so many; whether there were. */
  take(now: number, count = 1): boolean {
    this.#refill(now);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** A clock that goes back brings nothing. */
  #refill(now: number): void {
    if (now <= this.#last) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#last) * this.#perMillisecond);
    this.#last = now;
  }
}

export interface AbuseLimitsOptions {
  readonly resets?: Budget;
  readonly glitches?: Budget;
  /** The clock at the start. Milliseconds. */
  readonly now?: number;
}

/** The budgets of one connection; each passed bound is `ENHANCE_YOUR_CALM` of scope `connection`. */
export class AbuseLimits {
  readonly #resets: TokenBucket;
  readonly #glitches: TokenBucket;
  #emptyRun = 0;
  #resetCount = 0;
  #glitchCount = 0;

  constructor({ resets = DEFAULT_RESETS, glitches = DEFAULT_GLITCHES, now = 0 }: AbuseLimitsOptions = {}) {
    this.#resets = new TokenBucket(resets, now);
    this.#glitches = new TokenBucket(glitches, now);
  }

  /** Resets counted so far. */
  get resets(): number {
    return this.#resetCount;
  }

  /** Glitches counted so far. */
  get glitches(): number {
    return this.#glitchCount;
  }

  /** A stream was reset, by the peer or because of it. @throws ProtocolError with `limit` `maxResets` */
  reset(now: number): void {
    this.#resetCount++;
    if (!this.#resets.take(now)) throw calmError('maxResets', 'too many streams are reset');
  }

  /** Something legal but odd came. @throws ProtocolError with `limit` `maxGlitches` */
  glitch(now: number): void {
    this.#glitchCount++;
    if (!this.#glitches.take(now)) throw calmError('maxGlitches', 'too many odd frames');
  }

  /**
   * A DATA or HEADERS frame came, `empty` if it had nothing in it and did not end its stream. From the third empty one in
   * a row each is a glitch; whether it was.
   *
   * @throws ProtocolError with `limit` `maxGlitches`
   */
  carried(empty: boolean, now: number): boolean {
    if (!empty) {
      this.#emptyRun = 0;
      return false;
    }
    if (++this.#emptyRun <= MAX_EMPTY_RUN) return false;
    this.glitch(now);
    return true;
  }
}

/** Whether one more PRIORITY frame is odd, for streams opened so far. */
export function isOddPriority(received: number, streams: number): boolean {
  return received > 100 * (1 + streams);
}

/** Whether one more WINDOW_UPDATE frame is odd, for streams opened and DATA frames sent so far. */
export function isOddWindowUpdate(received: number, streams: number, dataSent: number): boolean {
  return received > 5 + 2 * (streams + 10 * dataSent);
}
