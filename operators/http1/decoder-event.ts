/** What one step of a decoder gave. Small integers, since every chunk of every body comes with one. */

/** More input is needed. */
export const NEED_DATA = 0;
/** A head was read: `head`, `framing` and what follows from them. */
export const HEAD = 1;
/** Bytes of a body: `chunk`, `chunkExtension`. */
export const DATA = 2;
/** A message is over: `trailers`. */
export const END = 3;
/** No message follows: the input ended between two, or the last one closes the connection. */
export const CLOSED = 4;
