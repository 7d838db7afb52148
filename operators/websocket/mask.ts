/**
 * Masking (RFC 6455 §5.3): each byte of a payload XOR one of the four of the key. Doing it twice undoes it.
 *
 * Short payloads go byte by byte, longer ones by 32-bit words, unrolled, and long ones sixteen bytes at a time. A payload
 * may begin and go on at any offset: `phase` says how many of its bytes came before.
 */
import { hasSimdMask, simdMask } from './simd-mask.js';

/** From here on by words: below, the view of words costs more than it saves. Bytes. */
const BY_WORDS = 48;
/** From here on sixteen bytes at a time. Bytes. */
const BY_SIMD = 2048;

/** The key as it applies `phase` bytes into the payload. */
export function rotateMask(mask: number, phase: number): number {
  const bits = (phase & 3) << 3;
  return bits === 0 ? mask : (mask >>> bits) | (mask << (32 - bits));
}

/** Masks or unmasks bytes `start` to `end` where they are. @param phase bytes of the payload before `start` */
export function maskInPlace(bytes: Uint8Array, start: number, end: number, mask: number, phase = 0): void {
  const key = rotateMask(mask, phase);
  if (end - start >= BY_SIMD && hasSimdMask()) simdMask(bytes, start, end, bytes, start, key);
  else if (end - start >= BY_WORDS) maskWords(bytes, start, end, key);
  else maskBytes(bytes, start, end, key);
}

/** Copies bytes `start` to `end` to `at` of the target, masked or unmasked; there must be room. */
export function maskInto(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  mask: number,
  phase = 0,
): void {
  const key = rotateMask(mask, phase);
  if (end - start >= BY_SIMD && hasSimdMask()) simdMask(source, start, end, target, at, key);
  else {
    target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    if (end - start >= BY_WORDS) maskWords(target, at, at + end - start, key);
    else maskBytes(target, at, at + end - start, key);
  }
}

/**
 * Unmasks a short payload where it is; whether all of it is ASCII. One pass for two answers: the text fast path.
 *
 * @param mask of phase 0
 */
export function unmaskAscii(bytes: Uint8Array, start: number, end: number, mask: number): boolean {
  const key0 = mask & 0xff;
  const key1 = (mask >>> 8) & 0xff;
  const key2 = (mask >>> 16) & 0xff;
  const key3 = mask >>> 24;
  let bits = 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    bits |= bytes[at] = (bytes[at] as number) ^ key0;
    bits |= bytes[at + 1] = (bytes[at + 1] as number) ^ key1;
    bits |= bytes[at + 2] = (bytes[at + 2] as number) ^ key2;
    bits |= bytes[at + 3] = (bytes[at + 3] as number) ^ key3;
  }
  for (let key = mask; at < end; at++, key >>>= 8) bits |= bytes[at] = (bytes[at] as number) ^ (key & 0xff);
  return bits < 0x80;
}

function maskBytes(bytes: Uint8Array, start: number, end: number, mask: number): void {
  for (let at = start, key = mask; at < end; at++) {
    bytes[at] = (bytes[at] as number) ^ key;
    key = (key >>> 8) | (key << 24);
  }
}

/** By words, from the first byte that lies at a word's start in memory. */
export function maskWords(bytes: Uint8Array, start: number, end: number, mask: number): void {
  const begin = start + (-(bytes.byteOffset + start) & 3);
  if (begin >= end) return maskBytes(bytes, start, end, mask);
  maskBytes(bytes, start, begin, mask);
  const key = rotateMask(mask, begin - start);
  const count = (end - begin) >>> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + begin, count);
  let i = 0;
  for (const last = count - 7; i < last; i += 8) {
    words[i] = (words[i] as number) ^ key;
    words[i + 1] = (words[i + 1] as number) ^ key;
    words[i + 2] = (words[i + 2] as number) ^ key;
    words[i + 3] = (words[i + 3] as number) ^ key;
    words[i + 4] = (words[i + 4] as number) ^ key;
    words[i + 5] = (words[i + 5] as number) ^ key;
    words[i + 6] = (words[i + 6] as number) ^ key;
    words[i + 7] = (words[i + 7] as number) ^ key;
  }
  for (; i < count; i++) words[i] = (words[i] as number) ^ key;
  maskBytes(bytes, begin + (count << 2), end, key);
}
