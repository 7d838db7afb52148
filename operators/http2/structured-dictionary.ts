/**
 * Dictionaries of structured fields (RFC 9651 §3.2), read whole: a value that breaks the grammar anywhere has no members.
 * Of the members only integers and booleans are told; the others are read over, and so are parameters.
 */

/** What a member is: an integer, a boolean, or something that is neither. */
export type DictionaryMember = number | boolean | 'other';

/** Reads a dictionary, or returns undefined for a value that is none. */
export function parseDictionary(text: string): ReadonlyMap<string, DictionaryMember> | undefined {
  const reader = new DictionaryReader(text);
  const members = new Map<string, DictionaryMember>();
  return reader.read(members) ? members : undefined;
}

const MOST_DIGITS = 15;
const KEY_FIRST = 'abcdefghijklmnopqrstuvwxyz*';
const DIGITS = '0123456789';
const KEY_REST = `${KEY_FIRST}${DIGITS}_-.`;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TOKEN_REST = `!#$%&'*+-.^_\`|~:/${DIGITS}${LETTERS}`;
const BASE64 = `+/=${DIGITS}${LETTERS}`;

class DictionaryReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(members: Map<string, DictionaryMember>): boolean {
    this.#skip(' ');
    while (this.#more()) {
      const key = this.#key();
      if (key === undefined) return false;
      const member = this.#take('=') ? this.#item() : true;
      if (member === undefined || !this.#parameters()) return false;
      members.delete(key); // the last of a name counts, in its own place
      members.set(key, member);
      this.#skip(' \t');
      if (!this.#more()) return true;
      if (!this.#take(',')) return false;
      this.#skip(' \t');
      if (!this.#more()) return false;
    }
    return true;
  }

  #key(): string | undefined {
    const start = this.#at;
    if (!this.#one(KEY_FIRST)) return undefined;
    this.#skip(KEY_REST);
    return this.#text.slice(start, this.#at);
  }

  #item(): DictionaryMember | undefined {
    return this.#text[this.#at] === '(' ? this.#innerList() : this.#bareItem();
  }

  #innerList(): 'other' | undefined {
    this.#at++;
    for (;;) {
      this.#skip(' ');
      if (this.#take(')')) return 'other';
      if (this.#bareItem() === undefined || !this.#parameters()) return undefined;
      const next = this.#text[this.#at];
      if (next !== ' ' && next !== ')') return undefined;
    }
  }

  #parameters(): boolean {
    while (this.#take(';')) {
      this.#skip(' ');
      if (this.#key() === undefined) return false;
      if (this.#take('=') && this.#bareItem() === undefined) return false;
    }
    return true;
  }

  #bareItem(): DictionaryMember | undefined {
    const first = this.#text[this.#at] ?? '';
    if (first === '"') return this.#string();
    if (first === ':') return this.#bytes();
    if (first === '?') return this.#boolean();
    if (first === '@') return this.#date();
    if (first === '-' || (first !== '' && DIGITS.includes(first))) return this.#number();
    if (!this.#one(`${LETTERS}*`)) return undefined;
    this.#skip(TOKEN_REST);
    return 'other';
  }

  #string(): 'other' | undefined {
    for (this.#at++; this.#more(); this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === '"') {
        this.#at++;
        return 'other';
      }
      if (char < ' ' || char > '~') return undefined;
      if (char === '\\' && !'"\\'.includes(this.#text[++this.#at] ?? ' ')) return undefined;
    }
    return undefined;
  }

  #bytes(): 'other' | undefined {
    this.#at++;
    this.#skip(BASE64);
    return this.#take(':') ? 'other' : undefined;
  }

  #boolean(): boolean | undefined {
    this.#at++;
    if (this.#take('1')) return true;
    return this.#take('0') ? false : undefined;
  }

  #date(): 'other' | undefined {
    this.#at++;
    return typeof this.#number() === 'number' ? 'other' : undefined;
  }

  #number(): number | 'other' | undefined {
    const start = this.#at;
    this.#take('-');
    const whole = this.#skip(DIGITS);
    if (whole === 0 || whole > MOST_DIGITS) return undefined;
    if (this.#take('.')) {
      const fraction = this.#skip(DIGITS);
      return fraction === 0 || fraction > 3 || whole > 12 ? undefined : 'other';
    }
    return Number(this.#text.slice(start, this.#at));
  }

  #more(): boolean {
    return this.#at < this.#text.length;
  }

  /** Moves over characters of a set; how many. */
  #skip(set: string): number {
    const start = this.#at;
    while (this.#more() && set.includes(this.#text[this.#at] as string)) this.#at++;
    return this.#at - start;
  }

  #one(set: string): boolean {
    if (!this.#more() || !set.includes(this.#text[this.#at] as string)) return false;
    this.#at++;
    return true;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}
