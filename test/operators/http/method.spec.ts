import { expect, it } from 'vitest';
import { formatHttpDate } from '../../../operators/http/date.js';
import { isIdempotentMethod, isSafeMethod } from '../../../operators/http/method.js';

const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'CONNECT', 'get', 'M-SEARCH'];

it('safe and idempotent methods; methods are case-sensitive', () => {
  expect(methods.filter(isSafeMethod)).toEqual(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
  expect(methods.filter(isIdempotentMethod)).toEqual(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
});

it('formatHttpDate gives the IMF-fixdate of RFC 9110', () => {
  expect(formatHttpDate(784_111_777_000)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  expect(formatHttpDate(0)).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
});
