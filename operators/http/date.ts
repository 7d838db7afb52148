/** IMF-fixdate, the one format HTTP dates are written in (RFC 9110 §5.6.7). */

/** Formats milliseconds since the epoch, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function formatHttpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}
