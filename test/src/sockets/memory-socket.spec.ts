import { concat, map, merge, Observable, of, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { NetworkError, UsageError } from '../../../operators/core/protocol-error.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryPair, type MemoryPairConfig } from '../../../src/sockets/memory-socket.js';
import { runMarbles } from '../../support/marbles.js';
import { bytes, Reader } from './harness.js';

const reset = (): NetworkError => new NetworkError('ECONNRESET', 'read', 'read ECONNRESET');
const text = map((chunk: Uint8Array) => Buffer.from(chunk).toString('latin1'));

/** Runs one exchange in virtual time; `a` and `b` are client and server. */
function exchange(
  config: MemoryPairConfig,
  body: (
    helpers: Parameters<Parameters<typeof runMarbles>[0]>[0] & {
      a: ByteDuplex;
      b: ByteDuplex;
      /** Calls each function at its frame. */
      at: (plan: Record<number, () => void>) => void;
    },
  ) => void,
): void {
  runMarbles((helpers) => {
    const [a, b] = memoryPair({ scheduler: helpers.scheduler, ...config });
    const at = (plan: Record<number, () => void>): void => {
      for (const [frame, work] of Object.entries(plan)) helpers.scheduler.schedule(work, Number(frame));
    };
    body({ ...helpers, a, b, at });
  });
}

describe('what is sent', () => {
  it('arrives one latency later, in order, and the end behind it', () =>
    exchange({ latency: 3 }, ({ a, b, cold, expectObservable }) => {
      cold('ab--c|').pipe(map(bytes)).subscribe(a);
      expectObservable(b.pipe(text)).toBe('---ab--c|');
    }));

  it('never arrives inside next, even without latency', () =>
    exchange({}, ({ a, b, at }) => {
      const seen: string[] = [];
      b.subscribe(() => seen.push('arrived'));
      at({
        2: () => {
          a.next(bytes('x'));
          seen.push('returned');
        },
        3: () => expect(seen).toEqual(['returned', 'arrived']),
      });
    }));

  it('is a copy: the writer may use its buffer again', () =>
    exchange({ latency: 2 }, ({ a, b, at, expectObservable }) => {
      const buffer = Buffer.from('old');
      at({ 0: () => a.next(buffer), 1: () => void buffer.write('new') });
      expectObservable(b.pipe(text)).toBe('--a', { a: 'old' });
    }));

  it('is cut as told, by size or by hand', () => {
    exchange({ latency: 1, chunking: () => 2 }, ({ a, b, cold, expectObservable }) => {
      cold('(a|)', { a: bytes('12345') }).subscribe(a);
      expectObservable(b.pipe(text)).toBe('-(xyz|)', { x: '12', y: '34', z: '5' });
    });
    const first = (chunk: Uint8Array, index: number) => [chunk.subarray(0, index + 1), chunk.subarray(index + 1)];
    exchange({ latency: 1, chunking: first }, ({ a, b, cold, expectObservable }) => {
      cold('a------b|', { a: bytes('12345'), b: bytes('67') }).subscribe(a);
      expectObservable(b.pipe(text)).toBe('-(xy)---z|', { x: '1', y: '2345', z: '67' });
    });
  });

  it('waits for a reader, and then comes through the scheduler', () =>
    exchange({ latency: 1 }, ({ a, b, cold, expectObservable }) => {
      cold('a|').pipe(map(bytes)).subscribe(a);
      expectObservable(b.pipe(text), '-----^').toBe('-----(a|)');
    }));

  it('goes both ways at once, each direction half closed for itself', () =>
    exchange({ latency: 2 }, ({ a, b, cold, expectObservable }) => {
      cold('-a---b|').pipe(map(bytes)).subscribe(a);
      cold('x|').pipe(map(bytes)).subscribe(b);
      expectObservable(b.pipe(text)).toBe('---a---b|');
      expectObservable(a.pipe(text)).toBe('--x|');
    }));

  it('is dropped after the end', () =>
    exchange({}, ({ a, b, at, expectObservable }) => {
      at({
        1: () => {
          a.next(bytes('a'));
          a.next(new Uint8Array(0));
          a.complete();
          a.next(bytes('b'));
          a.complete();
        },
      });
      expectObservable(b.pipe(text)).toBe('-(a|)');
    }));
});

describe('a reset', () => {
  it('by error arrives behind what was sent', () =>
    exchange({ latency: 3 }, ({ a, b, at, expectObservable }) => {
      const reason = new Error('enough');
      at({ 0: () => a.next(bytes('a')), 1: () => a.next(bytes('b')), 2: () => a.error(reason) });
      expectObservable(b.pipe(text)).toBe('---ab#', undefined, reset());
      expectObservable(a.pipe(text)).toBe('--#', undefined, reason);
    }));

  it('at a byte offset reaches both ends', () =>
    exchange({ latency: 2, resetAfter: { toServer: 3 } }, ({ a, b, cold, expectObservable }) => {
      cold('a-b-c|', { a: bytes('12'), b: bytes('34'), c: bytes('56') }).subscribe(a);
      expectObservable(b.pipe(text)).toBe('--x-(y#)', { x: '12', y: '3' }, reset());
      expectObservable(a.pipe(text)).toBe('----#', undefined, reset());
    }));

  it('is kept for a reader that comes later; what was unread is lost', () =>
    exchange({ latency: 1 }, ({ a, b, at, expectObservable }) => {
      at({ 0: () => a.next(bytes('a')), 1: () => a.error(new Error('enough')) });
      expectObservable(b.pipe(text), '----^').toBe('----#', undefined, reset());
    }));

  it('answers what is sent to an end that has left', () =>
    exchange({ latency: 2 }, ({ a, b, at, cold, expectObservable }) => {
      expectObservable(a.pipe(text), '^---!').toBe('-----');
      at({ 6: () => b.next(bytes('x')) });
      // FIN first: nothing was unread. Then the refusal of the bytes.
      const states: boolean[] = [];
      at({ 9: () => states.push(b.destroyed), 11: () => states.push(b.destroyed) });
      expectObservable(b.pipe(text)).toBe('------|');
      cold('------------|').subscribe({ complete: () => expect(states).toEqual([false, true]) });
    }));

  it('tells the peer that something was left unread', () =>
    exchange({ latency: 2, highWaterMark: 1 }, ({ a, b, at, expectObservable }) => {
      at({ 0: () => a.next(bytes('x')), 1: () => a.next(bytes('y')) });
      const left = b.pipe(map(() => (hold(), 'got')));
      expectObservable(left, '^----!').toBe('--a', { a: 'got' });
      expectObservable(a.pipe(text)).toBe('-------#', undefined, reset());
    }));
});

describe('backpressure', () => {
  it('stops delivery at the mark and goes on below half', () =>
    exchange({ highWaterMark: 4, latency: 1 }, ({ a, b, at }) => {
      const releases: Release[] = [];
      const reader = new Reader(b, () => void releases.push(hold()));
      for (let i = 0; i < 10; i++) a.next(bytes(String(i)));
      at({
        2: () => {
          expect(reader.text).toBe('0123');
          expect([b.heldBytes, b.paused, a.bufferedBytes]).toEqual([4, true, 6]);
          releases.shift()?.();
          releases.shift()?.();
          expect([b.heldBytes, b.paused]).toEqual([2, true]);
        },
        3: () => {
          expect(reader.text).toBe('0123');
          releases.shift()?.();
          expect([b.heldBytes, b.paused, reader.text]).toEqual([1, false, '0123']); // never inside the release
        },
        4: () => {
          expect(reader.text).toBe('0123456');
          for (const release of releases.splice(0)) release();
        },
        5: () => {
          expect(reader.text).toBe('0123456789');
          for (const release of releases.splice(0)) release();
          expect([b.heldBytes, b.paused, a.bufferedBytes]).toEqual([0, false, 0]);
        },
      });
    }));

  it('holds the writer until the other end has consumed', () =>
    runMarbles(({ scheduler, cold, expectObservable }) => {
      const [a, b] = memoryPair({ scheduler, highWaterMark: 2, latency: 1 });
      b.pipe(holdMap(() => timer(4, scheduler))).subscribe();
      // Each write of two bytes fills the window: the next goes when the one before is consumed.
      const sent = concat(of('x'), of('y'), of('z')).pipe(
        holdMap(
          (name) =>
            new Observable<string>((subscriber) => {
              deliver(a, bytes(name + name), () => {
                subscriber.next(name);
                subscriber.complete();
              });
            }),
        ),
      );
      expectObservable(merge(sent, cold('-----'))).toBe('-----x----y----z', undefined, undefined);
      scheduler.schedule(() => undefined, 20);
    }));

  it('lets writers go when the connection dies', () =>
    exchange({ highWaterMark: 1, latency: 1 }, ({ a, b, at }) => {
      let gone = 0;
      b.subscribe({ next: () => void hold(), error: () => undefined });
      deliver(a, bytes('a'), () => gone++);
      deliver(a, bytes('b'), () => gone++);
      at({
        3: () => {
          expect(gone).toBe(0);
          b.error(new Error('enough'));
        },
        4: () => undefined,
        5: () => {
          expect(gone).toBe(2);
          expect([a.destroyed, b.destroyed]).toEqual([true, true]);
        },
      });
    }));

  it('a stall keeps all that follows, the end too, and the writer', () =>
    exchange({ stall: 3, highWaterMark: 4, latency: 1 }, ({ a, b, at, expectObservable }) => {
      let gone = false;
      at({
        0: () => a.next(bytes('12')),
        1: () => deliver(a, bytes('345678'), () => (gone = true)),
        2: () => a.complete(),
        9: () => expect([gone, a.bufferedBytes]).toEqual([false, 5]),
      });
      expectObservable(b.pipe(text)).toBe('-xy-------', { x: '12', y: '3' });
    }));
});

it('has one reader', () =>
  exchange({}, ({ a, expectObservable }) => {
    a.subscribe();
    expectObservable(a).toBe(
      '#',
      undefined,
      new UsageError('ALREADY_SUBSCRIBED', 'a connection has one reader, and it has subscribed'),
    );
  }));

it('is destroyed once both directions are over', () =>
  exchange({ latency: 1 }, ({ a, b, at }) => {
    a.subscribe();
    b.subscribe();
    at({
      0: () => a.complete(),
      2: () => {
        expect([a.destroyed, b.destroyed]).toEqual([false, false]);
        b.complete();
        expect(b.destroyed).toBe(true);
      },
      4: () => expect(a.destroyed).toBe(true),
    });
  }));

it('refuses a mark of nothing', () => {
  expect(() => memoryPair({ highWaterMark: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_LIMIT' }));
});
