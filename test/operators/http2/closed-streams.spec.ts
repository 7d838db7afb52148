import { describe, expect, it } from 'vitest';
import { ClosedStreams } from '../../../operators/http2/closed-streams.js';
import { StreamStateCode } from '../../../operators/http2/stream-step.js';

const { closed, resetLocal, resetRemote, passed } = StreamStateCode;

describe('ClosedStreams', () => {
  it('remembers how each came to its end; one never used was passed over', () => {
    const streams = new ClosedStreams();
    streams.add(1, closed as number);
    streams.add(3, resetLocal as number);
    streams.add(7, resetRemote as number);
    expect([1, 3, 5, 7].map((id) => streams.stateOf(id))).toEqual([closed, resetLocal, passed, resetRemote]);
  });

  it('forgets the oldest of many: those get the benefit of the doubt', () => {
    const streams = new ClosedStreams();
    for (let id = 1; id < 6000; id += 2) streams.add(id, (id % 3 === 0 ? resetRemote : closed) as number);
    expect(streams.stateOf(5999)).toBe(closed);
    expect(streams.stateOf(5997)).toBe(resetRemote);
    expect(streams.stateOf(1)).toBe(resetLocal);
  });

  it('keeps the last few hundred exactly', () => {
    const streams = new ClosedStreams();
    for (let id = 1; id < 10_000; id += 2) streams.add(id, (id % 3 === 0 ? resetRemote : closed) as number);
    for (let id = 9999; id > 9999 - 500; id -= 2) {
      expect(streams.stateOf(id)).toBe(id % 3 === 0 ? resetRemote : closed);
    }
  });

  it('takes the same stream twice without growing', () => {
    const streams = new ClosedStreams();
    for (let i = 0; i < 10_000; i++) streams.add(1, resetLocal as number);
    streams.add(1, closed as number);
    expect([streams.stateOf(1), streams.stateOf(3)]).toEqual([closed, passed]);
  });
});
