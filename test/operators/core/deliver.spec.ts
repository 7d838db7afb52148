import { afterEach, describe, expect, it, vi } from 'vitest';
import * as here from '../../../operators/core/deliver.js';

const { deliver, hold, isDelivering, isHeld, relay, undelivered } = here;

afterEach(() => vi.resetModules());

it('two copies of the module share the slot: a hold of one keeps a delivery of the other', async () => {
  vi.resetModules();
  const copy = await import('../../../operators/core/deliver.js');
  expect(copy.deliver).not.toBe(deliver);
  const log: string[] = [];
  const held: (() => void)[] = [];
  copy.deliver({ next: () => held.push(hold()) }, 'by the copy', (value) => log.push(value));
  deliver({ next: () => held.push(copy.hold()) }, 'by us', (value) => log.push(value));
  expect(log).toEqual([]);
  for (const release of held) release();
  expect(log).toEqual(['by the copy', 'by us']);
});

it('isDelivering and isHeld tell what is on the stack', () => {
  const log: unknown[] = [];
  const look = (): void => void log.push([isDelivering(), isHeld()]);
  look();
  const next = (): void => {
    look();
    const release = hold();
    look();
    release();
    look();
    undelivered(look);
    look();
  };
  deliver({ next }, 1, () => undefined);
  look();
  expect(log).toEqual([
    [false, false],
    [true, false],
    [true, true],
    [true, false],
    [false, false],
    [true, false],
    [false, false],
  ]);
});

it('undelivered: what is emitted there is charged to nobody, and a throw restores the delivery', () => {
  const log: string[] = [];
  deliver(
    {
      next() {
        undelivered(hold);
        expect(() =>
          undelivered(() => {
            throw new Error('inside');
          }),
        ).toThrow('inside');
        expect(isDelivering()).toBe(true);
      },
    },
    'value',
    (value) => log.push(value),
  );
  expect(log).toEqual(['value']);
});

describe('relay', () => {
  it('holds the delivery around it for as long as its own is held', () => {
    const log: string[] = [];
    let release: (() => void) | undefined;
    const last = { next: () => (release = hold()) };
    const middle = { next: () => relay(last, 'inner', (value) => log.push(value)) };
    deliver(middle, 'outer', (value) => log.push(value));
    expect(log).toEqual([]);
    release?.();
    expect(log).toEqual(['inner', 'outer']);
  });

  it('lets both go if nobody holds', () => {
    const log: string[] = [];
    const middle = { next: () => relay({ next: () => hold()() }, 'inner', (value) => log.push(value)) };
    deliver(middle, 'outer', (value) => log.push(value));
    expect(log).toEqual(['inner', 'outer']);
  });

  it('is a plain delivery where there is none around it', () => {
    const log: string[] = [];
    let release: (() => void) | undefined;
    relay({ next: () => (release = hold()) }, 'value', (value) => log.push(value));
    expect(log).toEqual([]);
    release?.();
    expect(log).toEqual(['value']);
  });
});
