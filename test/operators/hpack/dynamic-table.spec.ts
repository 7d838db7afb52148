import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DynamicTable } from '../../../operators/hpack/dynamic-table.js';
import { IndexedTable } from '../../../operators/hpack/indexed-table.js';

const pair = fc.tuple(
  fc.constantFrom('a', 'bb', 'ccc', 'd'.repeat(60)),
  fc.constantFrom('', 'x', 'yy', 'z'.repeat(90)),
);
const command = fc.oneof(
  { weight: 6, arbitrary: pair },
  { weight: 1, arbitrary: fc.constantFrom(0, 31, 32, 100, 300, 1000, 4096) },
);

const sizeOf = (name: string, value: string): number => name.length + value.length + 32;

/** The same in the plainest way: a list, the newest first. */
class ListTable {
  entries: (readonly [string, string])[] = [];
  capacity = 300;

  get size(): number {
    return this.entries.reduce((sum, [name, value]) => sum + sizeOf(name, value), 0);
  }

  insert(name: string, value: string): void {
    this.entries.unshift([name, value]);
    this.evict();
  }

  resize(capacity: number): void {
    this.capacity = capacity;
    this.evict();
  }

  private evict(): void {
    while (this.size > this.capacity) this.entries.pop();
  }
}

function entriesOf(table: DynamicTable): [string, string][] {
  return Array.from({ length: table.length }, (_, i) => {
    const slot = table.slotOf(i);
    return [table.names[slot] as string, table.values[slot] as string];
  });
}

describe('DynamicTable', () => {
  it('does what a list does, whatever is inserted and however it is resized', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const table = new DynamicTable(300);
        const list = new ListTable();
        for (const one of commands) {
          if (typeof one === 'number') {
            table.resize(one);
            list.resize(one);
          } else {
            table.insert(...one, sizeOf(...one));
            list.insert(...one);
          }
          expect(entriesOf(table)).toEqual(list.entries);
          expect(table.size).toBe(list.size);
        }
      }),
    );
  });

  it('keeps nothing of what it evicted', () => {
    const table = new DynamicTable(4096);
    for (let i = 0; i < 100; i++) table.insert(`name-${i}`, 'value', sizeOf(`name-${i}`, 'value'));
    table.resize(0);
    expect(new Set([...table.names, ...table.values])).toEqual(new Set(['']));
    expect(table).toMatchObject({ size: 0, length: 0 });
  });

  it('holds 2048 entries of the least size in 64 KiB', () => {
    const table = new DynamicTable(65_536);
    for (let i = 0; i < 5000; i++) table.insert('', '', 32);
    expect(table).toMatchObject({ size: 65_536, length: 2048 });
  });
});

describe('IndexedTable', () => {
  it('finds each entry, and nothing that is not there', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const table = new IndexedTable(300);
        for (const one of commands) {
          if (typeof one === 'number') table.resize(one);
          else if (table.find(one[0])?.values.get(one[1]) === undefined) table.insert(...one, sizeOf(...one));
          const entries = entriesOf(table);
          for (const name of ['a', 'bb', 'ccc', 'd'.repeat(60)]) {
            const found = table.find(name);
            const newest = entries.findIndex((entry) => entry[0] === name);
            expect(found && table.indexOf(found.newest)).toBe(newest < 0 ? undefined : 62 + newest);
            for (const value of ['', 'x', 'yy', 'z'.repeat(90)]) {
              const at = entries.findIndex((entry) => entry[0] === name && entry[1] === value);
              const entry = found?.values.get(value);
              expect(entry === undefined ? -1 : table.indexOf(entry) - 62).toBe(at);
            }
          }
        }
      }),
    );
  });
});
