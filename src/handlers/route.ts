import { UsageError } from '../../operators/core/protocol-error.js';
import { isToken } from '../../operators/http/field-syntax.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import type { HandlerResult, ServerResponse } from '../server/server-response.js';
import type { PathParameters } from './route-path.js';
import { type RouteLeaf, RouteTree } from './route-tree.js';
import { statusResponse } from './status-response.js';

/** What the parameters of a path stand for; an object without prototype. */
export type RouteParameters<Route extends string> = Readonly<Record<PathParameters<PathOf<Route>>, string>>;

type PathOf<Route extends string> = Route extends `${string} ${infer Path}` ? Path : Route;

/** A handler that is also told what the parameters of its path stand for. A plain handler will do. */
export type RouteHandler<Route extends string = string> = (
  request: ServerRequest,
  parameters: RouteParameters<Route>,
) => HandlerResult;

/** Handlers by route: `'GET /users/:id'`, or without a method for all of them. */
export type RouteTable<Routes extends string> = { readonly [Route in Routes]: RouteHandler<Route> };

/** What a `URLPattern` is asked for here; Node 20 has none of its own. */
export interface UrlPatternLike<Match> {
  exec(url: string): Match | null;
}

/** A handler that is also told what a pattern found: of a `URLPattern`, its `URLPatternResult`. */
export type PatternHandler<Match> = (request: ServerRequest, match: Match) => HandlerResult;

export interface RouteConfig<Match> {
  /**
   * Patterns that are tried one after the other, on the whole URL, where no path of the table fits. They are the caller's: most are regular
   * expressions, and one that goes back and forth can be made to do so at length.
   */
  readonly patterns?: Iterable<readonly [pattern: UrlPatternLike<Match>, handler: PatternHandler<Match>]>;
  /** Answers what nothing fits; default 404. */
  readonly otherwise?: Handler;
}

type AnyRoute = (request: ServerRequest, parameters: Readonly<Record<string, string>>) => HandlerResult;

const ANY = '';

/**
 * Answers each request by its method and path. A route is a method and a path, or a path alone for every method. In a path `:name` stands
 * for a segment or a part of one, `*` at the end for all that follows; of several paths that fit, the most specific wins, whatever their
 * order. Parameters are decoded, `*` is as it was sent.
 *
 * A HEAD is answered by GET, unless it has a route of its own; OPTIONS with what the path allows; a method the path does not have with 405
 * and Allow; a path that is not there with 404; and one that cannot be decoded with 400 (RFC 9110 §9.3, §15.5.6).
 *
 * @throws UsageError `INVALID_ROUTE` for a path that is not understood, and for two that are the same.
 * @example
 * ```ts
 * import { route, serve } from 'rxweir';
 * const handler = route({
 *   'GET /': () => ({ body: 'home' }),
 *   'GET /users/:id': (request, { id }) => ({ body: `user ${id}` }),
 * });
 * serve({ port: 8080 }, handler).subscribe();
 * ```
 */
export function route<Routes extends string, Match = unknown>(
  table: RouteTable<Routes>,
  { patterns = [], otherwise = notFound }: RouteConfig<Match> = {},
): Handler {
  const further = [...patterns];
  const tree = new RouteTree<AnyRoute>();
  const all = new Set<string>(['OPTIONS']);
  for (const [name, handler] of Object.entries<AnyRoute>(table)) {
    const { method, path } = split(name);
    if (typeof handler !== 'function') throw new UsageError('INVALID_ROUTE', `${name} leads to no handler`);
    tree.add(method, path, handler);
    if (method !== ANY) all.add(method);
  }
  if (all.has('GET')) all.add('HEAD');

  return (request) => {
    const { method } = request;
    const { path } = request;
    if (path === '*') return { status: 204, fields: { allow: [...all].join(', ') } };
    if (!path.startsWith('/')) return otherwise(request);
    const query = path.indexOf('?');
    let match;
    try {
      match = tree.find(query < 0 ? path : path.slice(0, query));
    } catch {
      return statusResponse(400);
    }
    if (match === undefined) return tryPatterns(request, further) ?? otherwise(request);
    const { values } = match.leaf;
    const found = values.get(method) ?? (method === 'HEAD' ? values.get('GET') : undefined) ?? values.get(ANY);
    if (found === undefined) {
      const fields = { allow: allowed(match.leaf) };
      return method === 'OPTIONS' ? { status: 204, fields } : statusResponse(405, fields);
    }
    const parameters = Object.create(null) as Record<string, string>;
    for (const [i, name] of found.names.entries()) parameters[name] = match.values[i] as string;
    return found.value(request, parameters);
  };
}

function notFound(): ServerResponse {
  return statusResponse(404);
}

function tryPatterns<Match>(
  request: ServerRequest,
  patterns: readonly (readonly [UrlPatternLike<Match>, PatternHandler<Match>])[],
): HandlerResult | undefined {
  for (const [pattern, handler] of patterns) {
    const match = pattern.exec(request.url.href);
    if (match !== null) return handler(request, match);
  }
  return undefined;
}

function split(name: string): { readonly method: string; readonly path: string } {
  const space = name.indexOf(' ');
  if (space < 0) return { method: ANY, path: name };
  const method = name.slice(0, space);
  if (!isToken(method)) throw new UsageError('INVALID_ROUTE', `${JSON.stringify(name)}: a method, a space and a path`);
  return { method, path: name.slice(space + 1) };
}

function allowed({ values }: RouteLeaf<unknown>): string {
  const methods = new Set(values.keys());
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods.add('OPTIONS')].join(', ');
}
