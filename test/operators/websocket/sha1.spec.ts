import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha1 } from '../../../operators/websocket/sha1.js';

describe('sha1', () => {
  it('is that of FIPS 180 for its three bytes', () => {
    expect(sha1('abc').toString('hex')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  });

  it('is what node:crypto makes, at every length around the ends of blocks, with any bytes', () => {
    for (let length = 0; length < 200; length++) {
      const text = randomBytes(length).toString('latin1');
      expect(sha1(text), `${length} bytes`).toEqual(createHash('sha1').update(text, 'latin1').digest());
    }
  });
});
