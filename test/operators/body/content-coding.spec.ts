import { describe, expect, it } from 'vitest';
import { acceptEncoding, CONTENT_CODINGS, negotiateCoding } from '../../../operators/body/content-coding.js';
import { Fields } from '../../../operators/http/fields.js';

describe('acceptEncoding', () => {
  it('names what can be undone here', () => {
    expect(acceptEncoding()).toBe(CONTENT_CODINGS.join(', '));
    expect(acceptEncoding(['gzip'])).toBe('gzip');
    expect(acceptEncoding([])).toBe('identity');
    expect(CONTENT_CODINGS.filter((coding) => coding !== 'zstd')).toEqual(['br', 'gzip', 'deflate']);
  });
});

describe('negotiateCoding', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip;q=0.5, br;q=0.4', 'gzip'],
    ['gzip ; q=0.5 , br; Q=0.6', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0.1, deflate', 'deflate'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['gzip;q=2, br;q=x, deflate;q=', undefined],
    ['gzip;q=0.00001', undefined],
    ['compress, exi', undefined],
  ])('%j is %j', (accept, coding) => {
    const fields = new Fields(accept === undefined ? {} : { 'accept-encoding': accept });
    expect(negotiateCoding(fields, ['br', 'gzip', 'deflate'])).toBe(coding);
  });

  it('over several lines', () => {
    const fields = new Fields([
      ['accept-encoding', 'gzip;q=0.1'],
      ['accept-encoding', 'deflate'],
    ]);
    expect(negotiateCoding(fields)).toBe('deflate');
  });
});
