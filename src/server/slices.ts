/** Larger bodies go in slices of this, as the client takes them. Bytes. */
const SLICE = 65_536;

/** Views of the bytes, one after the other. */
export function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}
