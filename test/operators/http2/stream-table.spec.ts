import { describe, expect, it } from 'vitest';
import { StreamTable } from '../../../operators/http2/stream-table.js';

const numbered = (ids: readonly number[]): { id: number }[] => ids.map((id) => ({ id }));
const idsOf = (table: StreamTable<{ id: number }>): number[] =>
  table
    .all()
    .map(({ id }) => id)
    .sort((a, b) => a - b);

describe('StreamTable', () => {
  it('finds what was added, and nothing else', () => {
    const table = new StreamTable<{ id: number }>();
    const [a, b] = numbered([1, 3]) as [{ id: number }, { id: number }];
    table.add(a);
    table.add(b);
    expect([table.get(1), table.get(3), table.get(5), table.size]).toEqual([a, b, undefined, 2]);
    table.delete(a);
    table.delete(a);
    expect([table.get(1), table.get(3), table.size]).toEqual([undefined, b, 1]);
  });

  it('knows two that fall on one slot apart', () => {
    const table = new StreamTable<{ id: number }>();
    for (const stream of numbered([1, 33, 65, 1025])) table.add(stream); // the same low bits at first
    expect([1, 33, 65, 1025, 97].map((id) => table.get(id)?.id)).toEqual([1, 33, 65, 1025, undefined]);
    expect(idsOf(table)).toEqual([1, 33, 65, 1025]);
  });

  it('holds more than it has slots for', () => {
    const table = new StreamTable<{ id: number }>();
    const ids = Array.from({ length: 3000 }, (_, i) => 2 * i + 1);
    const streams = numbered([...ids, 2_000_001, 2_002_049]);
    for (const stream of streams) table.add(stream);
    expect(table.size).toBe(3002);
    for (const stream of streams) expect(table.get(stream.id)).toBe(stream);
    expect(table.all()).toHaveLength(3002);
    for (const stream of streams) table.delete(stream);
    expect([table.size, table.all().length]).toEqual([0, 0]);
  });

  it('goes on as identifiers go up by the thousand', () => {
    const table = new StreamTable<{ id: number }>();
    const open: { id: number }[] = [];
    for (let id = 1; id < 200_000; id += 2) {
      const stream = { id };
      table.add(stream);
      open.push(stream);
      if (open.length > 100) table.delete(open.shift() as { id: number });
    }
    expect(idsOf(table)).toEqual(open.map(({ id }) => id));
  });
});
