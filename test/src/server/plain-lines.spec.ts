import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fields, type FieldsInit } from '../../../operators/http/fields.js';
import { HAS_CONTENT_TYPE, HAS_DATE, plainLines } from '../../../src/server/plain-lines.js';

const lines = (fields: FieldsInit | undefined): string | undefined => plainLines(fields)?.lines;

describe('plainLines', () => {
  it('writes what Fields would, for anything it takes', () => {
    const name = fc.constantFrom('x-a', 'X-B', 'content-type', 'vary', 'set-cookie', 'bad name', '', 'x-é');
    const one = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ maxLength: 8 }), fc.integer());
    const value = fc.oneof(
      one,
      fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (fields) => {
        const written = (write: () => unknown): unknown => {
          try {
            return write();
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        const init = { ...fields } as FieldsInit;
        expect(written(() => lines(init))).toEqual(written(() => new Fields(init).toLines()));
      }),
      { numRuns: 2000 },
    );
  });

  it('says whether there was a date or a type', () => {
    expect(plainLines({ Date: 'x', 'CONTENT-TYPE': 'y' })?.has).toBe(HAS_DATE | HAS_CONTENT_TYPE);
    expect(plainLines({ 'x-a': '1' })?.has).toBe(0);
    expect(plainLines(undefined)).toMatchObject({ lines: '', has: 0 });
  });

  it.each(['Content-Length', 'transfer-encoding', 'connection', 'Upgrade', 'keep-alive', 'Proxy-Connection'])(
    'leaves %s to others',
    (name) => {
      expect(plainLines({ 'x-a': '1', [name]: '1' })).toBeUndefined();
    },
  );

  it('and whatever is no plain object', () => {
    expect(plainLines(new Fields())).toBeUndefined();
    expect(plainLines(new Headers())).toBeUndefined();
    expect(plainLines([['a', 'b']])).toBeUndefined();
    expect(plainLines(new Map([['a', 'b']]))).toBeUndefined();
    expect(plainLines(Object.create({ inherited: 'x' }) as FieldsInit)).toBeUndefined();
  });

  it('K1: names of Object.prototype are names', () => {
    const fields = JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}') as FieldsInit;
    expect(lines(fields)).toBe('__proto__: 1\r\nconstructor: 2\r\ntostring: 3\r\n');
    (Object.prototype as { 'x-polluted'?: string })['x-polluted'] = '1';
    try {
      expect(lines({ 'x-a': '1' })).toBe('x-a: 1\r\n');
    } finally {
      delete (Object.prototype as { 'x-polluted'?: string })['x-polluted'];
    }
  });

  it('remembers the last value of a name without mixing anything up', () => {
    for (let i = 0; i < 3; i++) {
      expect(lines({ 'x-memo': 'same' })).toBe('x-memo: same\r\n');
      expect(lines({ 'X-Memo': `other ${i}` })).toBe(`x-memo: other ${i}\r\n`);
      expect(lines({ 'x-memo': ' trimmed ' })).toBe('x-memo: trimmed\r\n');
      expect(lines({ 'x-memo': ['same', 'two'] })).toBe('x-memo: same\r\nx-memo: two\r\n');
    }
  });

  it('the first value of a name is checked as any other', () => {
    expect(() => lines({ 'x-fresh': '\n' })).toThrow();
    expect(lines({ 'x-fresher': '' })).toBe('x-fresher: \r\n');
  });

  it('many names do no harm', () => {
    for (let i = 0; i < 2000; i++) expect(lines({ [`x-${i}`]: 'v' })).toBe(`x-${i}: v\r\n`);
  });
});
