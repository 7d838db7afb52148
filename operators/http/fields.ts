import { UsageError } from '../core/protocol-error.js';
import { isFieldValue, isToken, trimOws } from './field-syntax.js';

/** One field line. `neverIndex`: HPACK must send it as a never-indexed literal (RFC 7541 §7.1.3). */
export interface Field {
  readonly name: string;
  readonly value: string;
  readonly neverIndex: boolean;
}

/** Anything a list of fields can be built from. Values of an object may be lists: one field line each. */
export type FieldsInit =
  | Fields
  | Headers
  | Iterable<readonly [name: string, value: string] | Field>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Names whose fields are never indexed unless it is said otherwise. */
export const SENSITIVE_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
]);

/**
 * An ordered list of header or trailer fields (RFC 9110 §5). Names are case-insensitive and kept in lower case; a name may
 * occur many times; order is kept.
 *
 * Names and values are checked as they come in: `UsageError` `INVALID_FIELD_NAME` or `INVALID_FIELD_VALUE` (CR, LF, NUL and
 * other control bytes, code units above 255). A value is coerced once, and what was checked is what is written.
 *
 * @example
 * ```ts
 * import { Fields } from 'rxweir';
 * const fields = new Fields({ accept: 'text/html', 'x-tag': ['a', 'b'] });
 * fields.append('X-Tag', 'c');
 * fields.getAll('x-tag'); // ['a', 'b', 'c']
 * ```
 */
export class Fields implements Iterable<Field> {
  /** name, value, name, value, … */
  #list: string[];
  /** Pair indexes whose never-index flag differs from the default of their name. */
  #flagged: Map<number, boolean> | undefined;

  constructor(init?: FieldsInit) {
    this.#list = [];
    if (init !== undefined) this.#fill(init);
  }

  /**
   * Adopts a flat list of names (lower case) and values that were checked by a parser. The list is not copied.
   *
   * @param neverIndexed numbers of the pairs that came as never-indexed, from 0
   */
  static fromParsed(list: string[], neverIndexed?: readonly number[]): Fields {
    const fields = new Fields();
    fields.#list = list;
    if (neverIndexed === undefined) return fields;
    for (const pair of neverIndexed) {
      if (!SENSITIVE_FIELDS.has(list[2 * pair] as string)) (fields.#flagged ??= new Map()).set(pair, true);
    }
    return fields;
  }

  /** `init` itself when it is a `Fields`, else a new list. */
  static from(init: FieldsInit | undefined): Fields {
    return init instanceof Fields ? init : new Fields(init);
  }

  get size(): number {
    return this.#list.length / 2;
  }

  /** Adds a field line at the end. */
  append(name: string, value: string, options?: { neverIndex?: boolean }): this {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    if (options?.neverIndex !== undefined && options.neverIndex !== SENSITIVE_FIELDS.has(key)) {
      (this.#flagged ??= new Map()).set(this.size, options.neverIndex);
    }
    this.#list.push(key, text);
    return this;
  }

  /** Replaces every field of that name by one, in the place of the first; appends if there was none. */
  set(name: string, value: string, options?: { neverIndex?: boolean }): this {
    const key = checkedName(name);
    const text = checkedValue(key, value);
    const at = this.#indexOf(key);
    if (at < 0) return this.append(key, text, options);
    this.#remove(key, at + 2);
    this.#list[at + 1] = text;
    const neverIndex = options?.neverIndex ?? SENSITIVE_FIELDS.has(key);
    if (neverIndex === SENSITIVE_FIELDS.has(key)) this.#flagged?.delete(at / 2);
    else (this.#flagged ??= new Map()).set(at / 2, neverIndex);
    return this;
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    const at = this.#indexOf(name.toLowerCase());
    return at < 0 ? undefined : this.#list[at + 1];
  }

  getAll(name: string): string[] {
    const key = name.toLowerCase();
    const values: string[] = [];
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i] === key) values.push(this.#list[i + 1] as string);
    return values;
  }

  /** The values of that name joined with `, ` (RFC 9110 §5.3), or undefined. Not for `set-cookie`. */
  getCombined(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  has(name: string): boolean {
    return this.#indexOf(name.toLowerCase()) >= 0;
  }

  /** Removes every field of that name; whether there was one. */
  delete(name: string): boolean {
    return this.#remove(name.toLowerCase(), 0);
  }

  /** A list of its own, with the same fields and flags. */
  clone(): Fields {
    const copy = new Fields();
    copy.#list = this.#list.slice();
    if (this.#flagged) copy.#flagged = new Map(this.#flagged);
    return copy;
  }

  /** Sorts in place: pseudo-fields first, then by name, value, never-index flag. */
  sort(): this {
    const sorted = [...this].sort(compareFields);
    this.#list = [];
    this.#flagged = undefined;
    for (const { name, value, neverIndex } of sorted) {
      if (neverIndex !== SENSITIVE_FIELDS.has(name)) (this.#flagged ??= new Map()).set(this.size, neverIndex);
      this.#list.push(name, value);
    }
    return this;
  }

  /** As WHATWG `Headers`; pseudo-fields have no place there and are left out. */
  toHeaders(): Headers {
    const headers = new Headers();
    for (let i = 0; i < this.#list.length; i += 2) {
      const name = this.#list[i] as string;
      if (!name.startsWith(':')) headers.append(name, this.#list[i + 1] as string);
    }
    return headers;
  }

  /** Calls back with each field line in order; the loop of the serializers, without an object per field. */
  forEach(visit: (name: string, value: string, neverIndex: boolean) => void): void {
    for (let i = 0; i < this.#list.length; i += 2) {
      const name = this.#list[i] as string;
      visit(name, this.#list[i + 1] as string, this.#flagged?.get(i / 2) ?? SENSITIVE_FIELDS.has(name));
    }
  }

  *[Symbol.iterator](): IterableIterator<Field> {
    for (let i = 0; i < this.#list.length; i += 2) {
      const name = this.#list[i] as string;
      yield {
        name,
        value: this.#list[i + 1] as string,
        neverIndex: this.#flagged?.get(i / 2) ?? SENSITIVE_FIELDS.has(name),
      };
    }
  }

  /** Field lines as HTTP/1 writes them: `name: value CRLF` each. */
  toLines(): string {
    let lines = '';
    for (let i = 0; i < this.#list.length; i += 2) lines += `${this.#list[i]}: ${this.#list[i + 1]}\r\n`;
    return lines;
  }

  toString(): string {
    return this.toLines();
  }

  #indexOf(key: string): number {
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) if (list[i] === key) return i;
    return -1;
  }

  #remove(key: string, from: number): boolean {
    const kept = this.#list.slice(0, from);
    let flagged: Map<number, boolean> | undefined;
    for (let i = 0; i < this.#list.length; i += 2) {
      if (i >= from && this.#list[i] === key) continue;
      const flag = this.#flagged?.get(i / 2);
      const place = i < from ? i / 2 : kept.length / 2;
      if (flag !== undefined) (flagged ??= new Map()).set(place, flag);
      if (i >= from) kept.push(this.#list[i] as string, this.#list[i + 1] as string);
    }
    const removed = kept.length !== this.#list.length;
    this.#list = kept;
    this.#flagged = flagged;
    return removed;
  }

  #fill(init: FieldsInit): void {
    if (init instanceof Fields) {
      this.#list = init.#list.slice();
      if (init.#flagged) this.#flagged = new Map(init.#flagged);
    } else if (Symbol.iterator in init) {
      for (const each of init as Iterable<readonly [string, string] | Field>) {
        if ('name' in each) this.append(each.name, each.value, each);
        else this.append(each[0], each[1]);
      }
    } else {
      for (const [name, value] of Object.entries(init)) {
        if (value === undefined) continue;
        if (Array.isArray(value)) for (const each of value as string[]) this.append(name, each);
        else this.append(name, value as string);
      }
    }
  }
}

function checkedName(name: string): string {
  const text = String(name);
  if (!isToken(text, text.charCodeAt(0) === 58 ? 1 : 0)) {
    throw new UsageError('INVALID_FIELD_NAME', `not a field name: ${JSON.stringify(text)}`);
  }
  return text.toLowerCase();
}

function checkedValue(name: string, value: unknown): string {
  const text = trimOws(String(value));
  if (!isFieldValue(text)) throw new UsageError('INVALID_FIELD_VALUE', `not a field value, for ${name}`);
  return text;
}

function compareFields(a: Field, b: Field): number {
  const pseudo = Number(b.name.startsWith(':')) - Number(a.name.startsWith(':'));
  if (pseudo !== 0) return pseudo;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return Number(a.neverIndex) - Number(b.neverIndex);
}
