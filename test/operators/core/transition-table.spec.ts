import { expect, it } from 'vitest';
import { compileTransitions, ILLEGAL } from '../../../operators/core/transition-table.js';

const states = ['red', 'green', 'off'] as const;
const inputs = ['next', 'fail'] as const;
const literal = { red: { next: 'green', fail: 'off' }, green: { next: 'red', fail: 'off' }, off: {} } as const;

it('walks as the literal says, and what it does not list is illegal', () => {
  const table = compileTransitions(states, inputs, literal);
  for (const state of states) {
    for (const input of inputs) {
      const wanted = (literal[state] as Partial<Record<string, (typeof states)[number]>>)[input];
      const cell = table.next(table.stateOf(state), table.inputOf(input));
      expect(cell).toBe(wanted === undefined ? ILLEGAL : table.stateOf(wanted));
    }
  }
});

it('is one byte a pair, in the order given', () => {
  const { cells } = compileTransitions(states, inputs, literal);
  expect([...cells]).toEqual([1, 2, 0, 2, ILLEGAL, ILLEGAL]);
});
