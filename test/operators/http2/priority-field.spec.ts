import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { formatPriorityField, parsePriorityField } from '../../../operators/http2/priority-field.js';
import { parseDictionary } from '../../../operators/http2/structured-dictionary.js';

const N = { urgency: 3, incremental: false };

it.each([
  ['', N],
  ['u=1, i', { urgency: 1, incremental: true }],
  ['i', { ...N, incremental: true }],
  ['i=?0, u=7', { urgency: 7, incremental: false }],
  ['u=0', { ...N, urgency: 0 }],
  ['  u=5 ,\ti  ', { urgency: 5, incremental: true }],
  ['u=5;x=1;y="a,b", i;q', { urgency: 5, incremental: true }],
  ['u=1, u=2', { ...N, urgency: 2 }],
  ['a=(1 "x";p tok);z, b=:YQ==:, c="q\\"", d=tok/en, e=-1.5, f=@12, u=4', { ...N, urgency: 4 }],
  ['u=8', N],
  ['u=-1', N],
  ['u=-0', { ...N, urgency: 0 }],
  ['u=1.0', N],
  ['u="1"', N],
  ['u=tok, i=1', N],
  ['i=?2, u=1', N],
  ['u=1,', N],
  ['u=1 i', N],
  ['U=1', N],
  ['u=1, ,i', N],
  ['u=1, x="open', N],
  ['u=1, x=(1', N],
  ['u=1, x=(1"a")', N],
  ['u=1, x="\\a"', N],
  ['u=1, x=:a', N],
  ['u=1, x=1234567890123456', N],
  ['u=1, x=1.2345', N],
  ['u=1, x=@1.5', N],
  ['u=1;=2', N],
  ['u=1;a=', N],
  ['u=', N],
  ['\u00e9', N],
])('%j', (value, priority) => {
  expect(parsePriorityField(value)).toEqual(priority);
});

it('a decimal is not an integer even if it is whole', () => {
  expect(parseDictionary('u=1.0')?.get('u')).toBe('other');
  expect(parseDictionary('a, b=?0')).toEqual(
    new Map([
      ['a', true],
      ['b', false],
    ]),
  );
});

test.prop([fc.nat(7), fc.boolean()])('reads what it writes', (urgency, incremental) => {
  expect(parsePriorityField(formatPriorityField({ urgency, incremental }))).toEqual({ urgency, incremental });
});

test.prop([fc.string()])('anything gives a priority', (value) => {
  const { urgency } = parsePriorityField(value);
  expect(urgency >= 0 && urgency <= 7).toBe(true);
});
