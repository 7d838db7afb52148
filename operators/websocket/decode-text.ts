import { isAscii, isUtf8 } from 'node:buffer';
import { utf8Error } from './websocket-error.js';

type Slice = (start: number, end: number) => string;
/** Node's own, for views that are no Buffer too. */
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Readonly<Record<'latin1Slice' | 'utf8Slice', Slice>>;

/** From here on it is worth asking whether text is ASCII: it is then decoded up to five times as fast. Bytes. */
const LONG = 1024;

/** Bytes that are known to be UTF-8, as a string. A byte order mark is kept. */
export function decodeValidText(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return '';
  const ascii = end - start >= LONG && isAscii(bytes.subarray(start, end));
  return (ascii ? latin1Slice : utf8Slice).call(bytes, start, end);
}

/** The text of a whole message. @throws ProtocolError `INVALID_UTF8` */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const whole = start === 0 && end === bytes.length;
  if (!isUtf8(whole ? bytes : bytes.subarray(start, end))) throw utf8Error('a text message');
  return decodeValidText(bytes, start, end);
}
