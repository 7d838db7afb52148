import { describe, expect, it } from 'vitest';
import { acceptedCoding } from '../../../src/server/accepted-coding.js';

describe('acceptedCoding', () => {
  it.each<[string, string | undefined]>([
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate', 'deflate'],
    ['deflate, gzip', 'deflate'],
    ['trailers, gzip;q=0.5', 'gzip'],
    ['gzip ; q=1.000', 'gzip'],
    ['gzip;q=0, deflate', 'deflate'],
    ['gzip;q=0.000', ''],
    ['trailers', ''],
    ['', ''],
    ['br, unknown;a=b;c="d e"', ''],
    ['gzip;a=b', 'gzip'],
    ['gzip;q=2', undefined],
    ['gzip;q=1.001', undefined],
    ['gzip;q=0.1234', undefined],
    ['gzip;q=.5', undefined],
    ['gzip;q=', undefined],
    ['gzip;q', undefined],
    ['gzip;=1', undefined],
    [';q=1', undefined],
    ['gz ip', undefined],
    ['"gzip"', undefined],
    ['gzip;a=b c', undefined],
  ])('%j is %j', (te, coding) => {
    expect(acceptedCoding(te)).toBe(coding);
  });
});
