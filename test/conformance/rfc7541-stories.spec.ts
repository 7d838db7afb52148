/** The stories of hpack-test-case, each with a decoder of its own. */
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { noStories, stories } from '../operators/hpack/support.js';

/** No story comes near a limit, so none shall be in the way. */
const LIMITS = { maxFieldBytes: 1 << 20, maxFields: 10_000 };

describe.each(['nghttp2', 'nghttp2-change-table-size', 'go-hpack', 'swift-nio-hpack-plain-text'])(
  'of %s',
  (encoder) => {
    it('each block decodes exactly', (ctx) => {
      if (noStories !== undefined) ctx.skip(noStories);
      let blocks = 0;
      for (const [name, story] of stories(encoder)) {
        const decoder = new HpackDecoder(LIMITS);
        for (const [i, { wire, list, tableSize }] of story.entries()) {
          if (tableSize !== undefined) decoder.setMaxTableSize(tableSize);
          expect(decoder.decodeList(wire), `${name} block ${i}`).toEqual(list);
          blocks++;
        }
      }
      expect(blocks).toBeGreaterThan(3000);
    });
  },
);

describe('what our encoder makes of the stories', () => {
  it.for([[4096], [0], [100, 4096, 0, 2000]])('decodes exactly with tables of %j bytes', (sizes, ctx) => {
    if (noStories !== undefined) ctx.skip(noStories);
    for (const [name, story] of stories('raw-data')) {
      const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(LIMITS)];
      for (const [i, { list }] of story.entries()) {
        if (i % 5 === 0) {
          const size = sizes[(i / 5) % sizes.length] as number;
          encoder.setMaxTableSize(size);
          decoder.setMaxTableSize(size);
        }
        expect(decoder.decodeList(encoder.encode(list)), `${name} block ${i}`).toEqual(list);
        expect(decoder.tableSize).toBe(encoder.tableSize);
      }
    }
  });

  it('is at most 2 % longer than what nghttp2 makes, although cookies are never indexed', (ctx) => {
    if (noStories !== undefined) ctx.skip(noStories);
    let [ours, theirs] = [0, 0];
    for (const story of stories('nghttp2').values()) {
      const encoder = new HpackEncoder();
      for (const { wire, list } of story) {
        ours += encoder.encode(list).length;
        theirs += wire.length;
      }
    }
    expect(ours / theirs).toBeLessThan(1.02);
  });
});
