/**
 * Masking sixteen bytes at a time, for large payloads: a WebAssembly function of one loop, made here byte by byte. With
 * the copy into its memory and out again it is three times as fast as 32-bit words in JavaScript; below 2 KiB it is not.
 */

/** What the function can be given at a time: its memory, one page. Bytes. */
const WINDOW = 65_536;

interface Kernel {
  readonly memory: Uint8Array;
  /** XORs the first `length` bytes, rounded up to 64, with the mask. */
  readonly mask: (length: number, mask: number) => void;
}

const V128 = 0x7b;
const I32 = 0x7f;
const ADD = 0x6a;
const LESS = 0x49;
const get = (local: number): number[] => [0x20, local];
const simd = (instruction: number, ...operands: number[]): number[] => [0xfd, instruction, ...operands];

/** Sixteen bytes at `at` behind the offset: v128.load, v128.xor, v128.store. */
const step = (at: number): number[] =>
  [get(2), get(2), simd(0x00, 4, at), get(3), simd(0x51), simd(0x0b, 4, at)].flat();
/** Locals: 0 length, 1 mask, 2 offset, 3 the mask sixteen bytes wide. */
const CODE = [
  [2, 1, I32, 1, V128], // the locals 2 and 3
  [get(1), simd(0x11), [0x21, 3]].flat(), // i32x4.splat
  [0x03, 0x40], // loop
  [0, 16, 32, 48].flatMap(step),
  [get(2), [0x41, 0xc0, 0, ADD, 0x22, 2], get(0), [LESS, 0x0d, 0]].flat(), // offset += 64; again while it is less
  [0x0b, 0x0b],
].flat();
const MODULE = [
  [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  [1, 6, 1, 0x60, 2, I32, I32, 0], // type: (i32, i32) -> ()
  [3, 2, 1, 0], // one function of it
  [5, 3, 1, 0, 1], // one page of memory
  [7, 9, 2, 1, 0x6d, 2, 0, 1, 0x66, 0, 0], // exported as m and f
  [10, CODE.length + 2, 1, CODE.length],
  CODE,
].flat();

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> };
}

/** undefined until it is asked for, null where there is none. */
let kernel: Kernel | null | undefined;

function load(): Kernel | null {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi };
  if (WebAssembly === undefined) return null;
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(MODULE)));
    const { buffer } = exports['m'] as { buffer: ArrayBuffer };
    return { memory: new Uint8Array(buffer), mask: exports['f'] as Kernel['mask'] };
  } catch {
    return null; // a machine or a policy without it
  }
}

/** Whether this process can mask so. */
export function hasSimdMask(): boolean {
  kernel ??= load();
  return kernel !== null;
}

/** Copies bytes to `at` of the target, masked; there must be room. Source and target may be one. */
export function simdMask(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  mask: number,
): void {
  const { memory, mask: run } = kernel as Kernel;
  for (let from = start, to = at; from < end; from += WINDOW, to += WINDOW) {
    const length = Math.min(WINDOW, end - from);
    memory.set(source.subarray(from, from + length));
    run(length, mask);
    target.set(length === WINDOW ? memory : memory.subarray(0, length), to);
  }
}
