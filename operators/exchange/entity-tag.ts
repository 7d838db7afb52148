/** Entity tags (RFC 9110 §8.8.3), read character by character. */

export interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/** One entity tag and nothing else. */
export function parseEntityTag(text: string): EntityTag | undefined {
  const end = tagEnd(text, 0);
  return end === text.length && end > 0 ? tagAt(text, 0, end) : undefined;
}

/** A list as in If-Match: its tags, `'*'`, or undefined for what is neither. */
export function parseEntityTags(text: string): readonly EntityTag[] | '*' | undefined {
  if (text.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && ' \t,'.includes(text[at] as string)) at++;
    if (at === text.length) return tags.length > 0 ? tags : undefined;
    const end = tagEnd(text, at);
    if (end < 0) return undefined;
    tags.push(tagAt(text, at, end));
    at = end;
    while (at < text.length && ' \t'.includes(text[at] as string)) at++;
    if (at < text.length && text[at] !== ',') return undefined;
  }
}

/** Byte for byte the same, as far as tags can tell (RFC 9110 §8.8.3.2). */
export function matchesStrongly(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

export function matchesWeakly(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

function tagAt(text: string, at: number, end: number): EntityTag {
  const weak = text[at] === 'W';
  return { weak, opaque: text.slice(weak ? at + 2 : at, end) };
}

/** Where the tag that begins at `at` ends, or -1 if none does. */
function tagEnd(text: string, at: number): number {
  let i = text.startsWith('W/', at) ? at + 2 : at;
  if (text[i] !== '"') return -1;
  for (i++; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code < 0x21 || code === 0x7f) return -1;
  }
  return -1;
}
