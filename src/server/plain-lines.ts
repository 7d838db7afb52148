import { UsageError } from '../../operators/core/protocol-error.js';
import { isFieldValue, isToken, trimOws } from '../../operators/http/field-syntax.js';
import type { FieldsInit } from '../../operators/http/fields.js';

/** What {@link plainLines} saw, as bits. */
export const HAS_DATE = 1;
export const HAS_CONTENT_TYPE = 2;

/** Field lines of a plain object, and which of the noticed names are among them. */
export interface PlainLines {
  lines: string;
  has: number;
}

interface Name {
  /** `name: ` */
  readonly start: string;
  readonly has: number;
  /** Its value is not for us to write: it frames the message or the connection. */
  readonly framing: boolean;
  /** Handlers write the same values again and again. */
  value: string;
  line: string;
}

/** Names as the program writes them; a program that makes names up does not fill the memory. */
const names = new Map<string, Name>();
const MOST_NAMES = 512;
const MOST_KEPT = 256;
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'upgrade', 'keep-alive']);

const result: PlainLines = { lines: '', has: 0 };

/**
 * The field lines of `fields` where that is a plain object without framing fields, checked while they are put together;
 * else undefined. The object returned is used again by the next call.
 *
 * @throws `UsageError` as `Fields` does.
 */
export function plainLines(fields: FieldsInit | undefined): PlainLines | undefined {
  result.has = 0;
  result.lines = '';
  if (fields === undefined) return result;
  if (Object.getPrototypeOf(fields) !== Object.prototype || Symbol.iterator in fields) return undefined;
  let lines = '';
  for (const key of Object.keys(fields)) {
    const value: unknown = (fields as Record<string, unknown>)[key];
    if (value === undefined) continue;
    const name = names.get(key) ?? learn(key);
    if (name.framing) return undefined;
    result.has |= name.has;
    if (value === name.value) lines += name.line;
    else if (Array.isArray(value)) for (const one of value) lines += lineOf(name, one);
    else lines += lineOf(name, value);
  }
  result.lines = lines;
  return result;
}

function lineOf(name: Name, value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  const trimmed = trimOws(text);
  if (!isFieldValue(trimmed))
    throw new UsageError('INVALID_FIELD_VALUE', `not a field value, for ${name.start.trim()}`);
  const line = `${name.start}${trimmed}\r\n`;
  if (text.length <= MOST_KEPT) {
    name.value = text;
    name.line = line;
  }
  return line;
}

function learn(key: string): Name {
  if (!isToken(key)) throw new UsageError('INVALID_FIELD_NAME', `not a field name: ${JSON.stringify(key)}`);
  const lower = key.toLowerCase();
  const has = lower === 'date' ? HAS_DATE : lower === 'content-type' ? HAS_CONTENT_TYPE : 0;
  const name: Name = { start: `${lower}: `, has, framing: FRAMING.has(lower), value: '\n', line: '' };
  if (names.size < MOST_NAMES) names.set(key, name);
  return name;
}
