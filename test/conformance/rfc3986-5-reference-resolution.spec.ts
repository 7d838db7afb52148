/** RFC 3986 §5: reference resolution, with the examples of §5.4. */
import { describe, expect, it } from 'vitest';
import { resolveReference } from '../../operators/exchange/resolve-reference.js';
import { removeDotSegments } from '../../operators/exchange/uri-reference.js';

const BASE = 'http://a/b/c/d;p?q';

describe('RFC 3986 §5', () => {
  it.each([
    ['g:h', 'g:h'],
    ['g', 'http://a/b/c/g'],
    ['./g', 'http://a/b/c/g'],
    ['g/', 'http://a/b/c/g/'],
    ['/g', 'http://a/g'],
    ['//g', 'http://g'],
    ['?y', 'http://a/b/c/d;p?y'],
    ['g?y', 'http://a/b/c/g?y'],
    ['#s', 'http://a/b/c/d;p?q#s'],
    ['g#s', 'http://a/b/c/g#s'],
    ['g?y#s', 'http://a/b/c/g?y#s'],
    [';x', 'http://a/b/c/;x'],
    ['g;x', 'http://a/b/c/g;x'],
    ['g;x?y#s', 'http://a/b/c/g;x?y#s'],
    ['', 'http://a/b/c/d;p?q'],
    ['.', 'http://a/b/c/'],
    ['./', 'http://a/b/c/'],
    ['..', 'http://a/b/'],
    ['../', 'http://a/b/'],
    ['../g', 'http://a/b/g'],
    ['../..', 'http://a/'],
    ['../../', 'http://a/'],
    ['../../g', 'http://a/g'],
  ])('5.4.1 %j is %s', (reference, uri) => {
    expect(resolveReference(BASE, reference)).toBe(uri);
  });

  it.each([
    ['../../../g', 'http://a/g'],
    ['../../../../g', 'http://a/g'],
    ['/./g', 'http://a/g'],
    ['/../g', 'http://a/g'],
    ['g.', 'http://a/b/c/g.'],
    ['.g', 'http://a/b/c/.g'],
    ['g..', 'http://a/b/c/g..'],
    ['..g', 'http://a/b/c/..g'],
    ['./../g', 'http://a/b/g'],
    ['./g/.', 'http://a/b/c/g/'],
    ['g/./h', 'http://a/b/c/g/h'],
    ['g/../h', 'http://a/b/c/h'],
    ['g;x=1/./y', 'http://a/b/c/g;x=1/y'],
    ['g;x=1/../y', 'http://a/b/c/y'],
    ['g?y/./x', 'http://a/b/c/g?y/./x'],
    ['g?y/../x', 'http://a/b/c/g?y/../x'],
    ['g#s/./x', 'http://a/b/c/g#s/./x'],
    ['g#s/../x', 'http://a/b/c/g#s/../x'],
    ['http:g', 'http:g'],
  ])('5.4.2 %j is %s', (reference, uri) => {
    expect(resolveReference(BASE, reference)).toBe(uri);
  });

  it.each([
    ['http://h', 'x', 'http://h/x'],
    ['http://h', '?z', 'http://h?z'],
    ['http://u:p@h:81/x/y', '?z=2', 'http://u:p@h:81/x/y?z=2'],
    ['http://u:p@h:81/x/y?q', '', 'http://u:p@h:81/x/y?q'],
    ['https://h/x', '//v:w@other:8443', 'https://v:w@other:8443'],
    ['http://h/a//b', '../c', 'http://h/a/c'],
    ['http://h/?a/b', 'c', 'http://h/c'],
    ['http://h/a', '1:2', 'http://h/1:2'],
    ['http://h/a', 'HTTP://H/', 'http://H/'],
    ['urn:a:b', 'c', 'urn:c'],
  ])('5.2 from %s, %j is %s', (base, reference, uri) => {
    expect(resolveReference(base, reference)).toBe(uri);
  });

  it('5.2.1 the base has a scheme', () => {
    expect(() => resolveReference('//h/a', 'b')).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
  });

  it('5.2.4 dot segments', () => {
    expect(removeDotSegments('/a/b/c/./../../g')).toBe('/a/g');
    expect(removeDotSegments('mid/content=5/../6')).toBe('mid/6');
    expect(removeDotSegments('/..')).toBe('/');
    expect(removeDotSegments('/a/..')).toBe('/');
    expect(removeDotSegments('/../../a/')).toBe('/a/');
    expect(removeDotSegments('/a//../b')).toBe('/a/b');
  });
});
