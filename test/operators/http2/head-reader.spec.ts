import { describe, expect, it } from 'vitest';
import { HpackEncoder } from '../../../operators/hpack/encoder.js';
import { HeadReader } from '../../../operators/http2/head-reader.js';
import { hex, thrown } from './frames.js';

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/'];

describe('HeadReader', () => {
  it('knows a block again that it has just decoded, as long as the table stands', () => {
    const [reader, encoder] = [new HeadReader({}), new HpackEncoder()];
    const first = reader.read(encoder.encode([...REQUEST, 'x-a', '1']));
    const block = encoder.encode([...REQUEST, 'x-a', '1']); // all indexed now
    const second = reader.read(block);
    expect(second.list).toEqual(first.list);
    expect(reader.read(Uint8Array.from(block))).toBe(second);
    reader.read(encoder.encode(['x-b', '2'])); // the indices have moved
    const after = reader.read(block);
    expect(after).not.toBe(second);
    expect(after.list).not.toEqual(second.list);
  });

  it('does not take one block for another that is as long', () => {
    const reader = new HeadReader({});
    expect(reader.read(hex('82')).list).toEqual([':method', 'GET']);
    expect(reader.read(hex('83')).list).toEqual([':method', 'POST']);
    expect(reader.read(hex('82')).list).toEqual([':method', 'GET']);
  });

  it('gives fields without the pseudo-fields, a list of its own each time', () => {
    const reader = new HeadReader({});
    const head = reader.read(new HpackEncoder().encode([...REQUEST, 'x-a', '1']));
    const fields = head.fields();
    fields.set('x-a', '2');
    expect(head.fields().toLines()).toBe('x-a: 1\r\n');
  });

  it('puts the crumbs of a cookie together (RFC 9113 §8.2.3)', () => {
    const reader = new HeadReader({});
    const head = reader.read(new HpackEncoder().encode([...REQUEST, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2']));
    expect(head.fields().get('cookie')).toBe('a=1; b=2');
    expect(head.fields().getAll('cookie')).toHaveLength(1);
  });

  it('keeps the mark of what is never to be indexed', () => {
    const reader = new HeadReader({});
    const head = reader.read(new HpackEncoder().encode([...REQUEST, 'x', 'y', 'authorization', 'secret']));
    expect(head.neverIndexed).toEqual([4]);
    expect(head.fields().toLines()).toContain('secret');
  });

  it('reads the priority field once', () => {
    const reader = new HeadReader({});
    const head = reader.read(new HpackEncoder().encode([...REQUEST, 'priority', 'u=1, i']));
    expect(head.priority).toMatchObject({ urgency: 1, incremental: true });
    expect(head.priority).toBe(head.priority);
    expect(reader.read(new HpackEncoder().encode(REQUEST)).priority).toBeUndefined();
  });

  it('refuses what passes a limit, every time', () => {
    const reader = new HeadReader({ maxFields: 1 });
    for (let i = 0; i < 2; i++)
      expect(thrown(() => reader.read(hex('8286')))).toMatch(/^stream FIELD_LIMIT \d+ maxFields/);
  });

  it('does not keep blocks that are long', () => {
    const [reader, encoder] = [new HeadReader({}), new HpackEncoder()];
    const block = encoder.encode(['authorization', 'x'.repeat(600)]);
    expect(reader.read(block)).not.toBe(reader.read(block));
  });
});
