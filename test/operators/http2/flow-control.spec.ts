import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MAX_WINDOW, ReceiveWindow, SendWindow, splitIncrement } from '../../../operators/http2/flow-control.js';
import { thrown } from './frames.js';

describe('SendWindow', () => {
  it('takes what there is', () => {
    const window = new SendWindow('stream', 10);
    expect([window.take(4), window.take(9), window.take(1), window.available]).toEqual([4, 6, 0, 0]);
    window.putBack(2);
    expect(window.take(5)).toBe(2);
  });

  it.each(['stream', 'connection'] as const)('C16: a %s window over 2^31 - 1 is an error of its scope', (scope) => {
    const window = new SendWindow(scope, 0);
    window.increase(MAX_WINDOW);
    expect(thrown(() => window.increase(1))).toBe(`${scope} FLOW_CONTROL_ERROR 3`);
    expect(window.available).toBe(MAX_WINDOW);
  });

  it('C17: settings make windows negative; over 2^31 - 1 is a connection error', () => {
    const window = new SendWindow('stream', 100);
    window.take(80);
    window.adjust(-90);
    expect([window.available, window.take(1)]).toEqual([-70, 0]);
    window.increase(70);
    expect(window.take(1)).toBe(0);
    window.increase(MAX_WINDOW);
    expect(thrown(() => window.adjust(1))).toBe('connection FLOW_CONTROL_ERROR 3');
  });
});

describe('ReceiveWindow', () => {
  it.each(['stream', 'connection'] as const)('trap 27: overrun of a %s window, by one byte', (scope) => {
    const window = new ReceiveWindow(scope, 10);
    window.receive(10);
    expect(thrown(() => window.receive(1))).toBe(`${scope} FLOW_CONTROL_ERROR 3`);
    window.receive(0);
  });

  it('gives back when half is consumed', () => {
    const window = new ReceiveWindow('stream', 10);
    window.receive(10);
    expect([window.release(4), window.held, window.released, window.available]).toEqual([0, 6, 4, 0]);
    expect([window.release(1), window.held, window.released, window.available]).toEqual([5, 5, 0, 5]);
    expect([window.release(1), window.flush(), window.flush()]).toEqual([0, 1, 0]);
  });

  it('follows its size down to 0 and below, and up', () => {
    const window = new ReceiveWindow('stream', 10);
    window.receive(8);
    window.adjust(-10);
    expect([window.size, window.available, window.held]).toEqual([0, -8, 8]);
    expect(thrown(() => window.receive(1))).toBe('stream FLOW_CONTROL_ERROR 3');
    expect(window.release(8)).toBe(8);
    expect([window.available, window.release(0)]).toEqual([0, 0]);
    window.adjust(5);
    expect(window.available).toBe(5);
    expect([window.grow(7), window.size, window.grow(MAX_WINDOW)]).toEqual([7, 12, MAX_WINDOW - 12]);
  });

  test.prop([fc.integer({ min: 1, max: 1000 }), fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 50 })])(
    'C19: no credit leaks: both sides agree, and all consumed is all given back',
    (size, steps) => {
      const ours = new ReceiveWindow('stream', size);
      const theirs = new SendWindow('stream', size);
      let held = 0;
      for (const [wanted, consumed] of steps) {
        const sent = theirs.take(wanted);
        ours.receive(sent);
        held += sent;
        const released = Math.min(consumed, held);
        held -= released;
        theirs.increase(ours.release(released));
        expect(ours.available).toBe(theirs.available);
        expect(ours.held).toBe(held);
        expect(ours.available + ours.released + ours.held).toBe(size);
      }
      theirs.increase(ours.release(held));
      theirs.increase(ours.flush());
      expect(theirs.available).toBe(size);
    },
  );
});

it('splits increments above 2^31 - 1', () => {
  expect(splitIncrement(0)).toEqual([]);
  expect(splitIncrement(5)).toEqual([5]);
  expect(splitIncrement(MAX_WINDOW * 2 + 1)).toEqual([MAX_WINDOW, MAX_WINDOW, 1]);
});
