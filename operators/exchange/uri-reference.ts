/** URI references (RFC 3986 §4.1) taken apart and put together, character by character; nothing is normalised. */

/** The five components; undefined is not there, which is something else than empty. */
export interface UriReference {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

/** RFC 3986 §3, appendix B. Every text is a reference by this; what its characters are is not looked at. */
export function splitReference(text: string): UriReference {
  const hash = text.indexOf('#');
  const withoutFragment = hash < 0 ? text : text.slice(0, hash);
  const mark = withoutFragment.indexOf('?');
  const hierarchy = mark < 0 ? withoutFragment : withoutFragment.slice(0, mark);
  const colon = schemeEnd(hierarchy);
  let path = colon < 0 ? hierarchy : hierarchy.slice(colon + 1);
  let authority: string | undefined;
  if (path.startsWith('//')) {
    const slash = path.indexOf('/', 2);
    authority = slash < 0 ? path.slice(2) : path.slice(2, slash);
    path = slash < 0 ? '' : path.slice(slash);
  }
  return {
    scheme: colon < 0 ? undefined : hierarchy.slice(0, colon).toLowerCase(),
    authority,
    path,
    query: mark < 0 ? undefined : withoutFragment.slice(mark + 1),
    fragment: hash < 0 ? undefined : text.slice(hash + 1),
  };
}

/** RFC 3986 §5.3. */
export function joinReference({ scheme, authority, path, query, fragment }: UriReference): string {
  let text = scheme === undefined ? '' : `${scheme}:`;
  if (authority !== undefined) text += `//${authority}`;
  text += path;
  if (query !== undefined) text += `?${query}`;
  return fragment === undefined ? text : `${text}#${fragment}`;
}

/** RFC 3986 §5.2.4: `.` goes, `..` takes the segment before it along, and never more than there is. */
export function removeDotSegments(path: string): string {
  const rooted = path.startsWith('/');
  const segments = (rooted ? path.slice(1) : path).split('/');
  const last = segments.length - 1;
  const kept: string[] = [];
  segments.forEach((segment, i) => {
    const dots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!dots) kept.push(segment);
    else if (i === last) kept.push('');
  });
  return (rooted ? '/' : '') + kept.join('/');
}

/** Where the scheme ends, or -1 where the text does not begin with one and a colon. */
function schemeEnd(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) return i > 0 ? i : -1;
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const other = (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
    if (!letter && (i === 0 || !other)) return -1;
  }
  return -1;
}
