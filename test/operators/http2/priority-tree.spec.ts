import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { PriorityTree } from '../../../operators/http2/priority-tree.js';
import { thrown } from './frames.js';

/** The tree as text: a stream with its weight, and what depends on it. */
function shape(tree: PriorityTree, id = 0): string {
  const children = tree.childrenOf(id).map((child) => `${child}:${tree.weightOf(child)}${shape(tree, child)}`);
  return children.length === 0 ? '' : `(${children.join(' ')})`;
}

/** RFC 7540 §5.3.3: A, with B, C; C, with D, E; D, with F. */
function figure(): PriorityTree {
  const tree = new PriorityTree();
  const place = (id: number, dependency: number): void => tree.set(id, { dependency, weight: 16, exclusive: false });
  place(1, 0);
  for (const [id, dependency] of [
    [3, 1],
    [5, 1],
    [7, 5],
    [9, 5],
    [11, 7],
  ] as const)
    place(id, dependency);
  return tree;
}

describe('PriorityTree', () => {
  it('adds, by default below the root with weight 16', () => {
    const tree = new PriorityTree();
    tree.set(1);
    tree.set(3, { dependency: 1, weight: 256, exclusive: false });
    expect([shape(tree), tree.size, tree.parentOf(3), tree.has(0)]).toEqual(['(1:16(3:256))', 2, 1, false]);
    expect([tree.parentOf(9), tree.weightOf(9), tree.childrenOf(9)]).toEqual([undefined, undefined, []]);
  });

  it('an exclusive one takes all its siblings below it (§5.3.1)', () => {
    const tree = new PriorityTree();
    tree.set(1);
    tree.set(3);
    tree.set(5, { dependency: 0, weight: 7, exclusive: true });
    expect(shape(tree)).toBe('(5:7(1:16 3:16))');
  });

  it('moves below its own descendant, which first takes its place (§5.3.3)', () => {
    const shared = figure();
    shared.set(1, { dependency: 7, weight: 16, exclusive: false });
    expect(shape(shared)).toBe('(7:16(11:16 1:16(3:16 5:16(9:16))))');
    const exclusive = figure();
    exclusive.set(1, { dependency: 7, weight: 16, exclusive: true });
    expect(shape(exclusive)).toBe('(7:16(1:16(3:16 5:16(9:16) 11:16)))');
  });

  it('a missing parent counts as no place given, and is not made', () => {
    const tree = new PriorityTree();
    tree.set(3, { dependency: 1, weight: 99, exclusive: true });
    expect([shape(tree), tree.size]).toEqual(['(3:16)', 1]);
  });

  it('a stream that depends on itself is a stream PROTOCOL_ERROR', () => {
    expect(thrown(() => figure().set(1, { dependency: 1, weight: 1, exclusive: false }))).toBe(
      'stream PROTOCOL_ERROR 1',
    );
  });

  it('removal moves dependants up and shares the weight (§5.3.4)', () => {
    const tree = figure();
    tree.set(9, { dependency: 5, weight: 48, exclusive: false });
    tree.remove(5);
    expect(shape(tree)).toBe('(1:16(3:16 7:4(11:16) 9:12))');
    tree.remove(5);
    tree.remove(0);
    tree.set(13, { dependency: 9, weight: 1, exclusive: false });
    tree.set(15, { dependency: 9, weight: 256, exclusive: false });
    tree.remove(9);
    expect(tree.weightOf(13)).toBe(1);
  });

  it('is bounded', () => {
    const tree = new PriorityTree(2);
    tree.set(1);
    tree.set(3);
    tree.set(3);
    expect(thrown(() => tree.set(5))).toBe('usage TREE_FULL');
    tree.remove(1);
    tree.set(5);
  });

  it('shares by weight among those that can use it', () => {
    const tree = new PriorityTree();
    tree.set(1, { dependency: 0, weight: 4, exclusive: false });
    tree.set(3, { dependency: 0, weight: 12, exclusive: false });
    tree.set(5, { dependency: 1, weight: 1, exclusive: false });
    expect(tree.shares(() => true)).toEqual(
      new Map([
        [3, 0.75],
        [1, 0.25],
      ]),
    );
    expect(tree.shares((id) => id !== 1)).toEqual(
      new Map([
        [3, 0.75],
        [5, 0.25],
      ]),
    );
    expect(tree.shares((id) => id === 5)).toEqual(new Map([[5, 1]]));
    expect(tree.shares(() => false).size).toBe(0);
  });

  const step = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.nat(9),
    fc.integer({ min: 1, max: 256 }),
    fc.boolean(),
    fc.nat(4),
  );
  test.prop([fc.array(step, { maxLength: 40 })])('stays a tree, whatever comes', (steps) => {
    const tree = new PriorityTree();
    for (const [id, dependency, weight, exclusive, what] of steps) {
      if (what === 0) tree.remove(id);
      else if (id !== dependency) tree.set(id, { dependency, weight, exclusive });
    }
    const reached: number[] = [];
    for (const pending = [0]; pending.length > 0;) {
      const id = pending.pop() as number;
      for (const child of tree.childrenOf(id)) {
        expect(tree.parentOf(child)).toBe(id);
        reached.push(child);
        pending.push(child);
      }
    }
    expect(new Set(reached).size).toBe(tree.size);
    expect(reached).toHaveLength(tree.size);
    const sum = [...tree.shares((id) => id % 2 === 0).values()].reduce((all, share) => all + share, 0);
    expect(sum).toBeCloseTo(reached.some((id) => id % 2 === 0) ? 1 : 0, 9);
  });
});
