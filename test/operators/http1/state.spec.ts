import { describe, expect, it } from 'vitest';
import { ILLEGAL } from '../../../operators/core/transition-table.js';
import { HTTP1_INPUTS, HTTP1_STATES, requestLane, responseLane } from '../../../operators/http1/state.js';

/** Every legal pair, spelt out a second time; all others are illegal. */
const BOTH = `
IDLE head SEND_BODY
IDLE lastHead SEND_LAST_BODY
IDLE close CLOSED
SEND_BODY data SEND_BODY
SEND_BODY end DONE
SEND_LAST_BODY data SEND_LAST_BODY
SEND_LAST_BODY end MUST_CLOSE
DONE head SEND_BODY
DONE lastHead SEND_LAST_BODY
DONE close CLOSED
MUST_CLOSE close CLOSED
CLOSED close CLOSED
SWITCHED data SWITCHED
SWITCHED close CLOSED
ERROR close ERROR
IDLE fail ERROR
SEND_BODY fail ERROR
SEND_LAST_BODY fail ERROR
DONE fail ERROR
MUST_CLOSE fail ERROR
SWITCHED fail ERROR
ERROR fail ERROR`;
const REQUESTS = `${BOTH}
DONE upgrade SWITCHED
MUST_CLOSE upgrade SWITCHED`;
const RESPONSES = `${BOTH}
IDLE informational IDLE
DONE informational IDLE
SEND_BODY upgrade SWITCHED`;

describe.each([
  ['requestLane', requestLane, REQUESTS],
  ['responseLane', responseLane, RESPONSES],
] as const)('%s', (_name, table, listing) => {
  const legal = new Map(
    listing
      .trim()
      .split('\n')
      .map((row) => row.split(' '))
      .map(([state, input, next]) => [`${state} ${input}`, next]),
  );

  it.each(HTTP1_STATES.flatMap((state) => HTTP1_INPUTS.map((input) => [state, input] as const)))(
    '%s, %s',
    (state, input) => {
      const next = table.next(table.stateOf(state), table.inputOf(input));
      expect(next === ILLEGAL ? undefined : HTTP1_STATES[next]).toBe(legal.get(`${state} ${input}`));
    },
  );

  it('a message cannot be followed once it must close', () => {
    const reached = new Set(['MUST_CLOSE']);
    for (const state of reached) {
      for (const input of HTTP1_INPUTS) {
        const next = legal.get(`${state} ${input}`);
        if (next !== undefined) reached.add(next);
      }
    }
    expect(reached.has('SEND_BODY') || reached.has('IDLE') || reached.has('DONE')).toBe(false);
  });
});
