/**
 * The grammar of Sec-WebSocket-Extensions (RFC 6455 §9.1), by a scanner that looks at each character once.
 */
import { isToken, isTokenByte } from '../http/field-syntax.js';

/** One extension of a list, with its parameters in order; a parameter without a value has undefined. */
export interface WebSocketExtension {
  readonly name: string;
  readonly params: readonly (readonly [name: string, value: string | undefined])[];
}

/** Extensions in one list, and parameters of one extension, at most: more is malformed here. */
const MOST = 32;

/**
 * The extensions of a field value, or undefined where it is malformed. A quoted value must be a token once it is unquoted.
 *
 * @example
 * ```ts
 * import { parseWebSocketExtensions } from 'rxweir/operators';
 * parseWebSocketExtensions('permessage-deflate; client_max_window_bits, x');
 * // [{ name: 'permessage-deflate', params: [['client_max_window_bits', undefined]] }, { name: 'x', params: [] }]
 * ```
 */
export function parseWebSocketExtensions(value: string): WebSocketExtension[] | undefined {
  const scanner = new Scanner(value);
  const extensions: WebSocketExtension[] = [];
  do {
    scanner.skipSpace();
    if (scanner.atEnd || scanner.sees(',')) continue; // an empty element, as lists may have
    const name = scanner.token();
    if (name === '') return undefined;
    const params: [string, string | undefined][] = [];
    scanner.skipSpace();
    while (scanner.take(';')) {
      const param = readParam(scanner);
      if (param === undefined || params.length === MOST) return undefined;
      params.push(param);
      scanner.skipSpace();
    }
    if (extensions.length === MOST) return undefined;
    extensions.push({ name, params });
  } while (scanner.take(','));
  return scanner.atEnd ? extensions : undefined;
}

function readParam(scanner: Scanner): [string, string | undefined] | undefined {
  scanner.skipSpace();
  const name = scanner.token();
  if (name === '') return undefined;
  scanner.skipSpace();
  if (!scanner.take('=')) return [name, undefined];
  scanner.skipSpace();
  const value = scanner.take('"') ? scanner.quoted() : scanner.token();
  return isToken(value) ? [name, value] : undefined;
}

/** An extension as it is written. */
export function formatWebSocketExtension({ name, params }: WebSocketExtension): string {
  return [name, ...params.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join('; ');
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  sees(char: string): boolean {
    return this.#text[this.#at] === char;
  }

  take(char: string): boolean {
    if (!this.sees(char)) return false;
    this.#at++;
    return true;
  }

  skipSpace(): void {
    while (this.sees(' ') || this.sees('\t')) this.#at++;
  }

  /** The token here, or ''. */
  token(): string {
    const start = this.#at;
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at);
      if (code > 127 || !isTokenByte(code)) break;
      this.#at++;
    }
    return this.#text.slice(start, this.#at);
  }

  /** What is inside the quotes, behind the first one; '' where the second is missing. */
  quoted(): string {
    let value = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++] as string;
      if (char === '"') return value;
      if (char === '\\') value += this.#text[this.#at++] ?? '';
      else value += char;
    }
    return '';
  }
}
