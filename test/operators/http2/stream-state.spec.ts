import { describe, expect, it } from 'vitest';
import { ILLEGAL } from '../../../operators/core/transition-table.js';
import {
  STREAM_INPUTS,
  STREAM_STATES,
  STREAM_VERDICTS,
  type StreamInput,
  type StreamState,
  streamTable,
} from '../../../operators/http2/stream-state.js';
import {
  IGNORED,
  isActive,
  isClosed,
  maySend,
  receiveStep,
  sendStep,
  StreamInputCode,
  StreamStateCode,
} from '../../../operators/http2/stream-step.js';
import { thrown } from './frames.js';

/**
 * Every state × input a second time, a column each: sent H D E R W P U V, then received. `.` stays, a letter is the next
 * state, `!` refuses to send, `-` is ignored, P and C are connection errors PROTOCOL_ERROR and STREAM_CLOSED, s is a stream
 * error STREAM_CLOSED. Next states: o open, l r half closed, L R reset, c closed, v V reserved.
 */
const LISTING: Readonly<Record<StreamState, string>> = {
  //              sent        received
  idle: /*            */ 'o!!!!.!v oPPPP.PV',
  reservedLocal: /*   */ 'r!!L!.!! PPPR..PP',
  reservedRemote: /*  */ '!!!L..!! lPPRP.PP',
  open: /*            */ '..lL...! ..rR...P',
  halfClosedLocal: /* */ '!!!L..!! ..cR...P',
  halfClosedRemote: /**/ '..cL...! sssR..PP',
  closed: /*          */ '!!!!!.!! CCC--.PP',
  resetLocal: /*      */ '!!!!!.!! -----.-P',
  resetRemote: /*     */ '!!!!!.!! sss-s.PP',
  passed: /*          */ '!!!!!.!! PCCCC.PP',
};
const NEXT: Readonly<Record<string, StreamState>> = {
  o: 'open',
  l: 'halfClosedLocal',
  r: 'halfClosedRemote',
  L: 'resetLocal',
  R: 'resetRemote',
  c: 'closed',
  v: 'reservedLocal',
  V: 'reservedRemote',
};

const pairs = STREAM_STATES.flatMap((state) => STREAM_INPUTS.map((input) => [state, input] as const));

describe('every state × input', () => {
  it.each(pairs)('%s, %s', (state, input) => {
    const mark = LISTING[state].replace(' ', '')[STREAM_INPUTS.indexOf(input)] as string;
    const code = StreamInputCode[input];
    const from = StreamStateCode[state];
    const received = input.startsWith('recv');
    const run = (): number => (received ? receiveStep : sendStep)(from, code, 1);
    if (mark === '!') expect(thrown(run)).toBe('usage ILLEGAL_STREAM_STATE');
    else if (received && mark === 'P') expect(thrown(run)).toBe('connection PROTOCOL_ERROR 1');
    else if (received && mark === 'C') expect(thrown(run)).toBe('connection STREAM_CLOSED 5');
    else if (received && mark === 's') expect(thrown(run)).toBe('stream STREAM_CLOSED 5');
    else if (mark === '-') expect(run()).toBe(IGNORED);
    else expect(STREAM_STATES[run()]).toBe(mark === '.' ? state : NEXT[mark]);
    if (!received) expect(maySend(from, code)).toBe(mark !== '!');
  });

  it.each(pairs)('%s, %s: has a next state or a verdict, not both', (state, input) => {
    const legal = streamTable.next(StreamStateCode[state], StreamInputCode[input]) !== ILLEGAL;
    const verdict = (STREAM_VERDICTS[state] as Record<string, unknown>)[input];
    if (input.startsWith('recv')) expect(verdict !== undefined).toBe(!legal);
    else expect(verdict).toBeUndefined();
  });
});

it('both roles are held to the same rules: the table is its own mirror', () => {
  const swapState = (state: StreamState): StreamState => {
    const swapped = state.endsWith('Local') ? state.replace('Local', 'Remote') : state.replace('Remote', 'Local');
    return swapped as StreamState;
  };
  const swapInput = (input: StreamInput): StreamInput =>
    (input.startsWith('send') ? input.replace('send', 'recv') : input.replace('recv', 'send')) as StreamInput;
  for (const [state, input] of pairs) {
    const next = streamTable.next(StreamStateCode[state], StreamInputCode[input]);
    const mirrored = streamTable.next(StreamStateCode[swapState(state)], StreamInputCode[swapInput(input)]);
    if (next === ILLEGAL) expect(mirrored).toBe(ILLEGAL);
    else expect(STREAM_STATES[mirrored]).toBe(swapState(STREAM_STATES[next] as StreamState));
  }
});

it('says which states count as open streams, and which are over', () => {
  expect(STREAM_STATES.filter((state) => isActive(StreamStateCode[state]))).toEqual([
    'open',
    'halfClosedLocal',
    'halfClosedRemote',
  ]);
  expect(STREAM_STATES.filter((state) => isClosed(StreamStateCode[state]))).toEqual([
    'closed',
    'resetLocal',
    'resetRemote',
    'passed',
  ]);
});

it('nothing but PRIORITY leads out of a closed state, and that nowhere', () => {
  for (const [state, input] of pairs) {
    if (!isClosed(StreamStateCode[state])) continue;
    const next = streamTable.next(StreamStateCode[state], StreamInputCode[input]);
    expect(next).toBe(input.endsWith('Priority') ? StreamStateCode[state] : ILLEGAL);
  }
});
