import { map, throwError, type Observable } from 'rxjs';
import { expect, it } from 'vitest';
import { marbles, runMarbles } from './marbles.js';

class CodedError extends Error {
  constructor(readonly code: string) {
    super('a message');
  }
}

it(
  'marbles compares notifications in virtual time',
  marbles((m) => {
    const source = m.hot('  -a--b-|', { a: 1, b: 2 });
    const doubled = source.pipe(map((value) => 2 * value));
    m.expect(doubled).toBeObservable('-a--b-|', { a: 2, b: 4 });
    m.expect(source).toHaveSubscriptions('^-----!');
  }),
);

function expectError(source: Observable<unknown>, error: unknown): () => void {
  return () => runMarbles(({ expectObservable }) => expectObservable(source).toBe('#', null, error));
}

it('runMarbles tells errors apart by class and field', () => {
  const source = throwError(() => new CodedError('ONE'));
  expect(expectError(source, new CodedError('ONE'))).not.toThrow();
  expect(expectError(source, new CodedError('TWO'))).toThrow();
  expect(expectError(source, new Error('a message'))).toThrow();
});
