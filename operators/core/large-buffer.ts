/** From here on a buffer is large: as much as a socket reads at a time is made of it. Bytes. */
const LARGE = 32_768;
/** The most whose release glibc takes as a sign is 32 MiB with what it adds. Bytes. */
const SIGN = 31 * 1_048_576;

let shown = false;

/** Memory that is not zeroed, of its own and never pooled. */
export function largeBuffer(length: number): Buffer {
  if (length >= LARGE) expectLarge();
  return Buffer.allocUnsafeSlow(length);
}

/**
 * Large buffers will come and go, whoever makes them.
 *
 * V8 frees buffers by the dozen, 32 MiB at once. The allocator of glibc gives what is free at the end of its heap back to the system when
 * that is more than 128 KiB, and each page of the next buffers is a fault then. It learns, though: once a block as large as this has
 * been freed, it keeps up to twice that. So the first large buffer of a process comes with such a block, which nobody touches,
 * and which therefore takes no memory.
 */
export function expectLarge(): void {
  if (shown) return;
  shown = true;
  try {
    Buffer.allocUnsafeSlow(SIGN);
  } catch {
    // no such address space: then without
  }
}
