import { STATUS_CODES } from 'node:http';
import { expect, it } from 'vitest';
import { isBodiless, isInformational, reasonPhrase } from '../../../operators/http/status.js';

/** Where the IANA registry has another name than Node.js. */
const OTHERWISE: Readonly<Record<number, string>> = { 413: 'Content Too Large', 422: 'Unprocessable Content' };

it('reason phrases are the registered ones', () => {
  const differing: Record<number, string> = {};
  for (let status = 100; status < 1000; status++) {
    const phrase = reasonPhrase(status);
    const known = STATUS_CODES[status] ?? '';
    if (phrase !== known) differing[status] = phrase;
  }
  expect(differing).toEqual({ ...OTHERWISE, 509: '' });
});

it('a status without one has none', () => {
  expect(reasonPhrase(299)).toBe('');
});

it('classes', () => {
  expect([99, 100, 101, 103, 199, 200].map(isInformational)).toEqual([false, true, true, true, true, false]);
  expect([100, 101, 200, 204, 205, 304, 404].map(isBodiless)).toEqual([true, true, false, true, false, true, false]);
});
