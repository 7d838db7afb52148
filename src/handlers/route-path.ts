/**
 * Paths of routes: the part of the syntax of `URLPattern` that can be matched in one pass, segment by segment, without a regular
 * expression: `:name` stands for a segment, or for what is left of it between a literal start and end; `*` at the very end for all the
 * rest.
 */
import { UsageError } from '../../operators/core/protocol-error.js';

/** Whether a segment is taken literally, or what stands around its parameter. */
export type PathSegment =
  { readonly literal: string } | { readonly name: string; readonly prefix: string; readonly suffix: string };

export interface RoutePath {
  readonly segments: readonly PathSegment[];
  /** Whatever follows is taken too. */
  readonly open: boolean;
}

/** Names of the parameters in a path, `*` included: `'/users/:id/*'` has `'id' | '*'`. */
export type PathParameters<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? SegmentParameter<Head> | PathParameters<Tail>
  : SegmentParameter<Path>;

type SegmentParameter<Segment extends string> = Segment extends '*'
  ? '*'
  : Segment extends `${string}:${infer Named}`
    ? NameStart<Named>
    : never;

/** What of `id.json` is the name. */
type NameStart<Text extends string, Name extends string = ''> = Text extends `${infer Char}${infer Rest}`
  ? Char extends NameEnd
    ? Name
    : NameStart<Rest, `${Name}${Char}`>
  : Name;

type NameEnd = '.' | '-' | '~' | '@' | '!' | '$' | '&' | "'" | ',' | ';' | '=' | '%' | ' ';

/** @throws UsageError `INVALID_ROUTE` */
export function parseRoutePath(path: string): RoutePath {
  if (!path.startsWith('/')) throw invalid(path, 'it begins with a slash');
  const open = path.endsWith('/*');
  const parts = (open ? path.slice(1, -2) : path.slice(1)).split('/');
  if (open && path === '/*') parts.pop();
  const segments = parts.map((part) => parseSegment(path, part));
  const names = segments.flatMap((segment) => ('name' in segment ? [segment.name] : []));
  if (new Set(names).size < names.length) throw invalid(path, 'each parameter has a name of its own');
  return { segments, open };
}

function parseSegment(path: string, part: string): PathSegment {
  for (const char of part) {
    if ('*{}()?+\\#'.includes(char)) throw invalid(path, `${char} is not understood there; a URLPattern may be`);
  }
  const colon = part.indexOf(':');
  if (colon < 0) return { literal: decoded(path, part) };
  let end = colon + 1;
  while (end < part.length && isNameChar(part.charCodeAt(end))) end++;
  const name = part.slice(colon + 1, end);
  if (name === '' || (name >= '0' && name < ':')) throw invalid(path, 'a parameter has a name');
  if (part.includes(':', end)) throw invalid(path, 'a segment has one parameter at most');
  return { name, prefix: decoded(path, part.slice(0, colon)), suffix: decoded(path, part.slice(end)) };
}

/** Letters, digits, `_` and `$`, as in a URLPattern, but for the dollar. */
function isNameChar(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

function decoded(path: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(path, 'a percent sign begins an octet');
  }
}

function invalid(path: string, why: string): UsageError {
  return new UsageError('INVALID_ROUTE', `${JSON.stringify(path)}: ${why}`);
}
