import { concatMap, map, retry, Subject, take, tap, timer } from 'rxjs';
import { it } from 'vitest';
import { createClient } from '../../src/client/create-client.js';
import type { ClientEvent } from '../../src/client/exchange-event.js';
import { memoryNetwork } from '../../src/sockets/memory.js';
import { runMarbles } from '../support/marbles.js';

const ANSWERS: Readonly<Record<string, string>> = {
  '/': 'HTTP/1.1 302 Found\r\nlocation: //b.test/slow\r\ncontent-length: 0\r\n\r\n',
  '/slow': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n',
};

/**
 * A request (`r`) is redirected (`m`) to another host (`s`), which does not answer: 10 ms after it was sent there the head's clock
 * runs out (`x`), and that connection closes. 5 ms later it is tried again from the beginning: the first connection, idle, is used
 * once more, the second host has come to its senses (`k`), and the first piece of the body is all that the consumer wants: it leaves,
 * which closes the connection, the only way to stop over HTTP/1 (`c`).
 */
it('a redirect, a timeout, a retry, and a cancellation', () => {
  runMarbles(({ scheduler, cold, expectObservable, time }) => {
    const lanes = {
      a: new Subject<string>(),
      b: new Subject<string>(),
      heads: new Subject<string>(),
      client: new Subject<string>(),
    };
    const network = memoryNetwork({ scheduler, latency: 1 });
    let slow = 0;
    for (const [host, lane] of [
      ['a.test', lanes.a],
      ['b.test', lanes.b],
    ] as const) {
      network.listen({ host, port: 80 }).subscribe(({ connections }) =>
        connections.subscribe((socket) =>
          socket.subscribe({
            next: (bytes) => {
              const path = Buffer.from(bytes).toString().split(' ')[1] as string;
              lane.next(path);
              if (path === '/slow' && slow++ === 0) return; // lost in thought
              cold('-a|').subscribe({ complete: () => socket.next(Buffer.from(ANSWERS[path] as string)) });
            },
            error: () => lane.next('closed'),
            complete: () => host === 'b.test' && lane.next('closed'),
          }),
        ),
      );
    }
    const client = createClient({ network, scheduler, timeout: { head: time('----------|') } });
    const said: Record<string, (event: ClientEvent) => string> = {
      cancelled: (event) =>
        `cancelled ${'effect' in event ? event.effect : ''}${'error' in event ? ' by a timeout' : ''}`,
    };
    const watching = client.events$.subscribe((event) => lanes.client.next(said[event.type]?.(event) ?? event.type));

    scheduler.schedule(() => watching.unsubscribe(), 100); // it looks every second for stalls, for ever

    const body = client.request('http://a.test/').pipe(
      tap(({ status, url }) => lanes.heads.next(`${status} ${url}`)),
      concatMap((response) => response.body),
      retry({ count: 1, delay: () => timer(5, scheduler) }),
      map((chunk) => Buffer.from(chunk).toString()),
      take(1),
    );

    // prettier-ignore
    {
      // milliseconds                          0         1         2         3
      //                                       01234567890123456789012345678901234
      expectObservable(lanes.a)     .toBe('    --r-------------------r            ', { r: '/' });
      expectObservable(lanes.b)     .toBe('    -------s---------x---------s---c   ', { s: '/slow', x: 'closed', c: 'closed' });
      expectObservable(lanes.client).toBe('    ----------------x-------------c    ', { x: 'cancelled connection-closed by a timeout', c: 'cancelled connection-closed' });
      expectObservable(lanes.heads) .toBe('    ------------------------------k    ', { k: '200 http://b.test/slow' });
      expectObservable(body)        .toBe('    ------------------------------(f|) ', { f: 'first' });
    }
  });
});
