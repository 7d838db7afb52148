import { delay, NEVER, of, Subject, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { get, inVirtualTime, post } from './world.js';
import { realServer } from './real-server.js';

describe('trap 16: pipelined requests', () => {
  it('handlers run at the same time, responses come in the order of the requests', () => {
    const started: [string, number][] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ path }) => {
          started.push([path, world.scheduler.now()]);
          return of({ body: path }).pipe(delay(Number(path.slice(1))));
        });
        const client = world.connect(get('/30') + get('/10') + get('/20'));
        world.at(29, () => expect(client.received).toBe(''));
        world.at(31, () => {
          const bodies = [...client.received.matchAll(/\r\n\r\n(\/\d+)/g)].map(([, path]) => path);
          expect(bodies).toEqual(['/30', '/10', '/20']);
        });
      },
      () => {
        expect(started).toEqual([
          ['/30', 0],
          ['/10', 0],
          ['/20', 0],
        ]);
      },
    );
  });

  it('synchronous, late and streamed answers keep the order too, interim ones before their own', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ path }) => {
          if (path === '/late') return of({ body: 'late' }).pipe(delay(5));
          if (path === '/hint') return of({ status: 103, fields: { link: '</a>' } }, { body: 'hinted' });
          if (path === '/stream') return { body: ['stream', 'ed'] };
          return { body: 'now' };
        });
        const client = world.connect(get('/late') + get('/now') + get('/hint') + get('/stream') + get('/now'));
        world.at(6, () => {
          const order = client.received.match(/late|now|103|hinted|stream|\r\ned/g);
          expect(order).toEqual(['late', 'now', '103', 'hinted', 'stream', '\r\ned', 'now']);
        });
      },
      () => undefined,
    );
  });

  it('a body between two requests is read by its own handler', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body, method }) => ({ body: method === 'POST' ? body : 'get' }));
        const client = world.connect(post('/', 5, 'first') + get('/') + post('/', 6, 'second'));
        world.at(1, () => expect(client.received.match(/first|get|second/g)).toEqual(['first', 'get', 'second']));
      },
      () => undefined,
    );
  });

  it('a failing handler answers 500 in its place', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ path }) => {
          if (path === '/bad') throw new Error('bad');
          return of({ body: 'fine' }).pipe(delay(3));
        });
        const client = world.connect(get('/') + get('/bad') + get('/'));
        world.at(4, () => expect(client.statuses).toEqual([200, 500, 200]));
      },
      (world) => expect(world.eventsOf('handler-error')).toHaveLength(1),
    );
  });

  it('a malformed request is answered in its place, as the last', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'fine' }).pipe(delay(3)));
        const client = world.connect(`${get('/')}nonsense\r\n\r\n${get('/')}`);
        world.at(4, () => {
          expect(client.statuses).toEqual([200, 400]);
          expect(client.endedAt).toBe(3);
        });
      },
      () => undefined,
    );
  });
});

describe('B6: a flood of pipelined requests', () => {
  it('10 000 that are never answered start 16 handlers, and the rest waits in the socket', () => {
    let started = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          started++;
          return NEVER;
        });
        world.connect(get('/').repeat(10_000));
        world.at(100, () => {
          expect(started).toBe(16);
          expect(world.sockets[0]?.heldBytes).toBeGreaterThan(0);
          expect(world.sockets[0]?.heldBytes).toBeLessThan(262_144 + 65_536);
        });
      },
      () => expect(started).toBe(16),
      { chunking: () => 65_536 },
    );
  });

  it('they go on as they are answered', () => {
    let started = 0;
    let running = 0;
    let most = 0;
    inVirtualTime(
      (world) => {
        world.serve(
          () => {
            started++;
            most = Math.max(most, ++running);
            return timer(1).pipe(
              tap(() => running--),
              delay(0),
              // each answers 1 ms after it started
              (source) => of({ body: 'x' }).pipe(delay(1), tap({ subscribe: () => source.subscribe() })),
            );
          },
          { maxRequests: Infinity },
        );
        const client = world.connect(get('/').repeat(1000));
        world.at(2000, () => expect(client.statuses).toHaveLength(1000));
      },
      () => {
        expect(started).toBe(1000);
        expect(most).toBeLessThanOrEqual(17);
      },
    );
  });

  it('synchronous handlers are not started for a client that does not read', () => {
    let started = 0;
    inVirtualTime(
      (world) => {
        world.serve(
          () => {
            started++;
            return { body: 'x'.repeat(1000) };
          },
          { maxRequests: Infinity },
        );
        // It never subscribes, so nothing is taken.
        world.network.connect({ host: 'server', port: 80 }).subscribe((socket) => {
          socket.next(Buffer.from(get('/').repeat(10_000)));
        });
        world.at(50, () => expect(started).toBeLessThan(200));
      },
      () => undefined,
      { highWaterMark: 16_384 },
    );
  });

  it('with real sockets: flat', async () => {
    let started = 0;
    const { raw } = await realServer(() => {
      started++;
      return NEVER;
    });
    const client = raw();
    client.socket.pause();
    client.send(get('/').repeat(10_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(started).toBe(16);
  });

  it('maxPipelined is an option', () => {
    let started = 0;
    const answers = new Subject<{ body: string }>();
    inVirtualTime(
      (world) => {
        world.serve(
          () => {
            started++;
            return answers;
          },
          { maxPipelined: 2 },
        );
        world.connect(get('/').repeat(10));
        world.at(10, () => expect(started).toBe(2));
      },
      () => undefined,
    );
  });
});

describe('A17: data after Connection: close', () => {
  it('is not parsed: one handler call, one response', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          calls++;
          return of({ body: 'x' }).pipe(delay(5));
        });
        const client = world.connect(get('/', 'connection: close') + get('/smuggled'));
        world.at(1, () => client.send(get('/later')));
        world.at(6, () => {
          expect(client.statuses).toEqual([200]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(5);
        });
      },
      () => expect(calls).toBe(1),
    );
  });

  it('nor is what follows the last of maxRequests', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(
          () => {
            calls++;
            return { body: 'x' };
          },
          { maxRequests: 3 },
        );
        const client = world.connect(get('/').repeat(5));
        world.at(1, () => {
          expect(client.statuses).toEqual([200, 200, 200]);
          expect(client.received.match(/connection: close/g)).toHaveLength(1);
          expect(client.endedAt).toBe(0);
        });
      },
      () => expect(calls).toBe(3),
    );
  });
});

describe('trap 4: one trailing CRLF', () => {
  it('and a disconnect: one handler call', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          calls++;
          return {};
        });
        const client = world.connect(`${get('/')}\r\n`);
        world.at(1, () => client.socket.complete());
        world.at(2, () => expect(client.endedAt).toBe(1));
      },
      () => expect(calls).toBe(1),
    );
  });
});
