import { map, NEVER, of, Subject, throwError, timer, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { planBody } from '../../../operators/body/body-source.js';
import { writeBody } from '../../../operators/body/write-body.js';
import { hold } from '../../../operators/core/deliver.js';
import { pullIterable } from '../../../operators/core/pull.js';
import { marbles, runMarbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';

/** A sink that lets a chunk go some milliseconds after it was written; those before it go first. */
function slowSink(ms: number) {
  const written: number[] = [];
  return {
    written,
    next(chunk: Uint8Array) {
      written.push(chunk.length);
      const release = hold();
      timer(ms * written.length).subscribe(release);
    },
  };
}

function outcome(source: Observable<unknown>): unknown[] {
  const log: unknown[] = [];
  source.subscribe({
    next: (value) => log.push(value),
    error: (error: { code?: string; message?: string }) => log.push(error.code ?? error.message ?? error),
    complete: () => log.push('complete'),
  });
  return log;
}

const chunk = (length: number): Uint8Array => new Uint8Array(length);

describe('completion', () => {
  it('comes when the source has completed and all has gone', () => {
    const gone: (() => void)[] = [];
    const sink = { next: () => gone.push(hold()) };
    const log = outcome(writeBody(of(chunk(1), chunk(2)), sink));
    expect(log).toEqual([]);
    gone[1]?.();
    expect(log).toEqual([]);
    gone[0]?.();
    expect(log).toEqual(['complete']);
  });

  it('comes at once for an empty body, and for a sink that is never backed up', () => {
    expect(outcome(writeBody(of(), { next: () => undefined }))).toEqual(['complete']);
    expect(outcome(writeBody(of(chunk(5)), { next: () => undefined }))).toEqual(['complete']);
  });

  it(
    'takes the time the sink takes',
    marbles((m) => {
      m.expect(writeBody(m.cold('a-b|', { a: chunk(1), b: chunk(1) }), slowSink(4))).toBeObservable('----------|');
      m.expect(writeBody(m.cold('a-----|', { a: chunk(1) }), slowSink(2))).toBeObservable('------|');
      m.expect(writeBody(m.cold('a--#', { a: chunk(1) }), slowSink(9))).toBeObservable('---#');
      m.expect(writeBody(NEVER, slowSink(1))).toBeObservable('-');
    }),
  );
});

describe('sources that are pulled', () => {
  it('are pulled as the sink lets go', () => {
    const pulls: number[] = [];
    runMarbles(({ scheduler, flush }) => {
      const source = pullIterable([1, 2, 3]).pipe(
        map((value) => {
          pulls.push(scheduler.now());
          return chunk(value);
        }),
      );
      scheduler.schedule(() => writeBody(source, { next: () => void timer(5).subscribe(hold()) }).subscribe());
      flush();
    });
    expect(pulls).toEqual([0, 5, 10]);
  });

  it('10 000 chunks into a sink that takes them at once do not recurse', () => {
    let bytes = 0;
    const { stream } = planBody(
      Array.from({ length: 10_000 }, () => 'x'),
      () => '',
    );
    const sink = { next: ({ length }: Uint8Array) => (bytes += length) };
    expect(outcome(writeBody(stream as Observable<Uint8Array>, sink))).toEqual(['complete']);
    expect(bytes).toBe(10_000);
  });

  it('a body that is being read elsewhere is held, however large: a proxy', () => {
    const credit = creditSource({ window: 8000, count: 100 });
    const sink = slowSink(1);
    let log: unknown[] = [];
    runMarbles(({ flush }) => {
      log = outcome(writeBody(credit.bytes, sink, { maxQueued: 1000 }));
      flush();
    });
    expect(log).toEqual(['complete']);
    expect(sink.written).toHaveLength(100);
    expect(credit).toMatchObject({ peak: 8000, unreturned: 0 });
  });
});

describe('sources that push', () => {
  const push = (lengths: number[], maxQueued: number, release: (at: number) => boolean = () => false) => {
    const source = new Subject<Uint8Array>();
    const held: (() => void)[] = [];
    const sink = {
      next() {
        held.push(hold());
      },
    };
    const log = outcome(writeBody(source, sink, { maxQueued }));
    lengths.forEach((length, at) => {
      source.next(chunk(length));
      if (release(at)) held.splice(0).forEach((each) => each());
    });
    return { log, observed: source.observed };
  };

  it('may queue up to the limit', () => {
    expect(push([400, 600], 1000)).toEqual({ log: [], observed: true });
  });

  it('fail past it, and are let go', () => {
    expect(push([400, 601], 1000)).toEqual({ log: ['BODY_OVERFLOW'], observed: false });
  });

  it('may go on when what was queued has gone', () => {
    expect(push([400, 600, 400, 600], 1000, (at) => at === 1)).toEqual({ log: [], observed: true });
  });

  it('may always send one chunk into an empty queue', () => {
    expect(push([5000], 1000)).toEqual({ log: [], observed: true });
    expect(push([5000, 1], 1000)).toEqual({ log: ['BODY_OVERFLOW'], observed: false });
  });

  it('have 1 MiB by default', () => {
    const log = outcome(writeBody(of(chunk(1024 * 1024), chunk(1)), { next: () => void hold() }));
    expect(log).toEqual(['BODY_OVERFLOW']);
  });
});

describe('ends', () => {
  it('the error of the source', () => {
    expect(
      outcome(
        writeBody(
          throwError(() => new Error('source')),
          { next: () => undefined },
        ),
      ),
    ).toEqual(['source']);
  });

  it('a throw of the sink', () => {
    const sink = {
      next() {
        throw new Error('sink');
      },
    };
    const credit = creditSource({ count: 5 });
    expect(outcome(writeBody(credit.bytes, sink))).toEqual(['sink']);
    expect(credit).toMatchObject({ unreturned: 0, unsubscriptions: 1, sent: 1 });
  });

  it('unsubscribing stops the source and gives its credit back, whatever the sink still holds', () => {
    const credit = creditSource({ window: 3000 });
    const subscription = writeBody(credit.bytes, { next: () => void hold() }).subscribe();
    expect(credit.unreturned).toBe(3000);
    subscription.unsubscribe();
    expect(credit).toMatchObject({ unreturned: 0, unsubscriptions: 1, sent: 3 });
  });
});
