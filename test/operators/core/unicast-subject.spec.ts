import { take, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { UnicastSubject } from '../../../operators/core/unicast-subject.js';
import { marbles } from '../../support/marbles.js';

function seen(source: Observable<unknown>): unknown[] {
  const log: unknown[] = [];
  source.subscribe({
    next: (value) => log.push(value),
    error: (error: { code?: string } | string) => log.push(typeof error === 'string' ? `error ${error}` : error.code),
    complete: () => log.push('complete'),
  });
  return log;
}

it(
  'queues until it is claimed, then passes on',
  marbles((m) => {
    const subject = new UnicastSubject<string>();
    m.hot('           -a-b-----c-|').subscribe(subject);
    m.expect(subject, '----^').toBeObservable('----(ab)-c-|');
  }),
);

it('gives a late consumer everything, with the end', () => {
  for (const end of ['complete', 'error'] as const) {
    const subject = new UnicastSubject<number>();
    subject.next(1);
    subject.next(2);
    if (end === 'complete') subject.complete();
    else subject.error('end');
    subject.next(3);
    subject.complete();
    subject.error('again');
    expect(subject.ended).toBe(true);
    expect(seen(subject)).toEqual([1, 2, end === 'complete' ? 'complete' : 'error end']);
  }
});

it('refuses a second consumer, during and after the first', () => {
  const subject = new UnicastSubject<number>();
  expect(subject.claimed).toBe(false);
  const first = seen(subject);
  expect(subject.claimed).toBe(true);
  expect(seen(subject)).toEqual(['ALREADY_SUBSCRIBED']);
  subject.next(1);
  subject.complete();
  expect(first).toEqual([1, 'complete']);
  expect(seen(subject)).toEqual(['ALREADY_SUBSCRIBED']);
});

it('keeps order when the consumer makes more arrive while the queue is given out', () => {
  const subject = new UnicastSubject<number>();
  subject.next(1);
  subject.next(2);
  const log: unknown[] = [];
  subject.subscribe({
    next(value) {
      log.push(value);
      if (value === 1) subject.next(3);
      if (value === 2) subject.complete();
    },
    complete: () => log.push('complete'),
  });
  expect(log).toEqual([1, 2, 3, 'complete']);
});

describe('hooks', () => {
  const hooked = () => {
    const log: string[] = [];
    const subject = new UnicastSubject<number>({
      claimed: () => log.push('claimed'),
      cancelled: () => log.push('cancelled'),
    });
    return { log, subject };
  };

  it('claimed comes before the queue is given out', () => {
    const { log, subject } = hooked();
    subject.next(1);
    subject.subscribe((value) => log.push(`${value}`));
    expect(log).toEqual(['claimed', '1']);
  });

  it('cancelled comes when the consumer leaves before the end, once', () => {
    const { log, subject } = hooked();
    const subscription = subject.subscribe();
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect(log).toEqual(['claimed', 'cancelled']);
    subject.next(1);
    subject.complete();
    expect(log).toEqual(['claimed', 'cancelled']);
  });

  it('cancelled does not come at the end, nor for a consumer that is refused', () => {
    const { log, subject } = hooked();
    subject.subscribe();
    subject.subscribe({ error: () => undefined }).unsubscribe();
    subject.complete();
    expect(log).toEqual(['claimed']);
  });
});

describe('credit', () => {
  const send = (subject: UnicastSubject<string>, value: string, back: string[]): void =>
    deliver(subject, value, (returned) => back.push(returned));

  it('of a queued value comes back when it has been consumed', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    send(subject, 'a', back);
    send(subject, 'b', back);
    expect(back).toEqual([]);
    let release: (() => void) | undefined;
    subject.subscribe((value) => {
      if (value === 'a') release = hold();
    });
    expect(back).toEqual(['b']);
    release?.();
    expect(back).toEqual(['b', 'a']);
  });

  it('comes back for what the consumer does not take', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    for (const value of 'abc') send(subject, value, back);
    expect(seen(subject.pipe(take(1)))).toEqual(['a', 'complete']);
    send(subject, 'd', back);
    expect(back).toEqual(['a', 'b', 'c', 'd']);
  });

  it('comes back also for what the returned credit brings', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    const sendAgain = (value: string): void =>
      deliver(subject, value, (returned) => {
        back.push(returned);
        if (back.length < 5) sendAgain(`${returned}'`);
      });
    sendAgain('a');
    sendAgain('b');
    subject.pipe(take(1)).subscribe();
    expect(back).toHaveLength(6);
  });

  it('comes back on discard, and later values are dropped', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    send(subject, 'a', back);
    subject.discard();
    send(subject, 'b', back);
    expect(back).toEqual(['a', 'b']);
    expect(seen(subject)).toEqual(['ALREADY_SUBSCRIBED']);
  });

  it('comes back on settle, and the values stay', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    send(subject, 'a', back);
    subject.settle();
    expect(back).toEqual(['a']);
    subject.complete();
    expect(seen(subject)).toEqual(['a', 'complete']);
  });

  it('of what arrives after settle is kept with its own value', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    send(subject, 'a', back);
    subject.settle();
    send(subject, 'b', back);
    let release: (() => void) | undefined;
    subject.subscribe((value) => {
      if (value === 'b') release = hold();
    });
    expect(back).toEqual(['a']);
    release?.();
    expect(back).toEqual(['a', 'b']);
  });

  it('settle may be called again', () => {
    const subject = new UnicastSubject<string>();
    const back: string[] = [];
    for (const value of ['a', 'b']) {
      send(subject, value, back);
      subject.settle();
    }
    expect(back).toEqual(['a', 'b']);
    expect(seen(subject)).toEqual(['a', 'b']);
  });
});
