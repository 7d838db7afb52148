/** The declared length of a body against the DATA that comes (RFC 9113 §8.1.1). */
import { isDigits } from '../http/field-syntax.js';
import { type FieldList, malformed } from './field-rules.js';

const MOST_DIGITS = 15;

/**
 * The Content-Length of a list, undefined if there is none.
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR` for one that comes twice, even if equal, or is no number
 */
export function readContentLength(list: FieldList): number | undefined {
  let length: number | undefined;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== 'content-length') continue;
    const value = list[i + 1] as string;
    if (length !== undefined) throw malformed('content-length comes twice');
    if (!isDigits(value) || value.length > MOST_DIGITS) throw malformed('content-length is no number of bytes');
    length = Number(value);
  }
  return length;
}

/**
 * Counts the bytes of one body, without padding.
 *
 * @example
 * ```ts
 * import { BodyLengthCheck } from 'rxweir/operators';
 * const check = new BodyLengthCheck(5);
 * check.data(5);
 * check.end();
 * ```
 */
export class BodyLengthCheck {
  readonly #declared: number | undefined;
  readonly #bodiless: boolean;
  #received = 0;

  /**
   * @param declared undefined if nothing was declared
   * @param bodiless of a response to HEAD, or 304: it declares what it does not have
   */
  constructor(declared: number | undefined, bodiless = false) {
    this.#declared = declared;
    this.#bodiless = bodiless;
  }

  get received(): number {
    return this.#received;
  }

  /** DATA came. @throws ProtocolError stream `PROTOCOL_ERROR` for more than was declared, or any where none may be */
  data(bytes: number): void {
    this.#received += bytes;
    const most = this.#bodiless ? 0 : (this.#declared ?? Infinity);
    if (this.#received > most) throw malformed(`${this.#received} bytes of body where ${most} were declared`);
  }

  /** The stream ended. @throws ProtocolError stream `PROTOCOL_ERROR` for less than was declared */
  end(): void {
    if (this.#bodiless || this.#declared === undefined || this.#received === this.#declared) return;
    throw malformed(`${this.#received} bytes of body where ${this.#declared} were declared`);
  }
}
