/** From the path of a request to a path below a folder, or to why not. */

/** What `resolveFilePath` makes of a request. */
export interface FilePath {
  /** Names below the root, decoded; empty for the root itself. */
  readonly names: readonly string[];
  /** It ends with a slash: a folder is asked for. */
  readonly folder: boolean;
}

/**
 * The names a request path is made of. Nothing is repaired: 400 for what no path of a file can be (a dot segment, an encoded slash, a
 * backslash, NUL, a percent sign that begins no octet), 404 for what is not there to be seen (an empty name, a hidden one).
 *
 * @param path without its query, beginning with a slash
 * @param dotFiles names that begin with a dot are seen; `.well-known` (RFC 8615) always is, at the top
 */
export function resolveFilePath(path: string, dotFiles: boolean): FilePath | 400 | 404 {
  const raw = path.slice(1).split('/');
  const folder = raw[raw.length - 1] === '';
  if (folder) raw.pop();
  const names: string[] = [];
  let hidden = false;
  for (const segment of raw) {
    let name: string;
    try {
      name = decodeURIComponent(segment);
    } catch {
      return 400;
    }
    if (name === '.' || name === '..' || name.includes('/') || name.includes('\\') || name.includes('\0')) return 400;
    if (name === '') return 404;
    if (name.startsWith('.') && !(name === '.well-known' && names.length === 0)) hidden = true;
    names.push(name);
  }
  return hidden && !dotFiles ? 404 : { names, folder };
}
