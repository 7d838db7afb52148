/** Frames by hand, apart from the code under test: what a case sends, and what its peer hears. */
import { createHash } from 'node:crypto';

export const OP = { CONT: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export interface Frame {
  readonly op: number;
  readonly payload: Buffer;
  readonly fin: boolean;
  /** The reserved bits: 4 is RSV1. */
  readonly rsv: number;
}

const bytes = (payload: string | Uint8Array): Buffer =>
  typeof payload === 'string' ? Buffer.from(payload, 'utf8') : Buffer.from(payload);

export const frame = (op: number, payload: string | Uint8Array = '', fin = true, rsv = 0): Frame => ({
  op,
  payload: bytes(payload),
  fin,
  rsv,
});
export const text = (payload: string | Uint8Array = '', fin = true): Frame => frame(OP.TEXT, payload, fin);
export const binary = (payload: string | Uint8Array = '', fin = true): Frame => frame(OP.BINARY, payload, fin);
export const more = (payload: string | Uint8Array = '', fin = false): Frame => frame(OP.CONT, payload, fin);
export const ping = (payload: string | Uint8Array = '', fin = true): Frame => frame(OP.PING, payload, fin);
export const pong = (payload: string | Uint8Array = '', fin = true): Frame => frame(OP.PONG, payload, fin);
export const hex = (digits: string): Buffer => Buffer.from(digits.replace(/ /g, ''), 'hex');

export function close(code?: number, reason: string | Uint8Array = ''): Frame {
  if (code === undefined) return frame(OP.CLOSE);
  return frame(OP.CLOSE, Buffer.concat([Buffer.of(code >>> 8, code & 0xff), bytes(reason)]));
}

const KEY = Buffer.of(0x37, 0xfa, 0x21, 0x3d);

/** @param masked as a client has to */
export function encode({ op, payload, fin, rsv }: Frame, masked: boolean): Buffer {
  const { length } = payload;
  const bit = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | op;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = bit | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  else if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([header, payload]);
  const masking = Buffer.from(payload);
  unmask(masking, KEY);
  return Buffer.concat([header, KEY, masking]);
}

/** Reads frames; those of a client have to be masked, those of a server not. */
export class FrameReader {
  readonly #masked: boolean;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes without which there is no use in looking. */
  #wanted = 2;

  constructor(masked: boolean) {
    this.#masked = masked;
  }

  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let found = this.#next(); found !== undefined; found = this.#next()) yield found;
  }

  #next(): Frame | undefined {
    if (this.#length < this.#wanted) return undefined;
    const data = Buffer.concat(this.#chunks);
    this.#chunks = [data];
    const [first, second] = data as unknown as [number, number];
    if (second >= 0x80 !== this.#masked) throw new Error(this.#masked ? 'a frame is not masked' : 'a frame is masked');
    const short = second & 0x7f;
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const at = 2 + extended + (this.#masked ? 4 : 0);
    if (data.length < (this.#wanted = at)) return undefined;
    const length = extended === 8 ? Number(data.readBigUInt64BE(2)) : extended === 2 ? data.readUInt16BE(2) : short;
    if (data.length < (this.#wanted = at + length)) return undefined;
    this.#chunks = [data.subarray(at + length)];
    this.#length = data.length - at - length;
    this.#wanted = 2;
    const payload = Buffer.from(data.subarray(at, at + length));
    if (this.#masked) unmask(payload, data.subarray(at - 4, at));
    return { op: first & 0xf, payload, fin: first >= 0x80, rsv: (first >>> 4) & 7 };
  }
}

function unmask(payload: Buffer, key: Buffer): void {
  const [a, b, c, d] = key as unknown as [number, number, number, number];
  const word = a | (b << 8) | (c << 16) | (d << 24);
  let at = 0;
  for (; at + 4 <= payload.length; at += 4) payload.writeInt32LE(payload.readInt32LE(at) ^ word, at);
  for (; at < payload.length; at++) payload[at] = (payload[at] as number) ^ (key[at & 3] as number);
}

/** A frame in a line: a Close frame by its code alone, what is long by its length and digest. */
export function show({ op, payload, fin, rsv }: Frame): string {
  const name = Object.entries(OP).find(([, code]) => code === op)?.[0] ?? `opcode ${op}`;
  const marks = `${fin ? '' : ' more'}${rsv === 0 ? '' : ` rsv ${rsv}`}`;
  if (op === OP.CLOSE) return payload.length < 2 ? 'CLOSE' : `CLOSE ${payload.readUInt16BE()}`;
  if (payload.length <= 32) return `${name}${marks} ${payload.toString('hex')}`.trimEnd();
  return `${name}${marks} ${payload.length} bytes ${createHash('sha1').update(payload).digest('hex').slice(0, 12)}`;
}

/** Bytes cut into pieces of a size. */
export function chopped(data: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += size) pieces.push(data.subarray(at, at + size));
  return pieces;
}
