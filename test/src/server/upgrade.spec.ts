import { map, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/server/respond-context.js';
import type { UpgradedSocket } from '../../../src/server/server-response.js';
import { eventually, realServer } from './real-server.js';
import { get, inVirtualTime } from './world.js';

const upgrade = (protocol = 'echo'): string => get('/', 'connection: upgrade', `upgrade: ${protocol}`);
const connectTo = (authority: string): string => `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`;

const shout = (socket: UpgradedSocket): void => {
  socket
    .pipe(map((chunk) => Buffer.from(Buffer.from(chunk).toString('latin1').toUpperCase(), 'latin1')))
    .subscribe(socket);
};

describe('Upgrade', () => {
  it("101, then the bytes are the handler's, those sent ahead included", () => {
    inVirtualTime(
      (world) => {
        world.serve(({ upgrade: protocols }) => ({ status: 101, fields: { 'x-was': protocols }, upgraded: shout }));
        const client = world.connect(`${upgrade('echo/2, echo')}early`);
        world.at(1, () => {
          expect(client.received).toBe(
            'HTTP/1.1 101 Switching Protocols\r\nx-was: echo/2, echo\r\nupgrade: echo/2\r\nconnection: upgrade\r\n\r\nEARLY',
          );
          client.send(get('/'));
        });
        world.at(2, () => {
          expect(client.received).toContain('HOST: SERVER');
          client.socket.complete();
        });
        world.at(3, () => expect(client.endedAt).toBe(2));
      },
      (world) => expect(world.eventTypes()).not.toContain('handler-error'),
    );
  });

  it('after other requests, in its turn', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ upgrade: protocols }) =>
          protocols === '' ? { body: 'plain' } : { status: 101, upgraded: shout },
        );
        const client = world.connect(`${get('/')}${upgrade()}x`);
        world.at(1, () => {
          expect(client.statuses).toEqual([200, 101]);
          expect(client.received.endsWith('\r\n\r\nX')).toBe(true);
          client.socket.complete();
        });
      },
      () => undefined,
    );
  });

  it('A18: answered otherwise, the connection closes: what follows may not be HTTP', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          calls++;
          return { body: 'no' };
        });
        const client = world.connect(upgrade() + get('/smuggled'));
        world.at(1, () => {
          expect(client.statuses).toEqual([200]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(0);
        });
      },
      () => expect(calls).toBe(1),
    );
  });

  it('without `connection: upgrade` there is none', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ upgrade: protocols }) => ({ body: `[${protocols}]` }));
        const client = world.connect(get('/', 'upgrade: h2c').repeat(2));
        world.at(1, () => expect(client.received.match(/\[\]/g)).toHaveLength(2));
      },
      () => undefined,
    );
  });

  it('not before the body of the request has been read', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 101, upgraded: shout }));
        const head = upgrade().replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n');
        const client = world.connect(head);
        world.at(1, () => expect(client.statuses).toEqual([500]));
      },
      (world) => expect(world.eventsOf('handler-error')).toMatchObject([{ error: { code: 'NOT_UPGRADABLE' } }]),
    );
  });

  it('the Observable that `upgraded` returns ends the stream', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({
          status: 101,
          upgraded: (socket) => {
            socket.subscribe();
            socket.next(Buffer.from('bye'));
            return of(1);
          },
        }));
        const client = world.connect(upgrade());
        world.at(1, () => {
          expect(client.received.endsWith('bye')).toBe(true);
          expect(client.endedAt).toBe(0);
        });
      },
      (world) => expect(world.sockets[0]?.destroyed).toBe(true),
    );
  });

  it.each([
    [
      'throws',
      () => (): never => {
        throw new Error('boom');
      },
    ],
    ['fails', () => () => throwError(() => new Error('boom'))],
  ])('one that %s breaks the stream, and is an event', (_, make) => {
    inVirtualTime(
      (world) => {
        const upgraded = make();
        world.serve(() => ({ status: 101, upgraded }));
        const client = world.connect(upgrade());
        world.at(1, () => expect(client.failedAt).toBe(0));
      },
      (world) => {
        expect(world.eventsOf('handler-error')).toMatchObject([{ sent: true, error: { message: 'boom' } }]);
      },
    );
  });
});

describe('CONNECT', () => {
  const tunnel: Handler = ({ method, target, path, url }) =>
    method === 'CONNECT'
      ? { status: 200, fields: { 'x-to': `${target} ${path} ${url.port}` }, upgraded: shout }
      : { body: 'plain' };

  it("2xx, then the bytes are the handler's", () => {
    inVirtualTime(
      (world) => {
        world.serve(tunnel, { date: false });
        const client = world.connect(`${connectTo('example.com:444')}tls`);
        world.at(1, () => {
          expect(client.received).toBe('HTTP/1.1 200 OK\r\nx-to: example.com:444  444\r\n\r\nTLS');
          client.send('more');
        });
        world.at(2, () => {
          expect(client.received.endsWith('TLSMORE')).toBe(true);
          client.socket.complete();
        });
      },
      () => undefined,
    );
  });

  it('what comes while the handler thinks is not lost', async () => {
    const { raw } = await realServer(
      () => new Promise((resolve) => setTimeout(resolve, 30, { status: 200, upgraded: shout })),
    );
    const client = raw().send(connectTo('example.com:443'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    client.send('one ');
    await new Promise((resolve) => setTimeout(resolve, 10));
    client.send('two');
    await client.until('ONE TWO');
    client.socket.end();
    await client.closed;
  });

  it('A18: refused, with a request behind it in the same segment: one response, closed', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          calls++;
          return { status: 403 };
        });
        const client = world.connect(connectTo('example.com:443') + get('/'));
        world.at(1, () => {
          expect(client.statuses).toEqual([403]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(0);
        });
      },
      () => expect(calls).toBe(1),
    );
  });

  it('2xx without a taker is a mistake of the handler', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 200 }));
        const client = world.connect(connectTo('example.com:443'));
        world.at(1, () => expect(client.statuses).toEqual([500]));
      },
      (world) => expect(world.eventsOf('handler-error')).toMatchObject([{ error: { code: 'UPGRADED_MISSING' } }]),
    );
  });
});

describe('an upgraded connection', () => {
  it('counts as one until both directions have ended, and outlives the clocks of HTTP', () => {
    const counts: number[] = [];
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 101, upgraded: shout }));
        const client = world.connect(upgrade());
        world.at(1, () => world.server.connections$.subscribe((count) => counts.push(count)));
        world.at(400_000, () => {
          expect(counts).toEqual([1]);
          client.socket.complete();
        });
        world.at(400_001, () => expect(counts).toEqual([1, 0]));
      },
      () => undefined,
    );
  });

  it('is given the grace of the server, then destroyed', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 101, upgraded: () => NEVER }));
        const client = world.connect(upgrade());
        world.at(10, () => world.server.close({ grace: 100 }));
        world.at(109, () => expect(client.closedAt).toBeUndefined());
        world.at(111, () => expect(client.closedAt).toBe(110));
      },
      (world) => expect(world.completedAt).toBe(110),
    );
  });

  it('on real sockets, both ways until the end', async () => {
    const { raw, server } = await realServer(() => ({ status: 101, upgraded: shout }));
    let count = -1;
    server.connections$.subscribe((now) => (count = now));
    const client = raw().send(`${upgrade()}abc`);
    await client.until('ABC');
    client.socket.end('def');
    expect(await client.closed).toContain('ABCDEF');
    await eventually(() => count === 0);
  });
});
