import { describe, expect, it } from 'vitest';
import { parseByteRanges } from '../../../operators/exchange/byte-ranges.js';
import { parseEntityTag, parseEntityTags } from '../../../operators/exchange/entity-tag.js';
import { checkPreconditions, ifRangeHolds, type Validators } from '../../../operators/exchange/preconditions.js';
import { Fields, type FieldsInit } from '../../../operators/http/fields.js';

const MODIFIED = Date.UTC(2020, 0, 2, 3, 4, 5, 678);
const NOW = Date.UTC(2026, 10, 27);
const SAME = 'Thu, 02 Jan 2020 03:04:05 GMT';
const BEFORE = 'Thu, 02 Jan 2020 03:04:04 GMT';
const known: Validators = { etag: '"a"', lastModified: MODIFIED };

function check(fields: FieldsInit, method = 'GET', validators: Validators | undefined = known): number {
  return checkPreconditions({ method, fields: new Fields(fields) }, validators, NOW);
}

describe('entity tags', () => {
  it.each([
    ['"a"', { weak: false, opaque: '"a"' }],
    ['W/""', { weak: true, opaque: '""' }],
    ['"é\\"', { weak: false, opaque: '"é\\"' }],
    ['a', undefined],
    ['w/"a"', undefined],
    ['"a', undefined],
    ['"a" ', undefined],
    ['"a b"', undefined],
    ['', undefined],
  ])('reads %s', (text, tag) => {
    expect(parseEntityTag(text)).toEqual(tag);
  });

  it.each([
    ['*', '*'],
    ['"a,b" , W/"c"', ['"a,b"', '"c"']],
    [', "a",, "b",', ['"a"', '"b"']],
    ['"a" "b"', undefined],
    ['"a", b', undefined],
    ['', undefined],
    [', ,', undefined],
    ['*, "a"', undefined],
  ])('reads the list %s', (text, tags) => {
    const read = parseEntityTags(text);
    expect(typeof read === 'object' ? read.map(({ opaque }) => opaque) : read).toEqual(tags);
  });
});

describe('checkPreconditions', () => {
  it.each<[FieldsInit, number]>([
    [{}, 0],
    [{ 'if-match': '"a"' }, 0],
    [{ 'if-match': '"b", "a"' }, 0],
    [{ 'if-match': ['"b"', '"a"'] }, 0],
    [{ 'if-match': 'W/"a"' }, 412],
    [{ 'if-match': '*' }, 0],
    [{ 'if-match': '"b"' }, 412],
    [{ 'if-match': '"a"', 'if-unmodified-since': BEFORE }, 0], // the tag goes before the date
    [{ 'if-unmodified-since': BEFORE }, 412],
    [{ 'if-unmodified-since': SAME }, 0],
    [{ 'if-unmodified-since': 'yesterday' }, 0],
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': 'W/"a"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"b"', 'if-modified-since': SAME }, 0], // the tag goes before the date
    [{ 'if-modified-since': SAME }, 304],
    [{ 'if-modified-since': BEFORE }, 0],
    [{ 'if-modified-since': 'Thursday, 02-Jan-20 03:04:05 GMT' }, 304],
    [{ 'if-modified-since': [SAME, SAME] }, 0],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
    [{ 'if-none-match': 'nonsense' }, 0],
    [{ 'if-none-match': 'a', 'if-modified-since': SAME }, 0], // a date does not count beside it
    [{ 'if-match': 'nonsense' }, 412], // who means to change one version does not change another
    [{ 'if-match': 'a', 'if-unmodified-since': SAME }, 412],
  ])('answers %j with %i', (fields, status) => {
    expect(check(fields)).toBe(status);
  });

  it('answers other methods, and what is not there', () => {
    expect(check({ 'if-none-match': '"a"' }, 'PUT')).toBe(412);
    expect(check({ 'if-none-match': '*' }, 'PUT')).toBe(412);
    expect(check({ 'if-modified-since': SAME }, 'PUT')).toBe(0);
    expect(checkPreconditions({ method: 'PUT', fields: new Fields({ 'if-match': '*' }) }, undefined, NOW)).toBe(412);
    expect(checkPreconditions({ method: 'PUT', fields: new Fields({ 'if-none-match': '*' }) }, undefined, NOW)).toBe(0);
    expect(check({ 'if-match': '"a"' }, 'GET', { lastModified: MODIFIED })).toBe(412);
    expect(check({ 'if-modified-since': SAME }, 'GET', { etag: '"a"' })).toBe(0);
  });
});

describe('ifRangeHolds', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', false],
    ['"b"', false],
    [SAME, true],
    [BEFORE, false],
    ['Fri, 03 Jan 2020 03:04:05 GMT', false], // exactly, not at least
    ['nonsense', false],
  ])('judges %s', (value, holds) => {
    expect(ifRangeHolds(new Fields({ 'if-range': value }), known, NOW)).toBe(holds);
  });

  it('takes no date of what may change again within its second, and no weak tag', () => {
    expect(ifRangeHolds(new Fields({ 'if-range': SAME }), known, MODIFIED + 300)).toBe(false);
    expect(ifRangeHolds(new Fields({ 'if-range': '"a"' }), { etag: 'W/"a"' }, NOW)).toBe(false);
    expect(ifRangeHolds(new Fields(), known, NOW)).toBe(true);
  });
});

describe('parseByteRanges', () => {
  const read = (value: string, size = 10, most = 3) =>
    parseByteRanges(value, size, most)?.map(({ first, last }) => `${first}-${last}`);

  it.each([
    ['bytes=0-4', ['0-4']],
    ['BYTES=0-4', ['0-4']],
    ['bytes=5-', ['5-9']],
    ['bytes=5-99999999999999999999', ['5-9']],
    ['bytes=-3', ['7-9']],
    ['bytes=-99', ['0-9']],
    ['bytes= 0-0 , 9-9,', ['0-0', '9-9']],
    ['bytes=10-', []],
    ['bytes=-0', []],
    ['bytes=10-11, 0-0', ['0-0']],
    ['bytes=', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['bytes=1', undefined],
    ['bytes=4-2', undefined],
    ['bytes=1-2-3', undefined],
    ['bytes=+1-2', undefined],
    ['bytes 0-4', undefined],
    ['items=0-4', undefined],
    ['bytes=0-0,1-1,2-2,3-3', undefined],
    ['bytes=0-,0-', undefined], // more than there is
  ])('reads %s', (value, ranges) => {
    expect(read(value)).toEqual(ranges);
  });

  it('has nothing to give of nothing', () => {
    expect(read('bytes=0-', 0)).toEqual([]);
    expect(read('bytes=-1', 0)).toEqual([]);
  });
});
