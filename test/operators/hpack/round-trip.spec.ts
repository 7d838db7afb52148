import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import { HpackDecoder } from '../../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../../operators/hpack/encoder.js';
import { Fields } from '../../../operators/http/fields.js';
import { STATIC_NAMES } from '../../../operators/hpack/static-table.js';

const bytes = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ maxLength, minLength }).map((array) => Buffer.from(array).toString('latin1'));
const name = fc.oneof(
  fc.constantFrom(...STATIC_NAMES.slice(1)),
  fc.constantFrom('x-a', 'x-b', 'a-name-of-some-length'),
  bytes(12, 1),
);
const value = fc.oneof(fc.constantFrom('', 'a', '200', '/', 'GET', 'z'.repeat(700)), bytes(40));
const list = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => pairs.flat());
const size = fc.oneof(fc.constantFrom(0, 31, 32, 64, 200, 4096, 8192, 65_536), fc.nat(5000));
const step = fc.oneof({ weight: 5, arbitrary: list }, { weight: 2, arbitrary: size });
const LIMITS = { maxFieldBytes: 1 << 20, maxFields: 10_000 };

describe('round trip', () => {
  it('holds for any fields, under any table sizes, however they change', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom(0, 100, 4096, 16_384), (steps, maxTableSize) => {
        const [encoder, decoder] = [new HpackEncoder({ maxTableSize }), new HpackDecoder(LIMITS)];
        for (const one of steps) {
          if (typeof one === 'number') {
            encoder.setMaxTableSize(one);
            decoder.setMaxTableSize(one);
          } else {
            expect(decoder.decodeList(encoder.encode(one))).toEqual(one);
            expect(decoder.tableSize).toBe(encoder.tableSize);
            expect(decoder.tableSize).toBeLessThanOrEqual(encoder.tableCapacity);
          }
        }
      }),
    );
  });

  it('keeps every never-index flag', () => {
    const field = fc.tuple(
      fc.constantFrom('x-a', 'cookie', 'authorization', 'vary'),
      fc.constantFrom('1', '2'),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(fc.array(field, { maxLength: 8 }), { maxLength: 8 }), (blocks) => {
        const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
        for (const block of blocks) {
          const fields = new Fields();
          for (const [key, text, neverIndex] of block) fields.append(key, text, { neverIndex });
          const flagged = [...fields].flatMap(({ neverIndex }, pair) => (neverIndex ? [pair] : []));
          decoder.decodeList(encoder.encode(fields));
          expect(decoder.neverIndexed ?? []).toEqual(flagged);
        }
      }),
    );
  });

  it('holds with blocks that are refused in between', () => {
    fc.assert(
      fc.property(fc.array(list, { maxLength: 30 }), fc.nat(600), fc.nat(6), (lists, maxFieldBytes, maxFields) => {
        const encoder = new HpackEncoder();
        const [strict, lenient] = [new HpackDecoder({ maxFieldBytes, maxFields }), new HpackDecoder(LIMITS)];
        for (const one of lists) {
          const block = encoder.encode(one);
          if (block.length > 2 * maxFieldBytes) return;
          expect(lenient.decodeList(block)).toEqual(one);
          const weight = one.reduce((sum, text) => sum + text.length + 16, 0);
          let got: string[] | undefined;
          try {
            got = strict.decodeList(block);
          } catch (error) {
            expect(error).toMatchObject({ code: 'FIELD_LIMIT', scope: 'stream' });
          }
          expect(got).toEqual(weight > maxFieldBytes || one.length / 2 > maxFields ? undefined : one);
          expect(strict.tableSize).toBe(lenient.tableSize);
        }
      }),
    );
  });
});

describe('any bytes', () => {
  const mutation = fc.record({
    at: fc.nat(),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'insert', 'delete', 'cut'),
  });

  function mutated(block: Uint8Array, mutations: readonly { at: number; byte: number; kind: string }[]): Uint8Array {
    const changed = [...block];
    for (const { at, byte, kind } of mutations) {
      const place = at % (changed.length + 1);
      if (kind === 'set' && place < changed.length) changed[place] = byte;
      else if (kind === 'insert') changed.splice(place, 0, byte);
      else if (kind === 'delete') changed.splice(place, 1);
      else if (kind === 'cut') changed.length = place;
    }
    return Uint8Array.from(changed);
  }

  /** Reads on as long as it may; nothing but a ProtocolError may come of it. */
  function survives(blocks: readonly Uint8Array[], config = {}): void {
    const decoder = new HpackDecoder(config);
    for (const block of blocks) {
      try {
        expect(decoder.decodeList(block).length % 2).toBe(0);
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        if (error.scope === 'connection') return;
      }
      expect(decoder.tableSize).toBeLessThanOrEqual(4096);
    }
  }

  it('of valid blocks that were damaged make fields or a ProtocolError', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(list, fc.array(mutation, { maxLength: 4 })), { maxLength: 8 }),
        fc.constantFrom({}, { maxFields: 2 }, { maxFieldBytes: 120 }),
        (blocks, config) => {
          const encoder = new HpackEncoder();
          survives(
            blocks.map(([one, mutations]) => mutated(encoder.encode(one), mutations)),
            config,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of noise as well', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (blocks) => survives(blocks)),
      { numRuns: 500 },
    );
  });
});
