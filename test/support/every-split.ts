/** The ways to cut bytes that a reader must not notice: whole, byte by byte, and in two at every place. */
export function* splits(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

/** The same bytes cut at random places; the same seed cuts the same way. Chunks are 1 to `most` bytes long. */
export function randomCuts(bytes: Uint8Array, seed: number, most = 16): Uint8Array[] {
  const random = mulberry32(seed);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + Math.floor(random() * most));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

/** A small generator of pseudo-random numbers in [0, 1): 32 bits of state, set by the seed. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
