/**
 * What enters an encoder's dynamic table.
 *
 * A field that will hardly come again as it is only pushes others out. Not indexed, therefore, are the names below, a path with
 * a query, and what would take more than three quarters of the table. `date` does enter: a busy server sends the same one
 * for a second. Sensitive fields are not asked about; they never do (RFC 7541 §7.1.3).
 */

const ONE_OFF: ReadonlySet<string> = new Set([
  'age',
  'content-length',
  'content-range',
  'etag',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'range',
]);

/** @param size what it would take in the table. Bytes. */
export function isWorthIndexing(name: string, value: string, size: number, capacity: number): boolean {
  if (size > capacity * 0.75) return false;
  if (name === ':path') return !value.includes('?');
  return !ONE_OFF.has(name);
}
