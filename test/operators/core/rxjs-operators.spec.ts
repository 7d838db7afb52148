import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as rx from 'rxjs';
import { asyncScheduler, EMPTY, interval, merge, NEVER, Observable, of, timer, type OperatorFunction } from 'rxjs';
import * as everyOperator from 'rxjs/operators';
import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { runMarbles } from '../../support/marbles.js';

/** A value that can be found again in whatever an operator makes of it. */
class Item {
  constructor(readonly id: number) {}
}

/** How a pipeline is made; `see` tells of items that come out by another way than the result. */
type Use = (see: (item: Item) => void) => OperatorFunction<Item, unknown>;

const use =
  (...operators: OperatorFunction<unknown, unknown>[]): Use =>
  () =>
  (source) =>
    operators.reduce<Observable<unknown>>(
      (chain, operator) => chain.pipe(operator as OperatorFunction<unknown, unknown>),
      source,
    );

const any = (operator: unknown): OperatorFunction<unknown, unknown> => operator as OperatorFunction<unknown, unknown>;
const one = (operator: unknown): Use => use(any(operator));
const now = (item: Item): Observable<Item> => of(item);
const later = (item: Item): Observable<Item> => timer(2).pipe(rx.map(() => item));
const inners = (make: (item: Item) => Observable<Item>, flatten: unknown): Use => use(any(rx.map(make)), any(flatten));
const windows = (operator: unknown): Use => use(any(operator), any(rx.mergeAll()));
/** A second consumer subscribes some milliseconds after the first. */
const twice =
  (operator: OperatorFunction<Item, Item>, ms: number): Use =>
  () =>
  (source) => {
    const shared = source.pipe(operator);
    return merge(shared, timer(ms).pipe(rx.switchMap(() => shared)));
  };
const first = (item: Item): boolean => item.id === 0;
const yes = (): boolean => true;
const byId = (a: Item, b: Item): number => a.id - b.id;
const latest = (_: unknown, item: Item): Item => item;

const SYNC = ' (synchronous inner)';
const ASYNC = ' (asynchronous inner)';

/** One use of each operator; the names are those of docs/operators.md. */
const uses: Readonly<Record<string, Use>> = {
  audit: one(rx.audit(() => timer(5))),
  auditTime: one(rx.auditTime(5)),
  buffer: one(rx.buffer(interval(5))),
  bufferCount: one(rx.bufferCount(3)),
  bufferTime: one(rx.bufferTime(5)),
  bufferToggle: one(rx.bufferToggle(of(0), () => timer(5))),
  bufferWhen: one(rx.bufferWhen(() => timer(5))),
  catchError: one(rx.catchError(() => EMPTY)),
  combineLatestAll: inners(now, rx.combineLatestAll()),
  combineLatestWith: one(rx.combineLatestWith(interval(3).pipe(rx.take(5)))),
  [`concatAll${ASYNC}`]: inners(later, rx.concatAll()),
  [`concatAll${SYNC}`]: inners(now, rx.concatAll()),
  [`concatMap${ASYNC}`]: one(rx.concatMap(later)),
  [`concatMap${SYNC}`]: one(rx.concatMap((item: Item) => [item])),
  concatWith: one(rx.concatWith(of(0))),
  connect: one(rx.connect((shared: Observable<Item>) => merge(shared, shared.pipe(rx.map(() => 0))))),
  count: one(rx.count()),
  debounce: one(rx.debounce(() => timer(5))),
  debounceTime: one(rx.debounceTime(5)),
  defaultIfEmpty: one(rx.defaultIfEmpty(0)),
  delay: one(rx.delay(5)),
  delayWhen: one(rx.delayWhen(() => timer(5))),
  dematerialize: use(any(rx.materialize()), any(rx.dematerialize())),
  distinct: one(rx.distinct()),
  distinctUntilChanged: one(rx.distinctUntilChanged()),
  distinctUntilKeyChanged: one(rx.distinctUntilKeyChanged<Item>('id')),
  elementAt: one(rx.elementAt(3)),
  endWith: one(rx.endWith(0)),
  every: one(rx.every(yes)),
  [`exhaustAll${ASYNC}`]: inners(later, rx.exhaustAll()),
  [`exhaustAll${SYNC}`]: inners(now, rx.exhaustAll()),
  [`exhaustMap${ASYNC}`]: one(rx.exhaustMap(later)),
  [`exhaustMap${SYNC}`]: one(rx.exhaustMap((item: Item) => [item])),
  [`expand${ASYNC}`]: use(
    any(
      rx.expand((item: Item) =>
        item instanceof Stamp ? EMPTY : later(item).pipe(rx.map((value) => new Stamp(value))),
      ),
    ),
    any(rx.filter((item: Item) => item instanceof Stamp)),
  ),
  [`expand${SYNC}`]: one(rx.expand((item: Item) => (item instanceof Stamp ? EMPTY : of(new Stamp(item))))),
  filter: one(rx.filter((item: Item) => item.id % 2 === 0)),
  finalize: one(rx.finalize(() => undefined)),
  find: one(rx.find((item: Item) => item.id === 5)),
  findIndex: one(rx.findIndex((item: Item) => item.id === 5)),
  first: one(rx.first()),
  groupBy: windows(rx.groupBy((item: Item) => item.id % 3)),
  holdMap: one(holdMap(later)),
  ignoreElements: one(rx.ignoreElements()),
  isEmpty: one(rx.isEmpty()),
  last: one(rx.last()),
  map: one(rx.map((item: Item) => [item])),
  materialize: one(rx.materialize()),
  max: one(rx.max(byId)),
  [`mergeAll${ASYNC}`]: inners(later, rx.mergeAll()),
  [`mergeAll${SYNC}`]: inners(now, rx.mergeAll()),
  [`mergeMap${ASYNC}`]: one(rx.mergeMap(later)),
  'mergeMap (limited, asynchronous inner)': one(rx.mergeMap(later, 2)),
  [`mergeMap${SYNC}`]: one(rx.mergeMap((item: Item) => [item, item])),
  [`mergeScan${ASYNC}`]: one(rx.mergeScan((_: unknown, item: Item) => later(item), null)),
  [`mergeScan${SYNC}`]: one(rx.mergeScan((_: unknown, item: Item) => of(item), null)),
  mergeWith: one(rx.mergeWith(of(0))),
  min: one(rx.min((a: Item, b: Item) => byId(b, a))),
  observeOn: one(rx.observeOn(asyncScheduler)),
  onErrorResumeNextWith: one(rx.onErrorResumeNextWith(of(0))),
  pairwise: one(rx.pairwise()),
  raceWith: one(rx.raceWith(NEVER)),
  reduce: one(rx.reduce(latest, null as unknown)),
  repeat: one(rx.repeat(2)),
  retry: one(rx.retry(2)),
  sample: one(rx.sample(interval(5))),
  sampleTime: one(rx.sampleTime(5)),
  scan: one(rx.scan(latest, null as unknown)),
  sequenceEqual: (see) =>
    rx.sequenceEqual(interval(5).pipe(rx.map((id) => new Item(id))), (a, b) => {
      see(a);
      return a.id === b.id;
    }),
  share: twice(rx.share(), 5),
  shareReplay: twice(rx.shareReplay(), 1000),
  'shareReplay (1)': twice(rx.shareReplay(1), 1000),
  single: one(rx.single(first)),
  skip: one(rx.skip(3)),
  skipLast: one(rx.skipLast(3)),
  skipUntil: one(rx.skipUntil(of(0))),
  skipWhile: one(rx.skipWhile(first)),
  startWith: one(rx.startWith(0)),
  subscribeOn: one(rx.subscribeOn(asyncScheduler)),
  [`switchAll${ASYNC}`]: inners(later, rx.switchAll()),
  [`switchAll${SYNC}`]: inners(now, rx.switchAll()),
  [`switchMap${ASYNC}`]: one(rx.switchMap(later)),
  [`switchMap${SYNC}`]: one(rx.switchMap((item: Item) => [item])),
  [`switchScan${ASYNC}`]: one(rx.switchScan((_: unknown, item: Item) => later(item), null)),
  [`switchScan${SYNC}`]: one(rx.switchScan((_: unknown, item: Item) => of(item), null)),
  take: one(rx.take(5)),
  takeLast: one(rx.takeLast(3)),
  takeUntil: one(rx.takeUntil(timer(25))),
  takeWhile: one(rx.takeWhile((item: Item) => item.id < 5, true)),
  tap: one(rx.tap(() => undefined)),
  throttle: one(rx.throttle(() => timer(5))),
  'throttle (trailing)': one(rx.throttle(() => timer(5), { leading: false, trailing: true })),
  throttleTime: one(rx.throttleTime(5)),
  'throttleTime (trailing)': one(rx.throttleTime(5, asyncScheduler, { leading: false, trailing: true })),
  throwIfEmpty: one(rx.throwIfEmpty()),
  timeInterval: one(rx.timeInterval()),
  timeout: one(rx.timeout(1000)),
  timestamp: one(rx.timestamp()),
  toArray: one(rx.toArray()),
  window: windows(rx.window(interval(5))),
  windowCount: windows(rx.windowCount(3)),
  windowTime: windows(rx.windowTime(5)),
  windowToggle: windows(rx.windowToggle(of(0), () => timer(50))),
  windowWhen: windows(rx.windowWhen(() => timer(5))),
  withLatestFrom: one(rx.withLatestFrom(of(0))),
  zipAll: inners(now, rx.zipAll()),
  zipWith: one(rx.zipWith(interval(5))),
};

/** An item that has been round `expand` once. */
class Stamp extends Item {
  constructor(readonly of: Item) {
    super(-1);
  }
}

/** Old names of others, and operators that RxJS 7 tells not to use. */
const DEPRECATED = new Set(
  `combineAll combineLatest concat concatMapTo exhaust flatMap mapTo merge mergeMapTo multicast onErrorResumeNext partition pluck publish
   publishBehavior publishLast publishReplay race refCount repeatWhen retryWhen switchMapTo timeoutWith zip`.split(
    /\s+/,
  ),
);

const WINDOW = 4;

/**
 * The most items at a time whose credit is back although they are still to come out: what the operator keeps unheld. The source
 * sends as fast as its credit allows; the consumer holds each value for 3 ms.
 */
function unheld(make: Use, count: number): { most: number; emitted: number } {
  const events: { readonly id: number; readonly out: boolean }[] = [];
  const see = (item: Item): void => void events.push({ id: item.id, out: true });
  let unreturned = 0;
  let nextId = 0;
  const senders = new Set<() => void>();
  const source = new Observable<Item>((subscriber) => {
    let sent = 0;
    let sending = false;
    const send = (): void => {
      if (sending || sent === count) return;
      sending = true;
      while (!subscriber.closed && sent < count && unreturned < WINDOW) {
        unreturned++;
        sent++;
        deliver(subscriber, new Item(nextId++), (item) => {
          unreturned--;
          events.push({ id: item.id, out: false });
          for (const each of senders) each();
        });
      }
      sending = false;
      if (sent === count) subscriber.add(timer(100).subscribe(() => subscriber.complete()));
    };
    senders.add(send);
    subscriber.add(() => senders.delete(send));
    send();
  });
  runMarbles(({ flush }) => {
    make(see)(source)
      .pipe(
        rx.tap((value) => itemsOf(value).forEach(see)),
        holdMap(() => timer(3), { concurrent: WINDOW }),
      )
      .subscribe();
    flush();
  });
  expect(unreturned).toBe(0);
  return { most: mostAtATime(events), emitted: events.filter(({ out }) => out).length };
}

function itemsOf(value: unknown): Item[] {
  if (value instanceof Stamp) return [value.of];
  if (value instanceof Item) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(itemsOf) : [];
}

function mostAtATime(events: readonly { readonly id: number; readonly out: boolean }[]): number {
  const lastOut = new Map<number, number>();
  events.forEach(({ id, out }, at) => out && lastOut.set(id, at));
  const kept = new Set<number>();
  let most = 0;
  events.forEach(({ id, out }, at) => {
    const end = lastOut.get(id) ?? -1;
    if (!out && end > at) kept.add(id);
    if (out && end === at) kept.delete(id);
    most = Math.max(most, kept.size);
  });
  return most;
}

/** Those whose result holds no value of the source. */
const COUNTERS = new Set(['count', 'every', 'findIndex', 'ignoreElements', 'isEmpty']);

function groupOf(name: string, make: Use): string {
  const [few, many] = [unheld(make, 40), unheld(make, 80)];
  if (!COUNTERS.has(name)) expect(many.emitted).toBeGreaterThan(0);
  if (many.most === 0) return 'Synchronous';
  return many.most > few.most ? 'Escaping' : 'Self-bounded';
}

/** The names in the first column of the tables, by heading. */
function readTables(markdown: string): [name: string, group: string][] {
  return markdown.split('\n## ').flatMap((section) => {
    const group = section.slice(0, section.indexOf('\n'));
    return section
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split(' | ')[0] as string).matchAll(/`([^`]+)`( \([^)]+\))?/g)])
      .map(([, name, how = '']): [string, string] => [`${name}${how}`, group]);
  });
}

const rows = readTables(readFileSync(join(import.meta.dirname, '../../../docs/operators.md'), 'utf8'));

describe('docs/operators.md', () => {
  it.each(rows)('%s: %s', (name, group) => {
    const make = uses[name];
    if (make === undefined) return expect.fail(`no use of ${name} is known`);
    expect(groupOf(name, make)).toBe(group === 'Holding' ? 'Synchronous' : group);
  });

  it('names each use once, and all of them', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(uses).sort());
  });

  it('has every operator of RxJS that is not deprecated', () => {
    const named = new Set(rows.map(([name]) => name.replace(/ .*/, '')));
    const missing = Object.keys(everyOperator).filter((name) => !named.has(name) && !DEPRECATED.has(name));
    expect(missing).toEqual([]);
  });
});
