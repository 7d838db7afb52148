import { UsageError } from '../core/protocol-error.js';

export interface RetryBudgetConfig {
  /** Retries for each request that was made, in the long run. Default 0.1. */
  readonly ratio?: number;
  /** Retries that may be made before any request has earned one, and the most that are saved up. Default 10. */
  readonly reserve?: number;
}

/**
 * What keeps retries from making an overload worse: every request earns part of a retry, every retry costs a whole one. Share one
 * between all requests to a server.
 *
 * @throws `UsageError` `INVALID_OPTION`
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { RetryBudget, retryExchange } from 'rxweir/operators';
 * const budget = new RetryBudget({ ratio: 0.2 });
 * request('http://127.0.0.1:8080/').pipe(retryExchange({ budget })).subscribe();
 * ```
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  #saved: number;

  constructor({ ratio = 0.1, reserve = 10 }: RetryBudgetConfig = {}) {
    if (!(ratio >= 0) || !(reserve >= 0)) throw new UsageError('INVALID_OPTION', 'a budget counts from 0 on');
    this.#ratio = ratio;
    this.#reserve = this.#saved = reserve;
  }

  /** Whole retries that could be made now. */
  get available(): number {
    return Math.floor(this.#saved + 1e-9);
  }

  /** A request is made. */
  earn(): void {
    this.#saved = Math.min(this.#reserve, this.#saved + this.#ratio);
  }

  /** A retry is wanted; whether it may be made. */
  spend(): boolean {
    if (this.available < 1) return false;
    this.#saved--;
    return true;
  }
}
