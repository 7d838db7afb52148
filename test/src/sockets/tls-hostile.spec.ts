import { connect as connectNet, createServer as createNetServer, type Socket } from 'node:net';
import { connect as connectNode, createServer as createNodeServer } from 'node:tls';
import { firstValueFrom, tap, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeNetwork } from '../../../src/sockets/network.js';
import { certificates } from '../../support/certificates.js';
import { bytes, dial, handles, Reader, serve, turns, until } from './harness.js';

const { ca, server } = certificates();

describe('the handshake timeout', () => {
  it('closes connections that say nothing, on the given clock', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { port, errors, accepted } = await serve({ tls: server, scheduler });
    const closed: boolean[] = [];
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connectNet(port, '127.0.0.1');
      socket.on('error', () => undefined).on('close', () => closed.push(true));
      return socket;
    });
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    await until(() => {
      if (errors.length === 0) expect(scheduler.actions.length).toBeLessThanOrEqual(1); // one timer for all
      scheduler.flush();
      return errors.length === 20;
    });
    expect(scheduler.frame).toBeGreaterThanOrEqual(10_000);
    expect(errors[0]).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT_SETUP', milliseconds: 10_000 });
    await until(() => closed.length === 20);
    expect(accepted).toEqual([]);
  });

  it('is over with the handshake', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { port, errors, next } = await serve({ tls: server, scheduler, handshakeTimeout: 50 });
    const near = await dial({ host: 'localhost', family: 4, port, tls: { ca } });
    const far = await next();
    scheduler.flush();
    const reader = new Reader(near);
    far.next(bytes('hello'));
    await until(() => reader.text === 'hello');
    expect(errors).toEqual([]);
  });

  it('ends with the listener', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { port, listener, errors } = await serve({ tls: server, scheduler });
    const socket = connectNet(port, '127.0.0.1');
    let closed = false;
    socket.on('error', () => undefined).on('close', () => (closed = true));
    await until(() => scheduler.actions.length === 1);
    listener.close();
    await until(() => closed);
    scheduler.flush();
    expect(errors).toEqual([]);
  });
});

describe('renegotiation', () => {
  it('J5 is refused to a server, and ends the connection', async () => {
    let outcome: unknown;
    const peer = createNodeServer({ ...server, maxVersion: 'TLSv1.2' }, (socket) => {
      socket.on('error', (error) => (outcome ??= error)).resume();
      socket.renegotiate({}, (error) => (outcome ??= error ?? 'it renegotiated'));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void peer.close());
    await until(() => peer.listening);
    const { port } = peer.address() as { port: number };
    const reader = new Reader(await dial({ host: 'localhost', family: 4, port, tls: { ca } }));
    await until(() => reader.over);
    expect(outcome).not.toBe('it renegotiated');
    expect(reader.error).toMatchObject({ code: 'ERR_TLS_RENEGOTIATION_DISABLED', phase: 'tls' });
  });

  it('J5 is refused to a client', async () => {
    const { port, next } = await serve({ tls: { ...server, maxVersion: 'TLSv1.2' } });
    let outcome: unknown;
    const socket = connectNode({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => {
      socket.renegotiate({}, (error) => (outcome ??= error ?? 'it renegotiated'));
    });
    onTestFinished(() => void socket.destroy());
    socket.on('error', (error) => (outcome ??= error)).on('close', () => (outcome ??= 'closed'));
    new Reader(await next());
    await until(() => outcome !== undefined);
    expect(outcome).not.toBe('it renegotiated');
  });
});

describe('abrupt closes', () => {
  const STEPS = [
    'connecting',
    'client hello',
    'half the hello',
    'handshaken',
    'writing',
    'reading',
    'half closed',
  ] as const;

  /** A client that resets at the step, against our server. */
  function abruptClient(port: number, step: (typeof STEPS)[number], gone: () => void): void {
    const raw = connectNet({ port, host: '127.0.0.1' });
    let closed = false;
    const drop = (): void => void raw.resetAndDestroy();
    raw
      .on('error', () => undefined)
      .on('close', () => {
        if (!closed) gone();
        closed = true;
      });
    if (step === 'connecting') return void raw.on('connect', drop);
    if (step === 'half the hello') {
      return void raw.on('connect', () => raw.write(Buffer.from('160301020001', 'hex'), () => drop()));
    }
    raw.on('connect', () => {
      const socket = connectNode({ socket: raw, servername: 'localhost', ca });
      socket.on('error', () => undefined);
      if (step === 'client hello') return setImmediate(drop);
      return socket.on('secureConnect', () => {
        if (step === 'handshaken') return drop();
        socket.write('x'.repeat(100_000));
        if (step === 'half closed') {
          socket.end();
          return setImmediate(() => raw.destroy()); // Node cannot reset while its FIN is on the way
        }
        if (step === 'reading') return socket.once('data', drop);
        return setImmediate(drop);
      });
    });
  }

  it('of clients at 300 moments leave no handle, and the server running', async () => {
    const { port, errors, accepted } = await serve({ tls: server });
    const before = handles();
    let attended = 0;
    const attend = (): void => {
      for (const connection of accepted.slice(attended)) {
        attended++;
        new Reader(connection, () => connection.next(bytes('y'.repeat(100_000))));
      }
    };
    let over = 0;
    for (let i = 0; i < 300; i++) {
      abruptClient(port, STEPS[i % STEPS.length] as (typeof STEPS)[number], () => over++);
      await until(() => {
        attend();
        return over > i - 10;
      });
    }
    await until(() => {
      attend();
      return over === 300;
    });
    await until(() => {
      attend();
      for (const connection of accepted) if (!connection.destroyed) connection.complete();
      return handles().length <= before.length;
    });
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    await dial({ host: 'localhost', family: 4, port, tls: { ca } });
  });

  it('of servers at 300 moments leave no handle with the client', async () => {
    let count = 0;
    const drop = (socket: Socket): void => void socket.resetAndDestroy();
    const peer = createNetServer((socket) => {
      socket.on('error', () => undefined);
      switch (count++ % 4) {
        case 0:
          return drop(socket);
        case 1:
          return void socket.once('data', () => drop(socket));
        case 2:
          return void socket.once('data', () => socket.end(Buffer.from('1603030050', 'hex')));
        default:
          return void socket.once('data', () => socket.write(Buffer.from('160303', 'hex'), () => drop(socket)));
      }
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void peer.close());
    await until(() => peer.listening);
    const { port } = peer.address() as { port: number };
    const before = handles();
    const errors: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      const tls = i % 3 === 0 ? undefined : { ca };
      nodeNetwork.connect({ host: '127.0.0.1', port, tls }).subscribe({
        next: (plain) => {
          const reader = new Reader(plain);
          plain.next(bytes('hello'));
          plain.complete();
          if (i % 2 === 0) reader.leave();
        },
        error: (error: unknown) => errors.push(error),
      });
      if (i % 10 === 9) await turns(2);
    }
    await until(() => errors.length >= 200);
    for (const error of errors) expect(error).toMatchObject({ name: 'NetworkError' });
    await until(() => handles().length <= before.length);
  });

  it('of our own at 300 moments, on both sides, leave no handle either', async () => {
    const { port, accepted } = await serve({ tls: server });
    const before = handles();
    const enough = new Error('enough');
    let attended = 0;
    const attend = (): void => {
      for (const far of accepted.slice(attended)) {
        const how = attended++ % 5;
        const reader = new Reader(far, () => {
          if (how === 0) far.error(enough);
          else if (how === 1) reader.leave();
          else far.next(new Uint8Array(100_000));
        });
        if (how === 2) far.error(enough);
      }
    };
    for (let i = 0; i < 300; i++) {
      const near = await firstValueFrom(
        nodeNetwork.connect({ host: 'localhost', family: 4, port, tls: { ca } }).pipe(tap(attend)),
      );
      const reader = new Reader(near, () => {
        if (i % 3 === 0) near.error(enough);
      });
      if (i % 4 !== 0) near.next(new Uint8Array(50_000));
      if (i % 5 === 0) near.complete();
      if (i % 2 === 0) near.error(enough);
      else if (i % 7 === 0) reader.leave();
      else setImmediate(() => near.error(enough));
    }
    await until(() => {
      attend();
      for (const far of accepted) if (!far.destroyed) far.complete();
      return handles().length <= before.length;
    });
  });
});
