import { concatMap, delay, NEVER, of, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { get, inVirtualTime, post, type World } from './world.js';

const ok = (): { body: string } => ({ body: 'ok' });

function phases(world: World): string[] {
  return world.eventsOf('timeout').map(({ error }) => error.code);
}

describe('setup', () => {
  it('B7: 1000 connections that send nothing are all gone at 10 s, without an answer', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const clients = Array.from({ length: 1000 }, () => world.connect());
        world.at(9999, () => expect(clients.filter(({ closedAt }) => closedAt !== undefined)).toHaveLength(0));
        world.at(10_001, () => {
          expect(clients.filter(({ closedAt }) => closedAt === 10_000)).toHaveLength(1000);
          expect(clients.every(({ received }) => received === '')).toBe(true);
        });
      },
      (world) => {
        expect(phases(world)).toEqual(Array.from({ length: 1000 }, () => 'TIMEOUT_SETUP'));
      },
    );
  });

  it('a first byte just in time makes it the turn of the head', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect();
        world.at(9999, () => client.send('G'));
        world.at(15_000, () => client.send(get('/').slice(1)));
        world.at(15_001, () => expect(client.statuses).toEqual([200]));
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_IDLE']),
    );
  });

  it('is an option', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok, { timeout: { setup: 50 } });
        const client = world.connect();
        world.at(60, () => expect(client.closedAt).toBe(50));
      },
      () => undefined,
    );
  });
});

describe('trap 20: slow header', () => {
  it('B1: slowloris, a byte each 9 s: 408 and closed at exactly 30 s after the connection', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect('G');
        for (const [i, byte] of Array.from('ET / H').entries()) world.at(9000 * (i + 1), () => client.send(byte));
        world.at(29_999, () => expect(client.closedAt).toBeUndefined());
        world.at(30_001, () => {
          expect(client.statuses).toEqual([408]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(30_000);
        });
      },
      (world) => {
        expect(phases(world)).toEqual(['TIMEOUT_HEAD']);
        expect(world.eventsOf('refused')).toMatchObject([{ status: 408 }]);
      },
    );
  });

  it('counts from the first byte of a later request', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect(get('/'));
        world.at(4000, () => client.send('GET'));
        world.at(34_001, () => {
          expect(client.statuses).toEqual([200, 408]);
          expect(client.endedAt).toBe(34_000);
        });
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_HEAD']),
    );
  });

  it('waits for the answers before it', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'late' }).pipe(delay(40_000)));
        const client = world.connect(`${get('/')}GET`);
        world.at(39_999, () => expect(client.received).toBe(''));
        world.at(40_001, () => {
          expect(client.statuses).toEqual([200, 408]);
          expect(client.endedAt).toBe(40_000);
        });
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_HEAD']),
    );
  });
});

describe('trap 20: slow body', () => {
  it('B2: 1 byte each second is under the rate: 408 soon after the grace of 10 s', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => body.pipe(concatMap(() => NEVER)));
        const client = world.connect(post('/', 1000));
        for (let i = 1; i <= 30; i++) world.at(1000 * i, () => client.send('x'));
        world.at(10_000, () => expect(client.closedAt).toBeUndefined());
        world.at(10_100, () => {
          expect(client.statuses).toEqual([408]);
          expect(client.endedAt).toBeGreaterThan(10_000);
        });
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_RATE']),
    );
  });

  it('a body that does not move at all: 408 at exactly 10 s', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => body.pipe(concatMap(() => NEVER)));
        const client = world.connect(post('/', 1000));
        world.at(10_001, () => {
          expect(client.statuses).toEqual([408]);
          expect(client.endedAt).toBe(10_000);
        });
      },
      () => undefined,
    );
  });

  it('a body at the rate is let be, up to 300 s for all of it', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => body.pipe(concatMap(() => NEVER)));
        const client = world.connect(post('/', 1_000_000));
        for (let i = 1; i <= 310; i++) world.at(1000 * i, () => client.send('x'.repeat(300)));
        world.at(299_999, () => expect(client.closedAt).toBeUndefined());
        world.at(300_001, () => {
          expect(client.statuses).toEqual([408]);
          expect(client.endedAt).toBe(300_000);
        });
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_REQUEST']),
    );
  });

  it('both clocks stand still while the handler holds the body', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) =>
          body.pipe(
            holdMap(() => timer(100_000), { concurrent: 1 }),
            concatMap(() => NEVER),
          ),
        );
        // 4 pieces of 100 s each with the handler: 400 s, and the client is blamed for none of them.
        const client = world.connect(post('/', 1000));
        for (let i = 0; i < 4; i++) world.at(1000 + i * 100_001, () => client.send('x'.repeat(64)));
        world.at(401_000, () => expect(client.closedAt).toBeUndefined());
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_RATE']),
    );
  });

  it('a response under way is cut instead of 408', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => ({ body }));
        const client = world.connect(post('/', 1000, 'abc'));
        world.at(10_100, () => {
          expect(client.statuses).toEqual([200]);
          expect(client.received).toContain('3\r\nabc');
          expect(client.received).not.toContain('\r\n0\r\n');
          expect(client.closedAt).toBeDefined();
        });
      },
      () => undefined,
    );
  });

  it('minRate: 0 turns the rate off, and request limits alone', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => body.pipe(concatMap(() => NEVER)), { minRate: 0, timeout: { request: 60_000 } });
        const client = world.connect(post('/', 1000));
        world.at(60_001, () => expect(client.endedAt).toBe(60_000));
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_REQUEST']),
    );
  });
});

describe('B2: slow reader', () => {
  /** Reads everything, but lets go of it at `bytesPerSecond` only. */
  function slowly(world: World, bytesPerSecond: number): (chunk: Uint8Array) => void {
    let free = 0;
    return ({ length }) => {
      const release = hold();
      free = Math.max(free, world.scheduler.now()) + (length / bytesPerSecond) * 1000;
      world.at(free, release);
    };
  }

  it.each([
    ['at once', 0],
    ['later', 10],
  ])(
    '1 MiB, given %s, to a client that takes 1 B/s is cut off after the grace and the worth of what its buffers took',
    (_, later) => {
      const body = Buffer.alloc(1 << 20, 'x');
      inVirtualTime(
        (world) => {
          world.serve(() => (later === 0 ? { body } : of({ body }).pipe(delay(later))));
          const client = world.connect(get('/'), slowly(world, 1));
          world.at(9_999, () => expect(client.closedAt).toBeUndefined());
          // 4096 bytes are worth 16 s, the grace is 10.
          world.at(27_000, () => {
            expect(client.failedAt).toBeGreaterThan(26_000);
            expect(client.received.length).toBeLessThan(5000);
          });
        },
        (world) => expect(phases(world)).toEqual(['TIMEOUT_RATE']),
        { highWaterMark: 4096, chunking: () => 1024 },
      );
    },
  );

  it('one that takes 2 KiB/s gets all of it', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: Buffer.alloc(1 << 20, 'x') }));
        const client = world.connect(get('/'), slowly(world, 2048));
        world.at(600_000, () => expect(client.received.endsWith('x'.repeat(1 << 20))).toBe(true));
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_IDLE']),
      { highWaterMark: 4096, chunking: () => 1024 },
    );
  });
});

describe('trap 20: idle', () => {
  it('closed silently 5 s after the last response, not during work', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'slow' }).pipe(delay(8000)));
        const client = world.connect(get('/'));
        world.at(12_999, () => expect(client.closedAt).toBeUndefined());
        world.at(13_001, () => {
          expect(client.statuses).toEqual([200]);
          expect(client.closedAt).toBe(13_000);
        });
      },
      (world) => expect(phases(world)).toEqual(['TIMEOUT_IDLE']),
    );
  });

  it('each request winds it anew', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect(get('/'));
        for (let i = 1; i <= 5; i++) world.at(4000 * i, () => client.send(get('/')));
        world.at(24_999, () => expect(client.closedAt).toBeUndefined());
        world.at(25_001, () => expect(client.closedAt).toBe(25_000));
      },
      () => undefined,
    );
  });

  it('a stray CRLF does not', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect(get('/'));
        world.at(3000, () => client.send('\r\n'));
        world.at(5001, () => expect(client.closedAt).toBe(5000));
      },
      () => undefined,
    );
  });
});

describe('lingering close', () => {
  it('a client that does not close its side is let go 2 s after the last response', () => {
    inVirtualTime(
      (world) => {
        world.serve(ok);
        const client = world.connect();
        world.at(1, () => client.send(get('/', 'connection: close')));
        world.at(5000, () => expect(client.endedAt).toBe(1));
      },
      () => undefined,
    );
  });
});
