import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isNetworkError, isUsageError } from '../../../operators/core/protocol-error.js';
import { nodeNetwork } from '../../../src/sockets/network.js';
import { bytes, connected, dial, failure, handles, Reader, serve, turns, until } from './harness.js';

/** A port of 127.0.0.1 where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await until(() => server.listening);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('connecting', () => {
  it('emits one connection, completes, and knows both addresses', async () => {
    const { port, next } = await serve();
    let completed = false;
    const client = await firstValueFrom(nodeNetwork.connect({ host: '127.0.0.1', port }));
    onTestFinished(() => client.error(new Error('over')));
    nodeNetwork.connect({ host: 'localhost', port, family: 4 }).subscribe({
      next: (other) => other.subscribe().unsubscribe(),
      complete: () => (completed = true),
    });
    const server = await next();
    expect(client.info).toEqual({
      transport: 'tcp',
      local: { family: 'IPv4', address: '127.0.0.1', port: server.info.remote.port },
      remote: { family: 'IPv4', address: '127.0.0.1', port },
      tls: undefined,
    });
    expect(server.info.local).toEqual(client.info.remote);
    await until(() => completed);
  });

  it('is cold: nothing happens before the subscription, each makes its own', async () => {
    const { port, accepted } = await serve();
    const source = nodeNetwork.connect({ host: '127.0.0.1', port });
    await turns();
    expect(accepted).toHaveLength(0);
    const [a, b] = await Promise.all([firstValueFrom(source), firstValueFrom(source)]);
    expect(a).not.toBe(b);
    a.error(new Error('over'));
    b.error(new Error('over'));
  });

  it('is refused with a NetworkError', async () => {
    const port = await closedPort();
    const error = await failure({ host: '127.0.0.1', port });
    expect(isNetworkError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', phase: 'connect' });
    expect(error['message']).toContain(String(port));
    expect((error['cause'] as { syscall: string }).syscall).toBe('connect');
  });

  it('names every address that was tried', async () => {
    const port = await closedPort();
    const error = await failure({
      host: 'two.example',
      port,
      lookup: (_host, _options, answer) =>
        answer(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '::1', family: 6 },
        ]),
    });
    expect(error).toMatchObject({ code: 'ECONNREFUSED', phase: 'connect' });
    expect(error['message']).toContain('127.0.0.1');
    expect(error['message']).toContain('::1');
  });

  it('leaves no handle when unsubscribed while connecting', async () => {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1' }));
    onTestFinished(() => void listener.close());
    listener.connections.subscribe((one) => one.subscribe({ error: () => undefined, complete: () => one.complete() }));
    const { port } = listener.address;
    const before = handles();
    for (let i = 0; i < 20; i++) {
      nodeNetwork
        .connect({ host: '127.0.0.1', port })
        .subscribe({ error: () => undefined })
        .unsubscribe();
      nodeNetwork
        .connect({ host: 'localhost', port })
        .subscribe({ error: () => undefined })
        .unsubscribe();
    }
    await until(() => handles().length <= before.length);
  });

  it('binds the local address, and keeps to a family', async () => {
    const { port, next } = await serve();
    await dial({ host: 'localhost', port, family: 4, localAddress: '127.0.0.2' });
    expect((await next()).info.remote.address).toBe('127.0.0.2');
    expect(await failure({ host: '127.0.0.1', port, localAddress: '192.0.2.1' })).toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
    expect(await failure({ host: '127.0.0.1', port, localAddress: 'nonsense' })).toMatchObject({
      name: 'UsageError',
      code: 'INVALID_OPTION',
    });
  });

  it('takes an IPv6 address with and without brackets', async () => {
    const served = await serve({ host: '[::1]' });
    expect(served.listener.address).toMatchObject({ family: 'IPv6', address: '::1' });
    const client = await dial({ host: '[::1]', port: served.port });
    expect(client.info.remote).toMatchObject({ family: 'IPv6', address: '::1' });
    await dial({ host: '::1', port: served.port, family: 6 });
  });

  it('reports a bad port as a UsageError, not as a throw', async () => {
    const error = await failure({ host: '127.0.0.1', port: 70_000 });
    expect(isUsageError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(await failure({ host: '127.0.0.1', port: 'x' as never })).toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('lookup', () => {
  it('may answer with one address, though Node asks for all', async () => {
    const { port } = await serve();
    const asked: string[] = [];
    await dial({
      host: 'somewhere.example',
      port,
      lookup: (host, _options, answer) => {
        asked.push(host);
        answer(null, '127.0.0.1', 4);
        answer(null, '127.0.0.3', 4); // is not heard
      },
    });
    expect(asked).toEqual(['somewhere.example']);
  });

  it('fails in phase resolve, also by a throw', async () => {
    const thrown = await failure({
      host: 'somewhere.example',
      port: 1,
      lookup: () => {
        throw new Error('no resolver');
      },
    });
    expect(thrown).toMatchObject({ name: 'NetworkError', code: 'LOOKUP_FAILED', phase: 'resolve' });
    expect(thrown['message']).toBe('no resolver');
    const answered = await failure({
      host: 'somewhere.example',
      port: 1,
      lookup: (_host, _options, answer) =>
        answer(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), ''),
    });
    expect(answered).toMatchObject({ code: 'ENOTFOUND', phase: 'resolve' });
  });
});

describe('ending', () => {
  it('half closes, the client first', async () => {
    const [client, server] = await connected();
    const atServer = new Reader(server);
    const atClient = new Reader(client);
    client.next(bytes('question'));
    client.complete();
    await until(() => atServer.ended);
    expect(atServer.text).toBe('question');
    expect(atClient.over).toBe(false);
    server.next(bytes('ans'));
    server.next(bytes('wer'));
    server.complete();
    await until(() => atClient.ended);
    expect(atClient.text).toBe('answer');
    await until(() => client.destroyed && server.destroyed);
  });

  it('half closes, the server first', async () => {
    const [client, server] = await connected();
    const atServer = new Reader(server);
    const atClient = new Reader(client);
    server.complete();
    await until(() => atClient.ended);
    client.next(bytes('still here'));
    await until(() => atServer.text === 'still here');
    expect(client.destroyed).toBe(false);
    client.complete();
    await until(() => atServer.ended && client.destroyed && server.destroyed);
  });

  it('resets on error: the peer sees ECONNRESET, our reader the error', async () => {
    const [client, server] = await connected();
    const atServer = new Reader(server);
    const atClient = new Reader(client);
    await turns();
    const reason = new Error('enough');
    client.error(reason);
    expect(atClient.error).toBe(reason);
    expect(client.destroyed).toBe(true);
    await until(() => atServer.over);
    expect(atServer.error).toMatchObject({ name: 'NetworkError', code: 'ECONNRESET', phase: 'read' });
  });

  it('closes at once on error, also with a FIN on its way and unsent bytes', async () => {
    const [client] = await connected();
    new Reader(client);
    for (let i = 0; i < 100; i++) client.next(new Uint8Array(1 << 20));
    client.complete();
    client.error(new Error('enough'));
    expect(client.destroyed).toBe(true);
    const [other, peer] = await connected();
    new Reader(other);
    const atPeer = new Reader(peer);
    other.complete();
    other.error(new Error('enough'));
    await until(() => atPeer.over);
    expect(other.destroyed).toBe(true);
  });

  it('closes when the reader leaves before the end', async () => {
    const [client, server] = await connected();
    const atServer = new Reader(server);
    const atClient = new Reader(client);
    atClient.leave();
    expect(client.destroyed).toBe(true);
    await until(() => atServer.over);
  });

  it('drops what is sent after the end, without an error', async () => {
    const [client, server] = await connected();
    const atServer = new Reader(server);
    const atClient = new Reader(client);
    client.next(bytes('a'));
    client.next(new Uint8Array(0));
    client.complete();
    client.next(bytes('b'));
    client.complete();
    server.complete();
    await until(() => atClient.over && atServer.over && client.destroyed);
    client.next(bytes('c'));
    client.complete();
    client.error(new Error('too late'));
    expect([atServer.text, atServer.error, atClient.error]).toEqual(['a', undefined, undefined]);
  });
});

describe('subscribing', () => {
  it('has one reader', async () => {
    const [client] = await connected();
    new Reader(client);
    const second = new Reader(client);
    expect(second.error).toMatchObject({ name: 'UsageError', code: 'ALREADY_SUBSCRIBED' });
    expect(client.destroyed).toBe(false);
  });

  it('reads nothing before, then everything', async () => {
    const [client, server] = await connected();
    const size = 1 << 20;
    const total = 32 * size;
    for (let sent = 0; sent < total; sent += size) server.next(new Uint8Array(size));
    server.complete();
    await turns(50);
    expect(server.bufferedBytes).toBeGreaterThan(0);
    expect(client.heldBytes).toBe(0);
    const reader = new Reader(client);
    await until(() => reader.ended);
    expect(reader.bytes).toBe(total);
  });

  it('keeps an error from before for the subscriber', async () => {
    const [client, server] = await connected();
    server.error(new Error('gone'));
    await until(() => {
      client.next(bytes('anybody?'));
      return client.destroyed;
    });
    const reader = new Reader(client);
    expect(reader.error).toMatchObject({ name: 'NetworkError' });
    const own = new Error('mine');
    const [other] = await connected();
    other.error(own);
    expect(new Reader(other).error).toBe(own);
  });
});
