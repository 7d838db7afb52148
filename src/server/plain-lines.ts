import { UsageError } from '../../operators/core/protocol-error.js';
import { isFieldValue, isToken, trimOws } from '../../operators/http/field-syntax.js';
import type { FieldsInit } from '../../operators/http/fields.js';

/** What {@link plainLines} saw, as bits. */
export const HAS_DATE = 1;
export const HAS_CONTENT_TYPE = 2;

/** Field lines of a plain object, and which of the noticed names are among them. */
export interface PlainLines {
  readonly lines: string;
  readonly has: number;
}

interface Name {
  /** `name: ` */
  readonly start: string;
  readonly has: number;
  /** Its value is not for us to write: it frames the message or the connection. */
  readonly framing: boolean;
  /** The last value and its line: handlers write the same ones again and again. */
  value: string | undefined;
  line: string;
}

/** Names as the program writes them; a program that makes names up does not fill the memory. */
const names = new Map<string, Name>();
const MOST_NAMES = 512;
const MOST_KEPT = 256;
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'keep-alive',
  'proxy-connection',
]);

const NOTHING: PlainLines = { lines: '', has: 0 };
/** The last object that had no lists nor long values, name by name. */
let last = NOTHING;
let lastNames: Name[] = [];
let lastValues: unknown[] = [];

/**
 * The field lines of `fields` where that is a plain object without framing fields, checked while they are put together;
 * else undefined. The same fields as the last time give the same result object.
 *
 * @throws `UsageError` as `Fields` does.
 */
export function plainLines(fields: FieldsInit | undefined): PlainLines | undefined {
  if (fields === undefined) return NOTHING;
  if (Object.getPrototypeOf(fields) !== Object.prototype || Symbol.iterator in fields) return undefined;
  const keys = Object.keys(fields);
  return sameAsLast(keys, fields as Record<string, unknown>) ? last : compose(keys, fields as Record<string, unknown>);
}

function sameAsLast(keys: readonly string[], fields: Record<string, unknown>): boolean {
  const { length } = keys;
  if (length !== lastNames.length) return false;
  for (let i = 0; i < length; i++) {
    const key = keys[i] as string;
    const value = fields[key];
    if (value !== lastValues[i] || typeof value !== 'string' || names.get(key) !== lastNames[i]) return false;
  }
  return length > 0;
}

function compose(keys: readonly string[], fields: Record<string, unknown>): PlainLines | undefined {
  const seen: Name[] = [];
  const values: unknown[] = [];
  let lines = '';
  let has = 0;
  for (const key of keys) {
    const value = fields[key];
    if (value === undefined) continue;
    const name = names.get(key) ?? learn(key);
    if (name.framing) return undefined;
    has |= name.has;
    seen.push(name);
    values.push(value);
    if (value === name.value) lines += name.line;
    else if (Array.isArray(value)) for (const one of value) lines += lineOf(name, one);
    else lines += lineOf(name, value);
  }
  const composed = { lines, has };
  if (lines.length <= MOST_KEPT && seen.length === keys.length) {
    last = composed;
    lastNames = seen;
    lastValues = values;
  }
  return composed;
}

function lineOf(name: Name, value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  const trimmed = trimOws(text);
  if (!isFieldValue(trimmed)) {
    throw new UsageError('INVALID_FIELD_VALUE', `not a field value, for ${name.start.trim()}`);
  }
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
  const name: Name = { start: `${lower}: `, has, framing: FRAMING.has(lower), value: undefined, line: '' };
  if (names.size < MOST_NAMES) names.set(key, name);
  return name;
}
