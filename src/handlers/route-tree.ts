import { UsageError } from '../../operators/core/protocol-error.js';
import { type PathSegment, parseRoutePath } from './route-path.js';

/** What a path leads to: values by method. */
export interface RouteLeaf<Value> {
  readonly path: string;
  readonly values: Map<string, { readonly value: Value; readonly names: readonly string[] }>;
}

/** A path that was found, and what its parameters stood for, in order. */
export interface RouteMatch<Value> {
  readonly leaf: RouteLeaf<Value>;
  readonly values: readonly string[];
}

interface Branch<Value> {
  readonly prefix: string;
  readonly suffix: string;
  readonly node: Node<Value>;
}

interface Node<Value> {
  readonly literals: Map<string, Node<Value>>;
  /** Those with the longest literal part first. */
  readonly branches: Branch<Value>[];
  leaf: RouteLeaf<Value> | undefined;
  rest: RouteLeaf<Value> | undefined;
}

/**
 * Routes as a tree of segments. Of several paths that fit, the most specific wins, segment by segment: a literal one, then a parameter
 * with the most literal characters around it, then the rest; the order of the table does not matter. Each node is visited once at most,
 * so that what a match costs is bounded by the table, not by what the peer sends.
 */
export class RouteTree<Value> {
  readonly #root: Node<Value> = makeNode();

  /** @throws UsageError `INVALID_ROUTE` */
  add(method: string, path: string, value: Value): void {
    const { segments, open } = parseRoutePath(path);
    let node = this.#root;
    for (const segment of segments) node = descend(node, segment);
    const leaf: RouteLeaf<Value> = (open ? node.rest : node.leaf) ?? { path, values: new Map() };
    if (open) node.rest = leaf;
    else node.leaf = leaf;
    if (leaf.values.has(method)) {
      throw new UsageError('INVALID_ROUTE', `${method} ${path} and ${leaf.path} are one route`);
    }
    const names = segments.flatMap((segment) => ('name' in segment ? [segment.name] : []));
    leaf.values.set(method, { value, names: open ? [...names, '*'] : names });
  }

  /**
   * @param path of a request, without its query. @throws URIError for a percent sign that begins no octet
   */
  find(path: string): RouteMatch<Value> | undefined {
    const raw = path.slice(1).split('/');
    const decoded = raw.map(decodeURIComponent);
    return search(this.#root, raw, decoded, 0, []);
  }
}

function makeNode<Value>(): Node<Value> {
  return { literals: new Map(), branches: [], leaf: undefined, rest: undefined };
}

function descend<Value>(node: Node<Value>, segment: PathSegment): Node<Value> {
  if ('literal' in segment) {
    let next = node.literals.get(segment.literal);
    if (next === undefined) node.literals.set(segment.literal, (next = makeNode()));
    return next;
  }
  const { prefix, suffix } = segment;
  const known = node.branches.find((branch) => branch.prefix === prefix && branch.suffix === suffix);
  if (known) return known.node;
  const branch = { prefix, suffix, node: makeNode<Value>() };
  node.branches.push(branch);
  node.branches.sort((a, b) => b.prefix.length + b.suffix.length - a.prefix.length - a.suffix.length);
  return branch.node;
}

function search<Value>(
  node: Node<Value>,
  raw: readonly string[],
  decoded: readonly string[],
  at: number,
  values: readonly string[],
): RouteMatch<Value> | undefined {
  const segment = decoded[at];
  if (segment === undefined) return node.leaf && { leaf: node.leaf, values };
  const literal = node.literals.get(segment);
  const found = literal && search(literal, raw, decoded, at + 1, values);
  if (found) return found;
  for (const { prefix, suffix, node: next } of node.branches) {
    if (segment.length <= prefix.length + suffix.length) continue;
    if (!segment.startsWith(prefix) || !segment.endsWith(suffix)) continue;
    const value = segment.slice(prefix.length, segment.length - suffix.length);
    const match = search(next, raw, decoded, at + 1, [...values, value]);
    if (match) return match;
  }
  return node.rest && { leaf: node.rest, values: [...values, raw.slice(at).join('/')] };
}
