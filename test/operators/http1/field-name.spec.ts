import { describe, expect, it } from 'vitest';
import {
  CONTENT_LENGTH,
  findName,
  flagsAt,
  hashStep,
  isForbiddenTrailer,
  nameAt,
  NOT_IN_TRAILERS,
} from '../../../operators/http1/field-name.js';
import { bytesOf } from './support.js';

function find(name: string): number {
  const bytes = bytesOf(`..${name}..`);
  let hash = 0;
  for (const char of name.toLowerCase()) hash = hashStep(hash, char.charCodeAt(0));
  return findName(bytes, 2, 2 + name.length, hash);
}

describe('findName', () => {
  it('finds known names in any case', () => {
    for (const name of ['Content-Length', 'content-length', 'CONTENT-LENGTH']) {
      expect(nameAt(find(name))).toBe('content-length');
      expect(flagsAt(find(name))).toBe(CONTENT_LENGTH | NOT_IN_TRAILERS);
    }
    expect(nameAt(find('Accept'))).toBe('accept');
    expect(flagsAt(find('Accept'))).toBe(0);
  });

  it('does not find others, even of the same hash', () => {
    for (const name of ['', 'x', 'content-lengt', 'content-lengthh', '__proto__']) expect(find(name)).toBe(-1);
    const bytes = bytesOf('accepu');
    let hash = 0;
    for (const char of 'accept') hash = hashStep(hash, char.charCodeAt(0));
    expect(findName(bytes, 0, 6, hash)).toBe(-1);
  });

  it('knows what has no place in trailers', () => {
    expect(isForbiddenTrailer('transfer-encoding')).toBe(true);
    expect(isForbiddenTrailer('etag')).toBe(false);
    expect(isForbiddenTrailer('constructor')).toBe(false);
  });
});
