import { constants } from 'node:http2';
import { expect, it } from 'vitest';
import { Http2ErrorCode, http2ErrorName, type Http2ErrorName } from '../../../operators/http2/error-code.js';

it('has the fourteen codes of node:http2, by the same numbers', () => {
  const names = Object.keys(Http2ErrorCode) as Http2ErrorName[];
  expect(names).toHaveLength(14);
  for (const name of names) {
    const known = constants as unknown as Record<string, number>;
    expect(known[`NGHTTP2_${name}`], name).toBe(Http2ErrorCode[name]);
    expect(http2ErrorName(Http2ErrorCode[name])).toBe(name);
  }
  expect(http2ErrorName(14)).toBeUndefined();
  expect(http2ErrorName(-1)).toBeUndefined();
});
