/** What one connection keeps in memory for its peer, counted. */
import { UsageError } from '../core/protocol-error.js';
import { calmError } from './http2-error.js';

/** What an item weighs at least, however few bytes it has: its object, its place in a queue. */
const LEAST_CHARGE = 256;
/** The default bound. Bytes. */
const DEFAULT_MAX_MEMORY = 8 * 2 ** 20;

/**
 * Every queue of a connection charges what it takes in and releases it when it lets go, so that many small things weigh
 * what they cost. At the end of the connection the ledger stands at 0.
 *
 * @example
 * ```ts
 * import { MemoryLedger } from 'rxweir/operators';
 * const ledger = new MemoryLedger();
 * ledger.charge(1); // 256
 * ledger.release(1);
 * ledger.charged; // 0
 * ```
 */
export class MemoryLedger {
  readonly #limit: number;
  #charged = 0;
  #items = 0;
  #peak = 0;

  /** @param limit bytes */
  constructor(limit = DEFAULT_MAX_MEMORY) {
    this.#limit = limit;
  }

  /** Bytes charged and not released. */
  get charged(): number {
    return this.#charged;
  }

  /** Items charged and not released. */
  get items(): number {
    return this.#items;
  }

  /** The most that was ever charged. Bytes. */
  get peak(): number {
    return this.#peak;
  }

  /**
   * Charges an item of `bytes`, at least {@link LEAST_CHARGE} for each of the `pieces` it came in; what was charged.
   *
   * @throws ProtocolError connection `ENHANCE_YOUR_CALM` with `limit` `maxConnectionMemory`; nothing is charged then
   */
  charge(bytes: number, pieces = 1): number {
    const weight = Math.max(bytes, pieces * LEAST_CHARGE);
    if (this.#charged + weight > this.#limit) {
      throw calmError('maxConnectionMemory', `the connection would keep over ${this.#limit} bytes`);
    }
    this.#charged += weight;
    this.#items++;
    if (this.#charged > this.#peak) this.#peak = this.#charged;
    return weight;
  }

  /** Releases an item that was charged with the same `bytes` and `pieces`. @throws UsageError `LEDGER_UNDERFLOW` */
  release(bytes: number, pieces = 1): void {
    const weight = Math.max(bytes, pieces * LEAST_CHARGE);
    if (this.#items === 0 || weight > this.#charged) {
      throw new UsageError('LEDGER_UNDERFLOW', 'more is released than was charged');
    }
    this.#charged -= weight;
    this.#items--;
  }
}
