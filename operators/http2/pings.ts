import { UsageError } from '../core/protocol-error.js';

const LENGTH = 8;
const MOST = 64;

interface Outstanding {
  readonly payload: Uint8Array;
  readonly answered: () => void;
}

/** PINGs of ours that are not answered yet (RFC 9113 §6.7). Several may be; each answer is known by its payload. */
export class Pings {
  #outstanding: Outstanding[] = [];
  #count = 0;

  get size(): number {
    return this.#outstanding.length;
  }

  /**
   * Enters a PING and returns its payload.
   *
   * @throws UsageError `PING_LIMIT` for more than 64 without an answer
   */
  add(answered: () => void): Uint8Array {
    if (this.#outstanding.length >= MOST)
      throw new UsageError('PING_LIMIT', `${MOST} PINGs wait for an answer already`);
    const payload = new Uint8Array(LENGTH);
    new DataView(payload.buffer).setUint32(4, ++this.#count);
    this.#outstanding.push({ payload, answered });
    return payload;
  }

  /** An answer has come; whether it was to one of ours. */
  acknowledge(payload: Uint8Array): boolean {
    const at = this.#outstanding.findIndex(({ payload: ours }) => ours.every((byte, i) => byte === payload[i]));
    if (at < 0) return false;
    const [ping] = this.#outstanding.splice(at, 1);
    ping?.answered();
    return true;
  }

  clear(): void {
    this.#outstanding = [];
  }
}
