import { delay, interval, map, NEVER, Observable, of, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/server/respond-context.js';
import { eventually, realServer } from './real-server.js';
import { get, inVirtualTime, post, type World } from './world.js';

/** A handler that waits, and says what became of it. */
function watched(world: World, log: string[]): Handler {
  return ({ cancelled$, path }) => {
    cancelled$.subscribe({
      next: () => log.push(`${path} cancelled at ${world.scheduler.now()}`),
      complete: () => log.push(`${path} over`),
    });
    return new Observable((subscriber) => {
      const timer$ = timer(path === '/soon' ? 5 : 60_000).subscribe(() => {
        subscriber.next({ body: 'done' });
        subscriber.complete();
      });
      return () => {
        timer$.unsubscribe();
        log.push(`${path} left`);
      };
    });
  };
}

describe('the client goes away', () => {
  it('with a reset: the handler is unsubscribed at once, and cancelled$ emits', () => {
    const log: string[] = [];
    inVirtualTime(
      (world) => {
        world.serve(watched(world, log));
        const client = world.connect(get('/a') + get('/b'));
        world.at(50, () => client.socket.error(new Error('gone')));
      },
      (world) => {
        expect(log).toEqual(['/a left', '/a cancelled at 50', '/a over', '/b left', '/b cancelled at 50', '/b over']);
        expect(world.eventsOf('handler-error')).toEqual([]);
        expect(world.eventsOf('connection-error')).toMatchObject([{ error: { code: 'ECONNRESET' } }]);
      },
    );
  });

  it('with FIN: it has a second, since it may only have ended its side', () => {
    const log: string[] = [];
    inVirtualTime(
      (world) => {
        world.serve(watched(world, log));
        const gone = world.connect(get('/a'));
        const half = world.connect(get('/soon'));
        world.at(1, () => {
          gone.socket.complete();
          half.socket.complete();
        });
        world.at(10, () => {
          expect(half.statuses).toEqual([200]);
          expect(half.endedAt).toBe(5);
        });
      },
      (world) => {
        expect(log).toEqual(['/soon left', '/soon over', '/a left', '/a cancelled at 1001', '/a over']);
        expect(world.sockets.every(({ destroyed }) => destroyed)).toBe(true);
      },
    );
  });

  it('one that goes on reading is served on', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: interval(700).pipe(map((i) => `${i} `)) }));
        const client = world.connect(get('/'));
        world.at(1, () => client.socket.complete());
        world.at(5000, () => expect(client.received).toContain('5 '));
      },
      () => undefined,
    );
  });

  it('halfClosed is an option', () => {
    const log: string[] = [];
    inVirtualTime(
      (world) => {
        world.serve(watched(world, log), { timeout: { halfClosed: 0 } });
        const client = world.connect(get('/a'));
        world.at(1, () => client.socket.complete());
        world.at(60_001, () => expect(client.statuses).toEqual([200]));
      },
      () => expect(log).toEqual(['/a left', '/a over']),
    );
  });

  it('in the middle of a request body: the body fails, the handler is cancelled', () => {
    const log: unknown[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ body, cancelled$, trailers }) => {
          cancelled$.subscribe(() => log.push('cancelled'));
          trailers.subscribe({ error: ({ code }: { code: string }) => log.push(`trailers ${code}`) });
          body.subscribe({
            next: ({ length }) => log.push(length),
            error: ({ code }: { code: string }) => log.push(`body ${code}`),
          });
          return NEVER;
        });
        const client = world.connect(post('/', 100, 'hello'));
        world.at(10, () => client.socket.error(new Error('gone')));
      },
      () => expect(log).toEqual([5, 'trailers ECONNRESET', 'cancelled', 'body ECONNRESET']),
    );
  });

  it('with FIN in the middle of a request body: 400, and the handler is cancelled', () => {
    const log: unknown[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ body, cancelled$ }) => {
          cancelled$.subscribe(() => log.push('cancelled'));
          body.subscribe({ error: ({ code }: { code: string }) => log.push(code) });
          return NEVER;
        });
        const client = world.connect(post('/', 100, 'hello'));
        world.at(1, () => client.socket.complete());
        world.at(2, () => expect(client.statuses).toEqual([400]));
      },
      (world) => {
        expect(log).toEqual(['cancelled', 'TRUNCATED_MESSAGE']);
        expect(world.eventsOf('refused')).toMatchObject([{ status: 400 }]);
      },
    );
  });

  it('in the middle of a response body: its source is unsubscribed', () => {
    let left = -1;
    inVirtualTime(
      (world) => {
        const body = new Observable<string>((subscriber) => {
          const ticks = interval(10).subscribe(() => subscriber.next('tick'));
          return () => {
            ticks.unsubscribe();
            left = world.scheduler.now();
          };
        });
        world.serve(() => ({ body }));
        const client = world.connect(get('/'));
        world.at(55, () => client.socket.error(new Error('gone')));
      },
      () => expect(left).toBe(55),
    );
  });
});

describe('cancelled$', () => {
  it('completes without a value where the response was written', () => {
    const log: string[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ cancelled$ }) => {
          const note = (what: string) => ({
            next: () => log.push(`${what} next`),
            complete: () => log.push(`${what} over`),
          });
          cancelled$.subscribe(note('early'));
          world.at(5, () => cancelled$.subscribe(note('late')));
          return {};
        });
        world.connect(get('/'));
      },
      () => expect(log).toEqual(['early over', 'late over']),
    );
  });
});

describe('real sockets', () => {
  it('a client that is destroyed in the middle of a handler', async () => {
    let cancelled = false;
    const { raw } = await realServer(({ cancelled$ }) => {
      cancelled$.subscribe(() => (cancelled = true));
      return NEVER;
    });
    const client = raw().send(get('/'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.socket.resetAndDestroy();
    await eventually(() => cancelled);
  });

  it('one that just closes', async () => {
    let cancelled = false;
    const { raw, server } = await realServer(
      ({ cancelled$ }) => {
        cancelled$.subscribe(() => (cancelled = true));
        return NEVER;
      },
      { timeout: { halfClosed: 50 } },
    );
    let open = -1;
    server.connections$.subscribe((count) => (open = count));
    const client = raw().send(get('/'));
    await eventually(() => open === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.socket.destroy();
    await eventually(() => cancelled && open === 0);
  });

  it('one that leaves an endless download, by reset and by FIN', async () => {
    let left = 0;
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        left++;
      }
    }
    const { raw, server } = await realServer(() => ({ body: endless() }));
    let open = -1;
    server.connections$.subscribe((count) => (open = count));
    for (const leave of ['resetAndDestroy', 'destroy', 'end'] as const) {
      const client = raw();
      client.socket.on('data', () => undefined);
      client.send(get('/'));
      await client.until('200');
      client.received = '';
      client.socket.pause();
      if (leave === 'end') {
        client.socket.end();
        await new Promise((resolve) => setTimeout(resolve, 20));
        client.socket.destroy();
      } else client.socket[leave]();
    }
    await eventually(() => left === 3 && open === 0);
  });

  it('8 requests in flight, half of the clients gone, the others are answered', async () => {
    const { raw } = await realServer(() => of({ body: 'x' }).pipe(delay(50)));
    const clients = Array.from({ length: 8 }, () => raw().send(get('/')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const client of clients.slice(4)) client.socket.resetAndDestroy();
    await Promise.all(clients.slice(0, 4).map((client) => client.until('\r\n\r\nx')));
  });
});
