import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { nodeNetwork, type ListenConfig } from '../../../src/sockets/network.js';
import { bytes, dial, failure, Reader, serve, turns, until } from './harness.js';

function listenFailure(config: ListenConfig): Promise<Record<string, unknown>> {
  return firstValueFrom(nodeNetwork.listen(config)).then(
    (listener) => {
      listener.close();
      throw new Error('it listens');
    },
    (error: unknown) => error as Record<string, unknown>,
  );
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-sockets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A socket file that nobody listens on, as a crash leaves it. */
async function staleSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.alive`);
  await until(() => server.listening);
  const { linkSync } = await import('node:fs');
  linkSync(`${path}.alive`, path);
  await new Promise((resolve) => server.close(resolve));
  expect(existsSync(path)).toBe(true);
}

describe('listening', () => {
  it('tells its address, and fails where it is taken', async () => {
    const { listener, port } = await serve();
    expect(listener.address).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
    expect(port).toBeGreaterThan(0);
    expect(await listenFailure({ host: '127.0.0.1', port })).toMatchObject({
      name: 'NetworkError',
      code: 'EADDRINUSE',
      phase: 'listen',
    });
    expect(await listenFailure({ host: '127.0.0.1', port: 70_000 })).toMatchObject({ code: 'INVALID_OPTION' });
    expect(await listenFailure({ host: '192.0.2.1' })).toMatchObject({ code: 'EADDRNOTAVAIL', phase: 'listen' });
  });

  it('binds all addresses of a family without a host', async () => {
    const four = await firstValueFrom(nodeNetwork.listen({ family: 4 }));
    const six = await firstValueFrom(nodeNetwork.listen({ family: 6, ipv6Only: true, port: four.address.port }));
    expect([four.address.address, six.address.address]).toEqual(['0.0.0.0', '::']);
    four.close();
    six.close();
  });

  it('resolves a host to an address of the family, and refuses one of the other', async () => {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '::1', family: 6 }));
    expect(listener.address.family).toBe('IPv6');
    listener.close();
    expect(await listenFailure({ host: '127.0.0.1', family: 6 })).toMatchObject({ code: 'INVALID_OPTION' });
    const named = await firstValueFrom(nodeNetwork.listen({ host: 'localhost', family: 4 }));
    expect(named.address.address).toBe('127.0.0.1');
    named.close();
  });

  it('is given up by unsubscribing before it listens', async () => {
    const { port } = await serve();
    nodeNetwork
      .listen({ host: '127.0.0.1' })
      .subscribe({
        next: () => expect.unreachable(),
      })
      .unsubscribe();
    await turns();
    expect(port).toBeGreaterThan(0);
  });

  it('refuses reusePort where Node does not know it', async () => {
    const [major = 0] = process.versions.node.split('.').map(Number);
    if (major >= 22) {
      const first = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1', reusePort: true }));
      const second = await firstValueFrom(
        nodeNetwork.listen({ host: '127.0.0.1', reusePort: true, port: first.address.port }),
      );
      first.close();
      second.close();
    } else {
      expect(await listenFailure({ reusePort: true })).toMatchObject({
        name: 'UsageError',
        code: 'UNSUPPORTED_OPTION',
      });
    }
  });
});

describe('connections', () => {
  it('wait unread for their consumer', async () => {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1' }));
    onTestFinished(() => void listener.close());
    const client = await dial({ host: '127.0.0.1', port: listener.address.port });
    client.next(bytes('early'));
    await turns(20);
    const seen: ByteDuplex[] = [];
    listener.connections.subscribe((one) => seen.push(one));
    expect(seen).toHaveLength(1);
    const reader = new Reader(seen[0] as ByteDuplex);
    await until(() => reader.text === 'early');
    const second = await firstValueFrom(listener.connections).catch((error: unknown) => error);
    expect(second).toMatchObject({ name: 'UsageError', code: 'ALREADY_SUBSCRIBED' });
  });

  it('wait while paused', async () => {
    const { listener, port, accepted } = await serve();
    listener.pause();
    const client = await dial({ host: '127.0.0.1', port });
    await turns(20);
    expect(accepted).toHaveLength(0);
    listener.resume();
    await until(() => accepted.length === 1);
    expect(client.destroyed).toBe(false);
  });

  it('are not taken where they were reset meanwhile, and are where their peer has only ended', async () => {
    const { listener, port, accepted } = await serve();
    listener.pause();
    for (const leave of ['resetAndDestroy', 'end'] as const) {
      const client = connect(port, '127.0.0.1', () => client.write('word', () => client[leave]()));
      client.on('error', () => undefined).resume();
      await once(client, leave === 'end' ? 'finish' : 'close');
    }
    await turns(20);
    listener.resume();
    await until(() => accepted.length > 0);
    await turns(20);
    const readers = accepted.map((one) => new Reader(one));
    await until(() => readers.every((one) => one.over));
    expect(readers.map((one) => one.text)).toEqual(['word']);
  });

  it('do not wait beyond the backlog', async () => {
    const { listener, port, accepted } = await serve({ backlog: 2 });
    listener.pause();
    const clients = await Promise.all([1, 2, 3].map(() => dial({ host: '127.0.0.1', port })));
    const readers = clients.map((one) => new Reader(one));
    await until(() => readers.some((one) => one.over));
    expect(readers.filter((one) => one.over)).toHaveLength(1);
    listener.resume();
    expect(accepted).toHaveLength(2);
  });

  it('are limited in number, and say so', async () => {
    const { port, errors, next } = await serve({ maxConnections: 1 });
    const first = await dial({ host: '127.0.0.1', port });
    const server = await next();
    const second = new Reader(await dial({ host: '127.0.0.1', port }));
    await until(() => second.over);
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ name: 'NetworkError', code: 'CONNECTION_LIMIT', phase: 'listen' });
    new Reader(server);
    new Reader(first).leave();
    await until(() => server.destroyed || (server.complete(), false));
    await turns();
    await dial({ host: '127.0.0.1', port });
    await next();
  });

  it('survive the close of their listener, which is at once and once', async () => {
    const { listener, port, next } = await serve();
    const client = await dial({ host: '127.0.0.1', port });
    const server = await next();
    let completed = false;
    listener.errors.subscribe({ complete: () => (completed = true) });
    await lastValueFrom(listener.close());
    expect(completed).toBe(true);
    await lastValueFrom(listener.close());
    expect(await failure({ host: '127.0.0.1', port })).toMatchObject({ code: 'ECONNREFUSED' });
    const reader = new Reader(server);
    client.next(bytes('still here'));
    await until(() => reader.text === 'still here');
    const again = await serve({ port });
    expect(again.port).toBe(port);
  });

  it('are closed with the listener while they wait', async () => {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1' }));
    const reader = new Reader(await dial({ host: '127.0.0.1', port: listener.address.port }));
    await turns(20);
    listener.close();
    await until(() => reader.over);
    let completed = false;
    listener.connections.subscribe({ complete: () => (completed = true) });
    expect(completed).toBe(true);
  });

  it('no longer come once their consumer has left: the address is free', async () => {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1' }));
    listener.connections.subscribe().unsubscribe();
    expect(await failure({ host: '127.0.0.1', port: listener.address.port })).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('UNIX sockets', () => {
  it('carry bytes, and know their path', async () => {
    const path = join(scratch(), 's');
    const { listener, next } = await serve({ path });
    expect(listener.address).toEqual({ family: 'unix', address: path, port: 0 });
    const client = await dial({ host: 'localhost', port: 0, path });
    const server = await next();
    expect(client.info).toMatchObject({ transport: 'unix', remote: { family: 'unix', address: path }, tls: undefined });
    expect(server.info).toMatchObject({ transport: 'unix', local: { family: 'unix', address: path } });
    const [a, b] = [new Reader(client), new Reader(server)];
    client.next(bytes('ping'));
    await until(() => b.text === 'ping');
    server.next(bytes('pong'));
    server.complete();
    await until(() => a.ended && a.text === 'pong');
    client.error(new Error('enough'));
    await until(() => b.over);
  });

  it('have the mode asked for, and are removed on close', async () => {
    const path = join(scratch(), 's');
    const { listener } = await serve({ path, mode: 0o600 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    listener.close();
    expect(existsSync(path)).toBe(false);
  });

  it('replace a stale file when told to', async () => {
    const path = join(scratch(), 's');
    await staleSocket(path);
    expect(await listenFailure({ path })).toMatchObject({ code: 'EADDRINUSE', phase: 'listen' });
    await serve({ path, unlinkStale: true });
    await dial({ host: 'localhost', port: 0, path });
  });

  it('never take one that is in use, nor another file', async () => {
    const path = join(scratch(), 's');
    const { accepted } = await serve({ path });
    expect(await listenFailure({ path, unlinkStale: true })).toMatchObject({ code: 'EADDRINUSE' });
    expect(existsSync(path)).toBe(true);
    expect(accepted.length).toBeLessThanOrEqual(1);
    const file = join(scratch(), 'file');
    writeFileSync(file, 'precious');
    chmodSync(file, 0o600);
    expect(await listenFailure({ path: file, unlinkStale: true })).toMatchObject({ phase: 'listen' });
    expect(existsSync(file)).toBe(true);
    await serve({ path: join(scratch(), 'new'), unlinkStale: true });
  });

  it('fail with a NetworkError where there is none', async () => {
    expect(await failure({ host: 'localhost', port: 0, path: join(scratch(), 'nothing') })).toMatchObject({
      name: 'NetworkError',
      code: 'ENOENT',
      phase: 'connect',
    });
  });
});
