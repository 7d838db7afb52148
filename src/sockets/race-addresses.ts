/**
 * Happy Eyeballs (RFC 8305): connects to the first address of a name that answers.
 *
 * Addresses wait in two queues, one for each family; attempts are made one after the other, from the queues in turn beginning with
 * IPv6. One clock runs at most: until the next attempt, or, before the first, for as long as IPv6 is waited for.
 */
import { asyncScheduler, defer, Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { captureSubscriber } from '../../operators/core/operate.js';
import { isNetworkError, isUsageError, NetworkError, UsageError } from '../../operators/core/protocol-error.js';
import type { ResolvedAddress } from './resolved-address.js';

/** How the addresses of a name are tried (RFC 8305 §8). */
export interface HappyEyeballs {
  /** Milliseconds an attempt is ahead of the next one, while neither has failed; at least 10. Default 250. */
  readonly attemptDelay?: number | undefined;
  /** Milliseconds to wait for IPv6 addresses where IPv4 ones came first. Default 50. */
  readonly resolutionDelay?: number | undefined;
  /** Addresses of a name that are tried; what a resolver finds beyond them is not looked at. Default 64. */
  readonly maxAddresses?: number | undefined;
}

export interface RaceConfig extends HappyEyeballs {
  /** Clock of the delays; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined;
}

const ATTEMPT_DELAY = 250;
const LEAST_ATTEMPT_DELAY = 10;
const RESOLUTION_DELAY = 50;
const MAX_ADDRESSES = 64;

/**
 * Connects to the first address that answers (Happy Eyeballs, RFC 8305): families in turn beginning with IPv6, the next attempt as
 * soon as the last has failed or has taken too long. Emits one connection and completes; the other attempts are unsubscribed.
 *
 * ```text
 * addresses       (a|)              a: [::1, 127.0.0.1]
 * connect(::1)    ------…
 * connect(127…)   250ms --(y|)
 * raceAddresses   250ms --(y|)
 * ```
 *
 * Addresses may come late, also while attempts are under way. When all attempts have failed, it fails with the error of the only
 * one, or with a `NetworkError` of the first one's code, whose `cause` is an `AggregateError` of all, the resolver's included;
 * `ENOTFOUND` where there was no address. A `UsageError` ends it at once. `UsageError` `INVALID_OPTION`.
 *
 * @param connect one attempt; cold, emits one connection
 * @example
 * ```ts
 * import { connectTcp, raceAddresses, systemResolver } from 'rxweir';
 * raceAddresses(systemResolver('localhost'), ({ address }) => connectTcp({ host: address, port: 80 })).subscribe();
 * ```
 */
export function raceAddresses<T>(
  addresses: Observable<readonly ResolvedAddress[]>,
  connect: (address: ResolvedAddress) => Observable<T>,
  config: RaceConfig = {},
): Observable<T> {
  return new Observable((subscriber) => {
    const race = new Race(subscriber, connect, config);
    subscriber.add(() => race.stop());
    subscriber.add(addresses.subscribe(race.resolving));
  });
}

class Race<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #connect: (address: ResolvedAddress) => Observable<T>;
  readonly #attemptDelay: number;
  readonly #resolutionDelay: number;
  readonly #maxAddresses: number;
  readonly #scheduler: SchedulerLike;
  readonly #waiting: Readonly<Record<4 | 6, ResolvedAddress[]>> = { 4: [], 6: [] };
  readonly #known = new Set<string>();
  readonly #running = new Set<Subscriber<T>>();
  readonly #failures: unknown[] = [];
  #unresolved: readonly unknown[] = [];
  #newest: Subscriber<T> | undefined;
  #last: 4 | 6 = 4;
  #begun = false;
  #waitedForIpv6 = false;
  #resolved = false;
  #clock: Subscription | undefined;

  constructor(subscriber: Subscriber<T>, connect: (address: ResolvedAddress) => Observable<T>, config: RaceConfig) {
    this.#subscriber = subscriber;
    this.#connect = connect;
    this.#attemptDelay = atLeast('attemptDelay', LEAST_ATTEMPT_DELAY, config.attemptDelay ?? ATTEMPT_DELAY);
    this.#resolutionDelay = atLeast('resolutionDelay', 0, config.resolutionDelay ?? RESOLUTION_DELAY);
    this.#maxAddresses = atLeast('maxAddresses', 1, config.maxAddresses ?? MAX_ADDRESSES);
    this.#scheduler = config.scheduler ?? asyncScheduler;
  }

  readonly resolving = {
    next: (found: readonly ResolvedAddress[]): void => {
      for (const one of found) {
        if (this.#known.size >= this.#maxAddresses) break;
        if (this.#known.has(one.address)) continue;
        this.#known.add(one.address);
        this.#waiting[one.family].push(one);
      }
      if (!this.#begun && this.#waiting[6].length > 0) this.#stopClock(); // it has come in time
      this.#step();
    },
    error: (error: unknown): void => {
      this.#unresolved = [error];
      this.resolving.complete();
    },
    complete: (): void => {
      this.#resolved = true;
      if (!this.#begun) this.#stopClock();
      this.#step();
    },
  };

  stop(): void {
    this.#stopClock();
    for (const attempt of this.#running) attempt.unsubscribe();
    this.#running.clear();
  }

  /** The next attempt, if it is its time; the end, if there is none to come. */
  #step(): void {
    if (this.#clock !== undefined || this.#subscriber.closed) return;
    if (!this.#begun && !this.#resolved && !this.#waitedForIpv6 && this.#isOnly(4)) {
      this.#waitedForIpv6 = true;
      return this.#wind(this.#resolutionDelay);
    }
    const address = this.#take();
    if (address !== undefined) return this.#attempt(address);
    if (this.#resolved && this.#running.size === 0)
      this.#subscriber.error(gathered([...this.#failures, ...this.#unresolved]));
  }

  #isOnly(family: 4 | 6): boolean {
    return this.#waiting[family].length > 0 && this.#waiting[family === 4 ? 6 : 4].length === 0;
  }

  #take(): ResolvedAddress | undefined {
    const other = this.#last === 4 ? 6 : 4;
    const next = this.#waiting[other].shift() ?? this.#waiting[this.#last].shift();
    if (next !== undefined) this.#last = next.family;
    return next;
  }

  #attempt(address: ResolvedAddress): void {
    this.#begun = true;
    const lost = (error: unknown): void => {
      this.#running.delete(attempt);
      if (isUsageError(error)) return this.#subscriber.error(error); // it is the same for all addresses
      this.#failures.push(error);
      if (attempt === this.#newest) this.#stopClock();
      this.#step();
    };
    const attempt = captureSubscriber<T>({
      next: (connection) => {
        this.#running.delete(attempt);
        this.stop(); // before the connection is seen
        this.#subscriber.next(connection);
        this.#subscriber.complete();
      },
      error: lost,
      complete: () => lost(new NetworkError('ECONNABORTED', 'connect', 'an attempt came to nothing')),
    });
    this.#newest = attempt;
    this.#running.add(attempt);
    const last = this.#resolved && this.#waiting[4].length + this.#waiting[6].length === 0;
    if (!last) this.#wind(this.#attemptDelay);
    defer(() => this.#connect(address)).subscribe(attempt);
  }

  #wind(milliseconds: number): void {
    this.#clock = this.#scheduler.schedule(() => {
      this.#clock = undefined;
      this.#step();
    }, milliseconds);
  }

  #stopClock(): void {
    this.#clock?.unsubscribe();
    this.#clock = undefined;
  }
}

function atLeast(name: string, least: number, value: number): number {
  if (typeof value === 'number' && value >= least) return value;
  throw new UsageError('INVALID_OPTION', `happyEyeballs.${name}: a number of at least ${least}`);
}

function gathered(failures: readonly unknown[]): unknown {
  const [first] = failures;
  if (failures.length === 0) return new NetworkError('ENOTFOUND', 'resolve', 'the name has no address');
  if (failures.length === 1 || !isNetworkError(first)) return first;
  const text = failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
  return new NetworkError(first.code, first.phase, text, new AggregateError(failures, text));
}
