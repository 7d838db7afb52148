import { largeBuffer } from '../core/large-buffer.js';

/** What is kept for frames to come, by all connections of the process. Bytes. */
const MOST = 4_194_304;

const spare: Buffer[] = [];
let bytes = 0;

/** Memory for a frame, used before where there is some that fits; not more than twice as long. */
export function takeFrameMemory(length: number): Buffer {
  for (let i = spare.length - 1; i >= 0; i--) {
    const buffer = spare[i] as Buffer;
    if (buffer.length < length || buffer.length > 2 * length) continue;
    const last = spare.pop() as Buffer;
    if (last !== buffer) spare[i] = last;
    bytes -= buffer.length;
    return buffer;
  }
  return largeBuffer(length);
}

/** Gives memory back that nobody reads any more. */
export function giveFrameMemory(buffer: Buffer): void {
  if (buffer.length > MOST) return;
  while (bytes + buffer.length > MOST) bytes -= (spare.shift() as Buffer).length;
  spare.push(buffer);
  bytes += buffer.length;
}

/** Bytes that are kept for frames to come. */
export function spareFrameMemory(): number {
  return bytes;
}
