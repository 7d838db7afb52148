/**
 * SHA-1 (RFC 3174 §6.1), for the one thing WebSocket has it for: to show that a server has read the key. It protects nothing.
 *
 * `node:crypto` has it too, and takes a quarter of a mebibyte of heap, which a server of WebSockets would load for nothing else.
 */

/** Words of a block. */
const BLOCK = 16;
const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const words = new Int32Array(80);

/** The hash of a text in Latin-1, twenty bytes. */
export function sha1(text: string): Buffer {
  const blocks = Math.ceil((text.length + 9) / (BLOCK * 4)); // the end of the text takes a byte, its length eight
  const padded = Buffer.alloc(blocks * BLOCK * 4);
  padded.write(text, 'latin1');
  padded[text.length] = 0x80;
  padded.writeUInt32BE(text.length * 8, padded.length - 4);
  const hash = Int32Array.from(START);
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < BLOCK; i++) words[i] = padded.readInt32BE((block * BLOCK + i) * 4);
    addBlock(hash);
  }
  const bytes = Buffer.alloc(20);
  for (let i = 0; i < 5; i++) bytes.writeInt32BE(hash[i] as number, i * 4);
  return bytes;
}

function addBlock(hash: Int32Array): void {
  for (let i = BLOCK; i < 80; i++) words[i] = rotate(word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16), 1);
  let [a, b, c, d, e] = hash as unknown as [number, number, number, number, number];
  for (let i = 0; i < 80; i++) {
    const next = (rotate(a, 5) + mixed(i, b, c, d) + e + word(i)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  const sums = [a, b, c, d, e];
  for (let i = 0; i < 5; i++) hash[i] = (hash[i] as number) + (sums[i] as number);
}

/** The function and the constant of a step. */
function mixed(step: number, b: number, c: number, d: number): number {
  if (step < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function word(i: number): number {
  return words[i] as number;
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
