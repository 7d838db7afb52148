import { concat, NEVER, type Observable, of, throwError, timer, map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NetworkError, UsageError } from '../../../operators/core/protocol-error.js';
import { raceAddresses, type RaceConfig } from '../../../src/sockets/race-addresses.js';
import type { ResolvedAddress } from '../../../src/sockets/resolved-address.js';
import { marbles, runMarbles } from '../../support/marbles.js';

/** a, b, c: IPv6; x, y, z: IPv4. */
const A: Record<string, ResolvedAddress> = Object.fromEntries(
  ['a', 'b', 'c'].map((name) => [name, { address: `2001:db8::${name}`, family: 6 as const }]),
);
for (const [i, name] of ['x', 'y', 'z'].entries()) A[name] = { address: `192.0.2.${i + 1}`, family: 4 };

const nameOf = ({ address }: ResolvedAddress): string =>
  Object.keys(A).find((name) => A[name]?.address === address) as string;
const list = (names: string): ResolvedAddress[] => names.split('').map((name) => A[name] as ResolvedAddress);
const refused = (name: string): NetworkError => new NetworkError('ECONNREFUSED', 'connect', `refused ${name}`);

interface Scene {
  /** Marbles of the resolver: each character a list of the addresses named in `lists`. */
  readonly resolver: string;
  readonly lists: Record<string, string>;
  /** Marbles of each attempt. */
  readonly attempts: Record<string, string>;
  readonly config?: RaceConfig;
  /** When the result is unsubscribed. */
  readonly unsubscribe?: string;
}

/** What came of a race, when each attempt began, and that it was let go. */
function race(
  { resolver, lists, attempts, config, unsubscribe }: Scene,
  expected: string,
  begun: Record<string, string>,
): void {
  runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
    const names = cold<readonly ResolvedAddress[]>(
      resolver,
      Object.fromEntries(Object.entries(lists).map(([key, value]) => [key, list(value)])),
      new NetworkError('ENOTFOUND', 'resolve', 'no such name'),
    );
    const ways = Object.fromEntries(
      Object.entries(attempts).map(([name, marble]) => [name, cold(marble, { c: name }, refused(name))]),
    );
    const made = raceAddresses(names, (address) => ways[nameOf(address)] as Observable<string>, config);
    const values = Object.fromEntries(Object.keys(attempts).map((name) => [name, name]));
    expectObservable(made, unsubscribe).toBe(expected, values, begun['error'] && errorOf(begun['error']));
    for (const [name, way] of Object.entries(ways)) expectSubscriptions(way.subscriptions).toBe(begun[name] ?? []);
    if (begun['names'] !== undefined) expectSubscriptions(names.subscriptions).toBe(begun['names']);
  });
}

/** `ab` are the refusals of a and b, gathered. */
function errorOf(names: string): unknown {
  const errors = names
    .split('')
    .map((name) => (name === '!' ? new NetworkError('ENOTFOUND', 'resolve', 'no such name') : refused(name)));
  const [first] = errors as [NetworkError];
  if (errors.length === 1) return first;
  const text = errors.map(({ message }) => message).join('; ');
  return new NetworkError(first.code, first.phase, text, new AggregateError(errors, text));
}

describe('RFC 8305: one after the other', () => {
  it('connects to the only address', () => {
    race({ resolver: '(x|)', lists: { x: 'x' }, attempts: { x: '-(c|)' } }, '-(x|)', { x: '^!' });
  });

  it('begins with IPv6, and takes the families in turn', () => {
    race(
      {
        resolver: '(n|)',
        lists: { n: 'xyzabc' },
        attempts: { a: '-#', x: '-#', b: '-#', y: '-#', c: '-#', z: '-(c|)' },
      },
      '------(z|)',
      { a: '^!', x: '-^!', b: '--^!', y: '---^!', c: '----^!', z: '-----^!' },
    );
  });

  it('the next begins 250 ms after the last, while none has failed; the first to answer wins, the others are let go', () => {
    race(
      { resolver: '(n|)', lists: { n: 'axy' }, attempts: { a: '600ms (c|)', x: '10ms #', y: '100ms (c|)' } },
      '360ms (y|)',
      { a: '^ 359ms !', x: '250ms ^ 9ms !', y: '260ms ^ 99ms !', names: '(^!)' },
    );
  });

  it('the first one may still win', () => {
    race({ resolver: '(n|)', lists: { n: 'ax' }, attempts: { a: '300ms (c|)', x: '100ms (c|)' } }, '300ms (a|)', {
      a: '^ 299ms !',
      x: '250ms ^ 49ms !',
    });
  });

  it('a failure of an older attempt does not hurry the next, that of the newest does', () => {
    race(
      {
        resolver: '(n|)',
        lists: { n: 'axby' },
        attempts: { a: '300ms #', x: '200ms #', b: '-(c|)', y: '-(c|)' },
      },
      '451ms (b|)',
      { a: '^ 299ms !', x: '250ms ^ 199ms !', b: '450ms ^!' },
    );
  });

  it('the delay is an option', () => {
    race(
      { resolver: '(n|)', lists: { n: 'ax' }, attempts: { a: '-', x: '-(c|)' }, config: { attemptDelay: 10 } },
      '11ms (x|)',
      { a: '^ 10ms !', x: '10ms ^!' },
    );
  });
});

describe('RFC 8305: names', () => {
  it('IPv6 is waited for 50 ms where IPv4 came first', () => {
    race({ resolver: 'x 100ms |', lists: { x: 'x' }, attempts: { x: '-(c|)' } }, '51ms (x|)', {
      x: '50ms ^!',
      names: '^ 50ms !',
    });
  });

  it('and goes first if it comes in time', () => {
    race({ resolver: 'x 29ms a|', lists: { x: 'x', a: 'a' }, attempts: { a: '-(c|)', x: '-' } }, '31ms (a|)', {
      a: '30ms ^!',
    });
  });

  it('is not waited for when it is known that there is none', () => {
    race({ resolver: 'x 9ms |', lists: { x: 'x' }, attempts: { x: '-(c|)' } }, '11ms (x|)', { x: '10ms ^!' });
  });

  it('IPv6 alone is not waited with', () => {
    race({ resolver: 'a 99ms |', lists: { a: 'a' }, attempts: { a: '-(c|)' } }, '-(a|)', { a: '^!' });
  });

  it('late addresses join those that wait, in their turn', () => {
    race(
      { resolver: 'n 99ms a|', lists: { n: 'xy', a: 'a' }, attempts: { x: '-', a: '-(c|)', y: '-' } },
      '301ms (a|)',
      { x: '50ms ^ 250ms !', a: '300ms ^!' },
    );
  });

  it('one that comes when nothing runs any more is tried at once', () => {
    race({ resolver: 'a 99ms x|', lists: { a: 'a', x: 'x' }, attempts: { a: '-#', x: '-(c|)' } }, '101ms (x|)', {
      a: '^!',
      x: '100ms ^!',
    });
  });

  it('one that comes after the delay of the last attempt is tried at once', () => {
    race({ resolver: 'a 399ms x|', lists: { a: 'a', x: 'x' }, attempts: { a: '-', x: '-(c|)' } }, '401ms (x|)', {
      a: '^ 400ms !',
      x: '400ms ^!',
    });
  });

  it('an address that is told twice is tried once', () => {
    race({ resolver: 'a(m|)', lists: { a: 'a', m: 'aa' }, attempts: { a: '---#' } }, '---#', { a: '^--!', error: 'a' });
  });

  it('no more addresses are tried than may be', () => {
    race(
      {
        resolver: '(n|)',
        lists: { n: 'abx' },
        attempts: { a: '-#', b: '-#', x: '-(c|)' },
        config: { maxAddresses: 2 },
      },
      '--#',
      { a: '^!', b: '-^!', error: 'ab' },
    );
  });

  it('a resolver that fails while attempts run takes none of them away', () => {
    race({ resolver: 'a#', lists: { a: 'a' }, attempts: { a: '---(c|)' } }, '---(a|)', { a: '^--!' });
    race({ resolver: 'a#', lists: { a: 'a' }, attempts: { a: '---#' } }, '---#', { a: '^--!', error: 'a!' });
  });
});

describe('failing', () => {
  it('of one address is its error, of several all of them in the order they were tried', () => {
    race({ resolver: '(a|)', lists: { a: 'a' }, attempts: { a: '--#' } }, '--#', { a: '^-!', error: 'a' });
    race({ resolver: '(n|)', lists: { n: 'xab' }, attempts: { a: '--#', x: '-#', b: '-#' } }, '----#', {
      a: '^-!',
      x: '--^!',
      b: '---^!',
      error: 'axb',
    });
  });

  it('is over only when the last attempt has failed, and nothing more can come', () => {
    race({ resolver: 'a 499ms |', lists: { a: 'a' }, attempts: { a: '--#' } }, '500ms #', { a: '^-!', error: 'a' });
  });

  it('without any address, and with an empty answer', () => {
    race({ resolver: '-#', lists: {}, attempts: {} }, '-#', { error: '!' });
    runMarbles(({ expectObservable }) => {
      expectObservable(raceAddresses(of([]), () => of(1))).toBe(
        '#',
        {},
        new NetworkError('ENOTFOUND', 'resolve', 'the name has no address'),
      );
    });
  });

  it('a throw of the connector is a failure of that attempt, a UsageError is one of all', () => {
    runMarbles(({ expectObservable }) => {
      const connect = ({ address }: ResolvedAddress): Observable<string> => {
        if (address === A['a']?.address) throw refused('a');
        return of('x');
      };
      expectObservable(raceAddresses(of(list('ax')), connect)).toBe('(c|)', { c: 'x' });
      const asked: string[] = [];
      const wrong = (one: ResolvedAddress): Observable<string> => {
        asked.push(nameOf(one));
        return throwError(() => new UsageError('INVALID_OPTION', 'port'));
      };
      expectObservable(raceAddresses(of(list('ax')), wrong)).toBe('#', {}, new UsageError('INVALID_OPTION', 'port'));
      expectObservable(raceAddresses(of(list('ax')), () => of<string[]>())).toBe(
        '#',
        {},
        expect.objectContaining({ code: 'ECONNABORTED' }) as never,
      );
      queueMicrotask(() => expect(asked).toEqual(['a']));
    });
  });

  it.each([
    { attemptDelay: 9 },
    { attemptDelay: Number.NaN },
    { attemptDelay: '250' as never },
    { resolutionDelay: -1 },
    { maxAddresses: 0 },
  ])('%j is refused', (config) => {
    let error: unknown;
    raceAddresses(of(list('a')), () => NEVER, config).subscribe({ error: (e: unknown) => (error = e) });
    expect(error).toMatchObject({ name: 'UsageError', code: 'INVALID_OPTION' });
  });
});

describe('unsubscribing', () => {
  it.each([
    ['while the name is resolved', '-!', { names: '^!' }],
    ['while IPv6 is waited for', '10ms !', { names: '^ 9ms !' }],
    ['while one attempt runs', '60ms !', { names: '^ 59ms !', x: '52ms ^ 7ms !' }],
    ['while two run', '310ms !', { names: '^ 309ms !', x: '52ms ^ 257ms !', y: '302ms ^ 7ms !' }],
  ] as [string, string, Record<string, string>][])('%s lets everything go', (_, unsubscribe, begun) => {
    race({ resolver: '--n', lists: { n: 'xy' }, attempts: { x: '-', y: '-' }, unsubscribe }, '-', begun);
  });

  it(
    'leaves no timer behind',
    marbles((m) => {
      const made = raceAddresses(of(list('ax')), () => timer(5).pipe(map(() => 'c')));
      m.expect(made).toBeObservable('5ms (c|)');
      m.expect(concat(made, made)).toBeObservable('5ms c 4ms (c|)');
    }),
  );
});
