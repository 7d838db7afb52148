import { concatMap, distinctUntilChanged, endWith, ignoreElements, map, Subject, takeUntil, tap, timer } from 'rxjs';
import { it } from 'vitest';
import { deliver } from '../../operators/core/deliver.js';
import { holdMap } from '../../operators/core/hold-map.js';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import { createClient } from '../../src/client/create-client.js';
import type { ByteDuplex } from '../../src/sockets/byte-duplex.js';
import { memoryNetwork } from '../../src/sockets/memory.js';
import { runMarbles } from '../support/marbles.js';

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/**
 * A response comes chunked and in three pieces (`sends`, a millisecond on the way), for a consumer that takes 8 ms for each
 * (`reads` to `used`). Two pieces fill the client's socket up to its mark: it pauses, the third waits on the way, and the
 * server is held (`taken` is when a write has gone) until the consumer has caught up. The fourth piece never comes: 10 ms
 * after the consumer let go of the third, and not before, the idle clock runs out, and the server sees the connection close.
 */
it('a request, a slow consumer, the socket pause, an idle timeout', () => {
  runMarbles(({ scheduler, cold, expectObservable, time }) => {
    const lanes = {
      hears: new Subject<string>(),
      sends: new Subject<string>(),
      taken: new Subject<string>(),
      status: new Subject<number>(),
      reads: new Subject<string>(),
      used: new Subject<string>(),
    };
    const pieces = {
      a: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk('the first piece, and some more')}`,
      b: chunk('the second, and some more'),
      c: chunk('the third, of how many?'),
    };
    const network = memoryNetwork({ scheduler, latency: 1, highWaterMark: 100 });

    network.listen({ port: 80 }).subscribe(({ connections }) =>
      connections.subscribe((socket) => {
        socket.subscribe({
          next: (bytes) => {
            lanes.hears.next(Buffer.from(bytes).toString().split('\r\n')[0] as string);
            cold('--a-b-c').subscribe((name) => {
              lanes.sends.next(name);
              const piece = Buffer.from(pieces[name as keyof typeof pieces]);
              deliver(socket, piece, () => lanes.taken.next(name));
            });
          },
          error: () => lanes.hears.complete(),
          complete: () => lanes.hears.complete(),
        });
      }),
    );

    let socket: ByteDuplex | undefined;
    const watched = {
      ...network,
      connect: (to: Parameters<typeof network.connect>[0]) =>
        network.connect(to).pipe(tap((connected) => (socket = connected))),
    };
    const client = createClient({ network: watched, scheduler, timeout: { idle: time('----------|') } });
    const body = client.request('http://example.com/').pipe(
      tap(({ status }) => lanes.status.next(status)),
      concatMap((response) => response.body),
      map((chunk) => Buffer.from(chunk).toString().split(',')[0] as string),
      tap((text) => lanes.reads.next(text)),
      holdMap((text) =>
        timer(8, scheduler).pipe(
          tap(() => lanes.used.next(text)),
          ignoreElements(),
        ),
      ),
    );
    const over = lanes.hears.pipe(ignoreElements(), endWith(true));
    const paused = timer(0, 1, scheduler).pipe(
      map(() => socket?.paused === true),
      distinctUntilChanged(),
      takeUntil(over),
    );

    const text = { a: 'the first piece', b: 'the second', c: 'the third' };
    // prettier-ignore
    {
      // milliseconds                        0         1         2         3         4
      //                                     01234567890123456789012345678901234567890
      expectObservable(lanes.hears) .toBe('  --q-------------------------------------|', { q: 'GET / HTTP/1.1' });
      expectObservable(lanes.sends) .toBe('  ----a-b-c                                ');
      expectObservable(lanes.taken) .toBe('  ----a----------------(bc)                ');
      expectObservable(lanes.status).toBe('  -----h                                   ', { h: 200 });
      expectObservable(lanes.reads) .toBe('  -----a-b-----c                           ', text);
      expectObservable(paused)      .toBe('  r------P-----r--------------------------|', { r: false, P: true });
      expectObservable(lanes.used)  .toBe('  -------------a-------b-------c           ', text);
      expectObservable(body)        .toBe('  ---------------------------------------# ', undefined, new TimeoutError('idle', 10));
    }
  });
});
