import { asyncScheduler, Observable } from 'rxjs';
import { deliver } from '../../../operators/core/deliver.js';

export interface CreditSourceConfig {
  /** Chunks in all; default 200. */
  readonly count?: number;
  /** Bytes per chunk; default 1000. */
  readonly size?: number;
  /** Bytes that may be unreturned at a time; default 8000. */
  readonly window?: number;
  /** Virtual milliseconds between chunks; 0 (the default) sends all the window allows at once. */
  readonly period?: number;
  /** Makes chunk number `index`; default: filled with the index. */
  readonly make?: (index: number) => Uint8Array;
}

/** A source with a window, as a socket or a stream of HTTP/2 is one, and the books of its credit. */
export interface CreditSource {
  readonly bytes: Observable<Uint8Array>;
  /** Bytes sent whose credit has not come back. */
  readonly unreturned: number;
  /** The most there ever was of them. */
  readonly peak: number;
  /** Chunks sent, over all subscriptions. */
  readonly sent: number;
  readonly subscriptions: number;
  readonly unsubscriptions: number;
}

/**
 * Sends only while less than a window is unreturned; credit that comes back is used at once, on the stack of the release.
 * Each subscription starts anew; the window and the books are shared.
 */
export function creditSource(config: CreditSourceConfig = {}): CreditSource {
  const { count = 200, size = 1000, window = 8000, period = 0 } = config;
  const make = config.make ?? ((index: number) => new Uint8Array(size).fill(index));
  const books = { unreturned: 0, peak: 0, sent: 0, subscriptions: 0, unsubscriptions: 0 };
  const senders = new Set<() => void>();

  const bytes = new Observable<Uint8Array>((subscriber) => {
    books.subscriptions++;
    senders.add(send);
    subscriber.add(() => {
      books.unsubscriptions++;
      senders.delete(send);
    });
    let index = 0;
    let sending = false;
    let waiting = false; // for the period to pass
    function send(): void {
      if (sending || waiting) return;
      sending = true;
      while (!subscriber.closed && index < count && books.unreturned < window) {
        const chunk = make(index++);
        books.sent++;
        books.unreturned += chunk.length;
        books.peak = Math.max(books.peak, books.unreturned);
        deliver(subscriber, chunk, ({ length }) => {
          books.unreturned -= length;
          for (const each of senders) each();
        });
        if (period > 0 && index < count) {
          waiting = true;
          const timer = asyncScheduler.schedule(() => {
            waiting = false;
            send();
          }, period);
          subscriber.add(timer);
          break;
        }
      }
      sending = false;
      if (index === count) subscriber.complete();
    }
    send();
  });

  return Object.assign(books, { bytes });
}
