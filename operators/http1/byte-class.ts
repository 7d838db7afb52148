/** Tables by byte for the loops of the readers, so that a byte costs one load and one test. */
import { isTokenByte, isValueByte } from '../http/field-syntax.js';

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

/** A tchar in lower case; 0 for every other byte. */
export const TOKEN_LOWER = new Uint8Array(256);
/** 1 for field-vchar, SP and HTAB. */
export const FIELD_VALUE = new Uint8Array(256);
/** 1 for the bytes of a request target: visible ASCII, without `#`, since a target has no fragment. */
export const TARGET = new Uint8Array(256);
/** Value of a hexadecimal digit; 255 for every other byte. */
export const HEX_VALUE = new Uint8Array(256).fill(255);

for (let byte = 0; byte < 256; byte++) {
  if (isTokenByte(byte)) TOKEN_LOWER[byte] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  if (isValueByte(byte)) FIELD_VALUE[byte] = 1;
  if (byte > 0x20 && byte < 0x7f && byte !== 0x23) TARGET[byte] = 1;
}
for (let digit = 0; digit < 16; digit++) {
  const char = digit.toString(16);
  HEX_VALUE[char.charCodeAt(0)] = digit;
  HEX_VALUE[char.toUpperCase().charCodeAt(0)] = digit;
}

interface NativeSlices {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
}

/** Node's native slice: works on every Uint8Array, and makes one string of one byte a character. */
const { latin1Slice } = Buffer.prototype as unknown as NativeSlices;

/** The bytes from `start` to `end` as a string, one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}
