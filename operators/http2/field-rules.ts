/**
 * What holds for every decoded header list (RFC 9113 §8.1, §8.2): checked line by line, refused, never repaired.
 *
 * A list is flat, as the decoder leaves it: name, value, name, value, each one code unit per byte.
 */
import { isFieldValue, isToken } from '../http/field-syntax.js';
import type { ProtocolError } from '../core/protocol-error.js';
import { streamError } from './http2-error.js';

/** Names and values in turn. */
export type FieldList = readonly string[];

const CONNECTION_SPECIFIC = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const COLON = 0x3a;

/** A message is malformed (RFC 9113 §8.1.1): its stream ends with `PROTOCOL_ERROR`. */
export function malformed(message: string): ProtocolError {
  return streamError('PROTOCOL_ERROR', message);
}

/**
 * Checks every line of a list; pseudo-fields are given to `pseudo`, which keeps or refuses them.
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR`: a name that is empty, no token or has upper case; a value with a control
 *   byte or blanks around it; a field that belongs to one connection; `te` other than `trailers`; a pseudo-field behind a
 *   field
 */
export function checkFields(list: FieldList, pseudo: (name: string, value: string) => void): void {
  let behindFields = false;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    const value = list[i + 1] as string;
    checkValue(name, value);
    if (name.charCodeAt(0) === COLON) {
      if (behindFields) throw malformed(`pseudo-field ${shown(name)} behind a field`);
      pseudo(name, value);
    } else {
      behindFields = true;
      checkName(name);
      if (CONNECTION_SPECIFIC.has(name)) throw malformed(`field ${name} belongs to one connection`);
      if (name === 'te' && value !== 'trailers') throw malformed('te is anything but trailers');
    }
  }
}

/**
 * Checks a trailer section: {@link checkFields}, and no pseudo-fields. It must end its stream.
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR`
 */
export function checkTrailers(list: FieldList, endStream: boolean): void {
  if (!endStream) throw malformed('a trailer section that does not end its stream');
  checkFields(list, (name) => {
    throw malformed(`pseudo-field ${shown(name)} in a trailer section`);
  });
}

/** A `checkFields` visitor's record: each known pseudo-field at most once. */
export class PseudoFields {
  readonly #known: ReadonlySet<string>;
  readonly #values = new Map<string, string>();

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws ProtocolError stream `PROTOCOL_ERROR` for one that is unknown here or comes twice */
  readonly visit = (name: string, value: string): void => {
    if (!this.#known.has(name)) throw malformed(`pseudo-field ${shown(name)} is unknown here`);
    if (this.#values.has(name)) throw malformed(`pseudo-field ${name} comes twice`);
    this.#values.set(name, value);
  };
}

/** The value of the first field of that name; fields only. */
export function fieldOf(list: FieldList, name: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

/** A name that a peer sent, as it may stand in a message for people. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function checkName(name: string): void {
  if (!isToken(name)) throw malformed(`not a field name: ${shown(name)}`);
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) throw malformed(`upper case in the field name ${shown(name)}`);
  }
}

function checkValue(name: string, value: string): void {
  if (!isFieldValue(value)) throw malformed(`a control byte in the value of ${shown(name)}`);
  if (value !== '' && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)))) {
    throw malformed(`blanks around the value of ${shown(name)}`);
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
