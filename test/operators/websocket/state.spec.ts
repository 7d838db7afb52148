import { describe, expect, it } from 'vitest';
import { ILLEGAL } from '../../../operators/core/transition-table.js';
import {
  phaseOf,
  WEBSOCKET_INPUTS,
  WEBSOCKET_STATES,
  type WebSocketState,
  webSocketTable,
} from '../../../operators/websocket/state.js';

/**
 * Every state × input a second time, a column each: accept; send data, ping, pong, close; receive the same; fail, end,
 * abort. `.` stays, `-` is illegal, a letter is the next state.
 */
const LISTING: Readonly<Record<WebSocketState, string>> = {
  //            a send recv fea
  connecting: ' O ---- ---- FXF',
  open: '       - ...l ...r fXF',
  closingLocal: '- --.- ...L fXF',
  closingRemote: '- .--R ---- fXF',
  shutLocal: '  - ---- ---- -cc',
  shutRemote: ' - ---- ---- -CC',
  failing: '    - ---- ---- -FF',
  closedLocal: '- ---- ---- ---',
  closedRemote: '- ---- ---- ---',
  failed: '     - ---- ---- ---',
  lost: '       - ---- ---- ---',
};
const NEXT: Readonly<Record<string, WebSocketState>> = {
  O: 'open',
  l: 'closingLocal',
  r: 'closingRemote',
  L: 'shutLocal',
  R: 'shutRemote',
  f: 'failing',
  F: 'failed',
  X: 'lost',
  c: 'closedLocal',
  C: 'closedRemote',
};

const pairs = WEBSOCKET_STATES.flatMap((state) => WEBSOCKET_INPUTS.map((input) => [state, input] as const));

describe('every state × input', () => {
  it.each(pairs)('%s, %s', (state, input) => {
    const mark = LISTING[state].replaceAll(' ', '')[WEBSOCKET_INPUTS.indexOf(input)] as string;
    const next = webSocketTable.next(webSocketTable.stateOf(state), webSocketTable.inputOf(input));
    if (mark === '-') expect(next).toBe(ILLEGAL);
    else expect(WEBSOCKET_STATES[next]).toBe(mark === '.' ? state : NEXT[mark]);
  });
});

it('nothing leads out of a closed state, and into one from every other', () => {
  for (const state of WEBSOCKET_STATES) {
    const ends = WEBSOCKET_INPUTS.filter((input) => {
      const next = WEBSOCKET_STATES[webSocketTable.next(webSocketTable.stateOf(state), webSocketTable.inputOf(input))];
      return next !== undefined && phaseOf(next) === 'closed';
    });
    if (phaseOf(state) === 'closed') expect(ends).toEqual([]);
    else expect(ends).toEqual(expect.arrayContaining(['recvEnd', 'abort']));
  }
});

it('no state is left behind: each can be reached', () => {
  const reached = new Set<string>(['connecting']);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const state of Array.from(reached)) {
      for (const input of WEBSOCKET_INPUTS) {
        const next = webSocketTable.next(
          webSocketTable.stateOf(state as WebSocketState),
          webSocketTable.inputOf(input),
        );
        if (next !== ILLEGAL) reached.add(WEBSOCKET_STATES[next] as string);
      }
    }
  }
  expect([...reached].sort()).toEqual([...WEBSOCKET_STATES].sort());
});
