import { Observable, of, switchMap, timer, map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { holdMap } from '../../../operators/core/hold-map.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientEvent } from '../../../src/client/exchange-event.js';
import type { ClientConfig } from '../../../src/client/request-config.js';
import type { ClientTimeouts } from '../../../src/client/timeouts.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { Network } from '../../../src/sockets/network.js';

const encode = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** A server in memory that answers each request head with pieces of text at given times after it. */
function answering(network: Network, pieces: readonly (readonly [at: number, text: string])[]): void {
  network
    .listen({ port: 80 })
    .pipe(switchMap((listener) => listener.connections))
    .subscribe((socket) => {
      socket.subscribe({
        next: () => {
          for (const [at, text] of pieces) timer(at).subscribe(() => socket.next(encode(text)));
        },
        error: () => undefined,
      });
    });
}

/** Runs a request under virtual time; gives what it did as `[time, notification]` lines. */
function observe(
  timeout: ClientTimeouts | number,
  pieces: readonly (readonly [number, string])[],
  body: (chunks: Observable<Uint8Array>) => Observable<unknown> = (chunks) => chunks,
  more: Partial<ClientConfig> = {},
): string[] {
  const log: string[] = [];
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ flush }) => {
    const network = memoryNetwork({ scheduler });
    answering(network, pieces);
    const client = createClient({ network, scheduler, timeout, ...more });
    const note = (text: string): number => log.push(`${scheduler.now()} ${text}`);
    client.events$.subscribe((event: ClientEvent) => {
      if (event.type === 'cancelled') note(`cancelled ${event.phase} ${event.effect}`);
    });
    client
      .request('http://server/')
      .pipe(switchMap((response) => body(response.body)))
      .subscribe({
        next: (value) => note(value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)),
        error: (error: { code: string }) => note(`error ${error.code}`),
        complete: () => note('complete'),
      });
    timer(5000).subscribe(() => scheduler.actions.splice(0)); // the event watcher never ends by itself
    flush();
  });
  return log;
}

describe('the time limits of a request, on virtual time', () => {
  it('head: from the end of the request', () => {
    expect(observe({ head: 100 }, [[150, 'HTTP/1.1 200 OK\r\n\r\n']])).toEqual([
      '100 cancelled waiting connection-closed',
      '100 error TIMEOUT_HEAD',
    ]);
  });

  it('head: interim responses do not wind it again', () => {
    const log = observe({ head: 100 }, [
      [60, 'HTTP/1.1 102 Processing\r\n\r\n'],
      [150, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ]);
    expect(log.at(-1)).toBe('100 error TIMEOUT_HEAD');
  });

  it('idle: between two pieces of the body', () => {
    const log = observe({ idle: 100 }, [
      [0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab'],
      [90, 'cd'],
      [200, 'ef'],
    ]);
    expect(log).toEqual(['0 ab', '90 cd', '190 cancelled body connection-closed', '190 error TIMEOUT_IDLE']);
  });

  it('idle: stands still while the consumer holds, and begins anew when it lets go', () => {
    const log = observe(
      { idle: 100 },
      [[0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab']],
      holdMap(() => timer(250)),
    );
    expect(log).toEqual(['250 0', '350 cancelled body connection-closed', '350 error TIMEOUT_IDLE']);
  });

  it('body: the whole of it, without the time the consumer holds', () => {
    const log = observe(
      { body: 300 },
      [
        [0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab'],
        [50, 'cd'],
      ],
      holdMap((chunk) => timer(200).pipe(map(() => Buffer.from(chunk as Uint8Array).toString()))),
    );
    expect(log.slice(0, 2)).toEqual(['200 ab', '400 cd']);
    expect(log.at(-1)).toBe('700 error TIMEOUT_BODY');
  });

  it('total: whatever happens; a number alone means it', () => {
    const log = observe(120, [
      [0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab'],
      [100, 'cd'],
      [200, 'ef'],
    ]);
    expect(log.at(-1)).toBe('120 error TIMEOUT_TOTAL');
  });

  it('unclaimed: a body nobody subscribes to is cancelled, and its connection with it', () => {
    const log = observe({ unclaimed: 100 }, [[0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab']], () => of('head'));
    expect(log).toEqual(['0 head', '0 complete', '100 cancelled body connection-closed']);
  });

  it('unclaimed: the one who comes too late gets the error', () => {
    const log = observe({ unclaimed: 100 }, [[0, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab']], (chunks) =>
      timer(150).pipe(switchMap(() => chunks)),
    );
    expect(log).toEqual(['100 cancelled body connection-closed', '150 ab', '150 error TIMEOUT_UNCLAIMED']);
  });

  it('connect: the attempt is given up', () => {
    const log: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network: Network = { connect: () => new Observable(() => undefined), listen: () => new Observable() };
      createClient({ network, scheduler, timeout: { connect: 100 } })
        .request('http://server/')
        .subscribe({ error: (error: { code: string }) => log.push(`${scheduler.now()} ${error.code}`) });
      flush();
    });
    expect(log).toEqual(['100 TIMEOUT_CONNECT']);
  });

  it('trap 1: 103 while waiting for 100, then 100: the body is sent', () => {
    const sent: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler });
      network
        .listen({ port: 80 })
        .pipe(switchMap((listener) => listener.connections))
        .subscribe((socket) => {
          socket.subscribe({
            next: (chunk) => {
              sent.push(`${scheduler.now()} ${Buffer.from(chunk).toString().split('\r\n')[0]}`);
              if (sent.length > 1) socket.next(encode('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
              else {
                timer(10).subscribe(() => socket.next(encode('HTTP/1.1 103 Early Hints\r\n\r\n')));
                timer(20).subscribe(() => socket.next(encode('HTTP/1.1 100 Continue\r\n\r\n')));
              }
            },
            error: () => undefined,
          });
        });
      createClient({ network, scheduler })
        .request({ url: 'http://server/', method: 'POST', body: 'the body', expectContinue: true })
        .subscribe(({ status }) => sent.push(`${scheduler.now()} ${status}`));
      flush();
    });
    expect(sent).toEqual(['0 POST / HTTP/1.1', '20 the body', '20 200']);
  });

  it('continue: a server that never says 100 gets the body all the same', () => {
    const sent: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler });
      network
        .listen({ port: 80 })
        .pipe(switchMap((listener) => listener.connections))
        .subscribe((socket) => {
          socket.subscribe({
            next: (chunk) => sent.push(`${scheduler.now()} ${Buffer.from(chunk).toString().split('\r\n')[0]}`),
            error: () => undefined,
          });
        });
      createClient({ network, scheduler, timeout: { head: 50 } })
        .request({ url: 'http://server/', method: 'POST', body: 'the body', expectContinue: true })
        .subscribe({ error: (error: { code: string }) => sent.push(`${scheduler.now()} ${error.code}`) });
      flush();
    });
    expect(sent).toEqual(['0 POST / HTTP/1.1', '1000 the body', '1050 TIMEOUT_HEAD']);
  });

  it('row A12: a final status instead of 100 leaves the body unsent and the connection unused', () => {
    const sent: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler });
      let connections = 0;
      network
        .listen({ port: 80 })
        .pipe(switchMap((listener) => listener.connections))
        .subscribe((socket) => {
          const name = ++connections;
          socket.subscribe({
            next: (chunk) => {
              sent.push(`${name}: ${Buffer.from(chunk).toString().split('\r\n')[0]}`);
              socket.next(encode('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
            },
            error: () => undefined,
          });
        });
      const client = createClient({ network, scheduler });
      client
        .request({ url: 'http://server/', method: 'POST', body: 'the body', expectContinue: true })
        .pipe(switchMap(() => timer(10).pipe(switchMap(() => client.request('http://server/')))))
        .subscribe(({ status }) => sent.push(String(status)));
      flush();
    });
    expect(sent).toEqual(['1: POST / HTTP/1.1', '2: GET / HTTP/1.1', '401']);
  });

  it('keepAlive: an idle connection is closed after it, or a second before the server would', () => {
    const log: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler });
      network
        .listen({ port: 80 })
        .pipe(switchMap((listener) => listener.connections))
        .subscribe((socket) => {
          socket.subscribe({
            next: (chunk) => {
              const hint = Buffer.from(chunk).includes('/hint') ? 'keep-alive: timeout=3\r\n' : '';
              socket.next(encode(`HTTP/1.1 200 OK\r\n${hint}content-length: 0\r\n\r\n`));
            },
            complete: () => log.push(`${scheduler.now()} closed`),
            error: () => log.push(`${scheduler.now()} closed`),
          });
        });
      createClient({ network, scheduler }).request('http://server/').subscribe();
      createClient({ network, scheduler }).request('http://server/hint').subscribe();
      flush();
    });
    expect(log).toEqual(['2000 closed', '4000 closed']);
  });
});

describe('stats$ and stalls', () => {
  it('say who is being waited for, and for how long', () => {
    const log: string[] = [];
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler });
      answering(network, [[1500, 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nab']]);
      const client = createClient({ network, scheduler, timeout: { total: 3500 } });
      const events = client.events$.subscribe((event) => {
        if (event.type === 'stall') log.push(`${scheduler.now()} ${event.waitingFor} ${event.milliseconds}`);
      });
      const stats = client.stats$.subscribe(({ waitingFor, active, heldBytes }) => {
        if (active > 0) log.push(`${scheduler.now()} held ${heldBytes} consumers ${waitingFor.consumer.count}`);
      });
      timer(3900).subscribe(() => {
        events.unsubscribe();
        stats.unsubscribe();
      });
      client
        .request('http://server/')
        .pipe(
          switchMap((response) => response.body),
          holdMap(() => timer(5000)),
        )
        .subscribe({ error: () => undefined });
      flush();
    });
    expect(log).toContain('1000 peer 1000');
    expect(log).toContain('3000 consumer 1500');
    expect(log.some((line) => line.startsWith('2000 held') && line.endsWith('consumers 1'))).toBe(true);
  });
});
