import { UsageError } from '../core/protocol-error.js';
import { joinReference, removeDotSegments, splitReference, type UriReference } from './uri-reference.js';

/**
 * The URI a reference stands for, seen from a base (RFC 3986 §5.2), strictly: an empty reference is the base itself, one with
 * nothing but a query keeps the path of the base. Nothing is decoded, encoded or compared; give the result to `URL` for that.
 *
 * @throws `UsageError` `INVALID_URL` for a base without a scheme.
 * @example
 * ```ts
 * import { resolveReference } from 'rxweir/operators';
 * resolveReference('http://a/b/c/d;p?q', '../g?y#s'); // 'http://a/b/g?y#s'
 * ```
 */
export function resolveReference(base: string, reference: string): string {
  const from = splitReference(base);
  if (from.scheme === undefined) throw new UsageError('INVALID_URL', 'the base of a reference is an absolute URI');
  return joinReference(target(from, splitReference(reference)));
}

function target(base: UriReference, to: UriReference): UriReference {
  const { fragment } = to;
  if (to.scheme !== undefined) return { ...to, path: removeDotSegments(to.path) };
  const { scheme } = base;
  if (to.authority !== undefined) return { ...to, scheme, path: removeDotSegments(to.path) };
  const { authority } = base;
  if (to.path === '') return { scheme, authority, path: base.path, query: to.query ?? base.query, fragment };
  const path = removeDotSegments(to.path.startsWith('/') ? to.path : merge(base, to.path));
  return { scheme, authority, path, query: to.query, fragment };
}

/** RFC 3986 §5.2.3. */
function merge({ authority, path }: UriReference, relative: string): string {
  if (authority !== undefined && path === '') return `/${relative}`;
  return path.slice(0, path.lastIndexOf('/') + 1) + relative;
}
