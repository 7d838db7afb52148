import { configure } from 'rxjs-marbles';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { expect } from 'vitest';

/**
 * Wraps a marble test: `it('maps', marbles((m) => { m.expect(...).toBeObservable('-a-|'); }))`.
 *
 * The callback must be synchronous: what follows a first `await` would be asserted after the flush, that is never.
 * Errors are compared by name and message only; where class, code or cause matter, use {@link runMarbles}.
 */
export const { marbles } = configure({
  run: true,
  frameworkMatcher: true,
  assertDeepEqual: (actual: unknown, expected: unknown) => {
    expect(actual).toStrictEqual(expected);
  },
});

/** Runs `body` under a `TestScheduler` in run mode, comparing notifications strictly: error classes and fields count. */
export function runMarbles(body: (helpers: RunHelpers & { scheduler: TestScheduler }) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toStrictEqual(expected);
  });
  scheduler.run((helpers) => {
    body({ ...helpers, scheduler });
  });
}
