import { concatMap, from, map, mergeMap, of, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NetworkError } from '../../../operators/core/protocol-error.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { ConnectTarget, ListenConfig, Listener } from '../../../src/sockets/network.js';
import { runMarbles } from '../../support/marbles.js';
import { world } from './memory-world.js';
import { bytes, dial, failure, Reader, serve, until } from './harness.js';

const target: ConnectTarget = { host: 'example.com', port: 80 };
const refused = (where = 'example.com:80'): NetworkError =>
  new NetworkError('ECONNREFUSED', 'connect', `connect ECONNREFUSED ${where}`);
const text = map((chunk: Uint8Array) => Buffer.from(chunk).toString('latin1'));

describe('connecting', () => {
  it('takes one latency, and an exchange two', () =>
    world({ latency: 5 }, { port: 80 }, ({ network, accepted, scheduler, expectObservable }) => {
      scheduler.schedule(() => accepted[0]?.subscribe(accepted[0]), 6); // echo
      const echoed = network.connect(target).pipe(
        mergeMap((connection) => {
          connection.next(bytes('hi'));
          connection.complete();
          return connection;
        }),
        text,
      );
      expectObservable(echoed).toBe('---------------(a|)', { a: 'hi' });
    }));

  it('is refused where nobody listens', () =>
    world({ latency: 2 }, { port: 81, host: 'example.com' }, ({ network, expectObservable }) => {
      expectObservable(network.connect(target)).toBe('--#', undefined, refused());
      expectObservable(network.connect({ ...target, port: 81, host: 'example.org' })).toBe(
        '--#',
        undefined,
        refused('example.org:81'),
      );
    }));

  it('is given up by unsubscribing', () =>
    world({ latency: 3 }, { port: 80 }, ({ network, accepted, expectObservable, scheduler }) => {
      expectObservable(network.connect(target), '^-!').toBe('-----');
      scheduler.schedule(() => expect(accepted).toHaveLength(0), 9);
    }));

  it('knows both addresses', () =>
    world({}, { port: 80 }, ({ network, accepted, scheduler }) => {
      let near: ByteDuplex | undefined;
      network.connect({ ...target, localAddress: 'here', localPort: 7 }).subscribe((one) => (near = one));
      scheduler.schedule(() => {
        expect(near?.info).toEqual({
          transport: 'memory',
          local: { family: 'memory', address: 'here', port: 7 },
          remote: { family: 'memory', address: 'example.com', port: 80 },
          tls: undefined,
        });
        expect(accepted[0]?.info).toMatchObject({ local: near?.info.remote, remote: near?.info.local });
      }, 1);
    }));

  it.each<[ListenConfig, ConnectTarget]>([
    [
      { port: 80, host: '127.0.0.1' },
      { port: 80, host: 'localhost' },
    ],
    [
      { port: 80, host: 'localhost' },
      { port: 80, host: '[::1]' },
    ],
    [
      { port: 80, host: '0.0.0.0' },
      { port: 80, host: 'anything.example' },
    ],
    [
      { port: 80, host: 'Example.COM' },
      { port: 80, host: 'example.com' },
    ],
    [{ path: '/run/s' }, { port: 0, host: 'localhost', path: '/run/s' }],
  ])('%o is reached by %o', (listen, to) =>
    world({}, listen, ({ network, expectObservable }) => {
      expectObservable(network.connect(to).pipe(map(() => 'yes'))).toBe('(a|)', { a: 'yes' });
    }),
  );
});

describe('listening', () => {
  it('picks a free port, and refuses a taken one', () =>
    world({}, { port: 80 }, ({ network, listener, expectObservable, scheduler }) => {
      expectObservable(network.listen({ port: 80 })).toBe(
        '#',
        undefined,
        new NetworkError('EADDRINUSE', 'listen', 'address already in use *:80'),
      );
      expectObservable(network.listen({}).pipe(map(({ address }) => address.port))).toBe('(a|)', { a: 49_152 });
      scheduler.schedule(() => expect(listener().address).toEqual({ family: 'memory', address: '*', port: 80 }), 1);
    }));

  it('frees the address on close, once; open connections live on', () =>
    world({ latency: 1 }, { port: 80 }, ({ network, accepted, listener, scheduler, expectObservable }) => {
      const near = network.connect(target);
      let text = '';
      scheduler.schedule(() => near.subscribe((one) => scheduler.schedule(() => one.next(bytes('still')), 5)), 1);
      scheduler.schedule(() => {
        accepted[0]?.subscribe((chunk) => (text += Buffer.from(chunk).toString()));
        listener().close();
      }, 3);
      scheduler.schedule(() => {
        expectObservableClosed(listener());
        network.listen({ port: 80 }).subscribe();
        listener().close(); // does not take the new one's place
      }, 4);
      scheduler.schedule(() => expect(text).toBe('still'), 9);
      expectObservable(of(1).pipe(concatMap(() => network.connect({ ...target, port: 79 })))).toBe(
        '-#',
        undefined,
        refused('example.com:79'),
      );
      scheduler.schedule(() => near.subscribe(() => (text += '!')), 10);
      scheduler.schedule(() => expect(text).toBe('still!'), 12);
    }));

  it('lets connections wait while paused, and limits their number', () =>
    world({}, { port: 80, maxConnections: 2 }, ({ network, accepted, errors, listener, scheduler }) => {
      const readers: Reader[] = [];
      const connect = (): void => void network.connect(target).subscribe((one) => readers.push(new Reader(one)));
      scheduler.schedule(() => listener().pause(), 1);
      scheduler.schedule(connect, 2);
      scheduler.schedule(() => {
        expect(accepted).toHaveLength(0);
        listener().resume();
        expect(accepted).toHaveLength(1);
        connect();
        connect();
      }, 3);
      scheduler.schedule(() => {
        expect(accepted).toHaveLength(2);
        expect(readers.map(({ code }) => code)).toEqual([undefined, undefined, 'ECONNRESET']);
        expect(errors).toEqual([new NetworkError('CONNECTION_LIMIT', 'listen', '2 connections are open already')]);
        accepted[0]?.error(new Error('enough'));
        connect();
      }, 4);
      scheduler.schedule(() => expect(accepted).toHaveLength(3), 5);
    }));
});

function expectObservableClosed(listener: Listener): void {
  const seen: string[] = [];
  listener.close().subscribe({ next: () => seen.push('next'), complete: () => seen.push('complete') });
  listener.connections.subscribe({ error: (error: { code: string }) => seen.push(error.code) });
  listener.errors.subscribe({ complete: () => seen.push('no errors') });
  expect(seen).toEqual(['next', 'complete', 'ALREADY_SUBSCRIBED', 'no errors']);
}

describe('faults', () => {
  it('refuse, delay or never answer single attempts', () => {
    const plan = [{ connect: 'refuse' }, { connect: 10 }, { connect: 'hang' }, undefined] as const;
    world({ latency: 1, faults: (attempt) => plan[attempt] }, { port: 80 }, ({ network, expectObservable }) => {
      const attempt = network.connect(target).pipe(map(() => 'yes'));
      expectObservable(attempt).toBe('-#', undefined, refused());
      expectObservable(attempt).toBe('-----------(a|)', { a: 'yes' });
      expectObservable(attempt, '^-------------!').toBe('---------------');
      expectObservable(attempt).toBe('-(a|)', { a: 'yes' });
    });
  });

  it('reset and stall by direction', () =>
    world(
      { latency: 1, faults: { resetAfter: { toClient: 2 }, stall: { toServer: 1 } } },
      { port: 80 },
      ({ network, accepted, scheduler, expectObservable }) => {
        scheduler.schedule(() => accepted[0]?.next(bytes('12345')), 2);
        const read = network.connect(target).pipe(
          tap((one) => one.next(bytes('abc'))),
          mergeMap((one) => one),
          text,
        );
        expectObservable(read).toBe('---(a#)', { a: '12' }, new NetworkError('ECONNRESET', 'read', 'read ECONNRESET'));
        const got: string[] = [];
        scheduler.schedule(
          () => accepted[0]?.subscribe({ next: (chunk) => got.push(String(chunk)), error: () => got.push('reset') }),
          2,
        );
        scheduler.schedule(() => expect(got).toEqual(['a', 'reset']), 5);
      },
    ));
});

it('runs on the clock of the machine without a scheduler', async () => {
  const network = memoryNetwork({ chunking: () => 3 });
  const { port, next } = await serve({}, network);
  const near = await dial({ host: '127.0.0.1', port }, network);
  const far = await next();
  far.subscribe(far);
  const reader = new Reader(near);
  near.next(bytes('hello world'));
  near.complete();
  await until(() => reader.ended);
  expect(reader.text).toBe('hello world');
  expect([near.destroyed, far.destroyed]).toEqual([true, true]);
  expect(await failure({ host: '127.0.0.1', port: 1 }, network)).toMatchObject({ code: 'ECONNREFUSED' });
  near.ref();
  near.unref();
});

it('needs no scheduler in a TestScheduler run either', () =>
  runMarbles(({ expectObservable }) => {
    const network = memoryNetwork({ latency: 4 });
    network.listen({ port: 80 }).subscribe(({ connections }) => {
      connections.subscribe((one) => from([bytes('hi')]).subscribe(one));
    });
    const read = network.connect(target).pipe(
      mergeMap((one) => one),
      text,
    );
    expectObservable(read).toBe('--------(a|)', { a: 'hi' });
  }));
