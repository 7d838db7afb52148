/**
 * The dependency tree of RFC 7540 §5.3, for whoever wants it: RFC 9113 deprecates it, and nothing here schedules by it.
 *
 * A dependency on a stream that is not in the tree counts as none was given (§5.3.1), and no node is made for it: a peer
 * cannot grow the tree but by what its owner adds, up to `maxNodes`.
 */
import { UsageError } from '../core/protocol-error.js';
import { DEFAULT_DEPENDENCY, type Dependency, selfDependency } from './frames/priority-frame.js';

const ROOT = 0;

interface Node {
  readonly id: number;
  parent: Node | undefined;
  weight: number;
  readonly children: Set<Node>;
}

/**
 * @example
 * ```ts
 * import { PriorityTree } from 'rxweir/operators';
 * const tree = new PriorityTree();
 * tree.set(1);
 * tree.set(3, { dependency: 1, weight: 32, exclusive: false });
 * tree.childrenOf(1); // [3]
 * ```
 */
export class PriorityTree {
  readonly #root: Node = { id: ROOT, parent: undefined, weight: 16, children: new Set() };
  readonly #nodes = new Map<number, Node>([[ROOT, this.#root]]);
  readonly #maxNodes: number;

  constructor(maxNodes = 1000) {
    this.#maxNodes = maxNodes;
  }

  /** Streams in the tree. */
  get size(): number {
    return this.#nodes.size - 1;
  }

  has(streamId: number): boolean {
    return streamId !== ROOT && this.#nodes.has(streamId);
  }

  /** The stream this one depends on, 0 for the root; undefined for one that is not in the tree. */
  parentOf(streamId: number): number | undefined {
    return this.#nodes.get(streamId)?.parent?.id;
  }

  /** 1 to 256; undefined for one that is not in the tree. */
  weightOf(streamId: number): number | undefined {
    return this.has(streamId) ? this.#nodes.get(streamId)?.weight : undefined;
  }

  /** The streams that depend on this one, or on none for 0, in the order they came to. */
  childrenOf(streamId: number): number[] {
    return Array.from(this.#nodes.get(streamId)?.children ?? [], ({ id }) => id);
  }

  /**
   * Puts a stream in its place: a new one, or one that moves, with all that depends on it (§5.3.3).
   *
   * @throws ProtocolError stream `PROTOCOL_ERROR` for a stream that depends on itself; UsageError `TREE_FULL`
   */
  set(streamId: number, place: Dependency = DEFAULT_DEPENDENCY): void {
    if (place.dependency === streamId) throw selfDependency(streamId);
    const known = this.#nodes.get(place.dependency);
    const { weight, exclusive } = known === undefined ? DEFAULT_DEPENDENCY : place;
    const parent = known ?? this.#root;
    const node = this.#nodes.get(streamId) ?? this.#make(streamId);
    // One that comes to depend on what depended on it: that first takes its place, weight kept.
    if (isWithin(parent, node) && parent !== node) attach(parent, node.parent as Node);
    attach(node, parent);
    node.weight = weight;
    if (!exclusive) return;
    for (const sibling of parent.children) if (sibling !== node) attach(sibling, node);
  }

  /**
   * Takes a stream out. What depended on it moves up and shares its weight in proportion, never below 1 (§5.3.4).
   */
  remove(streamId: number): void {
    const node = this.#nodes.get(streamId);
    if (node === undefined || node === this.#root) return;
    const parent = node.parent as Node;
    let total = 0;
    for (const child of node.children) total += child.weight;
    for (const child of node.children) {
      child.weight = Math.max(1, Math.floor((node.weight * child.weight) / total));
      attach(child, parent);
    }
    parent.children.delete(node);
    this.#nodes.delete(streamId);
  }

  /**
   * How resources divide among the streams that can use them, as fractions that sum to 1: a stream goes before all that
   * depends on it, siblings share by weight, and a share nobody on a branch can use goes to the others (§5.3.1, §5.3.2).
   */
  shares(isReady: (streamId: number) => boolean): Map<number, number> {
    const shares = new Map<number, number>();
    const usable = this.#usable(isReady);
    const pending: [node: Node, share: number][] = [[this.#root, 1]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [node, share] = next;
      if (node !== this.#root && isReady(node.id)) {
        shares.set(node.id, share);
        continue;
      }
      const children = [...node.children].filter((child) => usable.has(child));
      const total = children.reduce((sum, child) => sum + child.weight, 0);
      for (const child of children) pending.push([child, (share * child.weight) / total]);
    }
    return shares;
  }

  /** The nodes that are ready or have a ready one below. A loop: a peer's tree may be a chain of any length. */
  #usable(isReady: (streamId: number) => boolean): Set<Node> {
    const usable = new Set<Node>();
    for (const [id, node] of this.#nodes) {
      if (id === ROOT || !isReady(id)) continue;
      for (let up: Node | undefined = node; up !== undefined && !usable.has(up); up = up.parent) usable.add(up);
    }
    return usable;
  }

  #make(streamId: number): Node {
    if (this.size >= this.#maxNodes) throw new UsageError('TREE_FULL', `the tree has ${this.#maxNodes} streams`);
    const node: Node = { id: streamId, parent: undefined, weight: 16, children: new Set() };
    this.#nodes.set(streamId, node);
    return node;
  }
}

function attach(node: Node, parent: Node): void {
  node.parent?.children.delete(node);
  node.parent = parent;
  parent.children.add(node);
}

function isWithin(node: Node, ancestor: Node): boolean {
  for (let up: Node | undefined = node; up !== undefined; up = up.parent) if (up === ancestor) return true;
  return false;
}
