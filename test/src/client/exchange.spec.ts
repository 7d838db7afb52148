import { lastValueFrom, Observable, takeWhile, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ExchangeEvent } from '../../../src/client/exchange-event.js';
import { OK, rawServer, turns, until } from './raw-server.js';

/** Cancels in the middle of the event of that type. */
const leavingAt = (type: ExchangeEvent['type']) => takeWhile((event: ExchangeEvent) => event.type !== type);

describe('an exchange whose reader leaves', () => {
  it('as it is told of its connection: nothing is sent, and the next one has that connection', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    await lastValueFrom(client.requestEvents(`${server.url}/never`).pipe(leavingAt('connected'), toArray()));
    await turns();
    expect(await lastValueFrom(client.request(`${server.url}/next`).pipe(text()))).toBe('ok');
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).not.toContain('/never');
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });

  it('as it is told of its connection, in the queue: the next in the queue has it', async () => {
    const server = await rawServer(() => OK);
    const client = createClient({ maxConnections: 1 });
    const first = lastValueFrom(client.request(`${server.url}/first`).pipe(text()));
    client.requestEvents(`${server.url}/never`).pipe(leavingAt('connected')).subscribe();
    const last = lastValueFrom(client.request(`${server.url}/last`).pipe(text()));
    expect([await first, await last]).toEqual(['ok', 'ok']);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).not.toContain('/never');
  });

  it('as it is told that a connection is made for it: none is', async () => {
    const server = await rawServer((head) => {
      if (head.includes('/first')) setTimeout(() => server.sockets[0]?.destroy(), 5);
      return undefined;
    });
    const client = createClient({ maxConnections: 1 });
    client.request(`${server.url}/first`).subscribe({ error: () => undefined });
    await until(() => server.received[0]?.includes('/first') === true, 'the first is sent');
    await lastValueFrom(client.requestEvents(`${server.url}/never`).pipe(leavingAt('connecting'), toArray()));
    for (let i = 0; i < 5; i++) await turns();
    expect(server.sockets).toHaveLength(1);
  });

  it('as it is told of an interim response: the body is never asked for', async () => {
    let asked = 0;
    const body = new Observable<Uint8Array>((subscriber) => {
      asked++;
      subscriber.next(Buffer.from('x'));
    });
    const server = await rawServer(() => 'HTTP/1.1 100 Continue\r\n\r\n');
    const request = { url: server.url, method: 'POST', body, expectContinue: true, timeout: { continue: 0 } };
    await lastValueFrom(createClient().requestEvents(request).pipe(leavingAt('informational'), toArray()));
    await turns();
    expect(asked).toBe(0);
  });

  it('as it is told of a piece of its upload: the source is let go, whenever it emits', async () => {
    let stopped = 0;
    const body = new Observable<Uint8Array>((subscriber) => {
      for (let i = 0; i < 1000 && !subscriber.closed; i++) subscriber.next(Buffer.from('piece'));
      return () => stopped++;
    });
    const server = await rawServer(() => undefined);
    const events = createClient().requestEvents({ url: server.url, method: 'POST', body });
    const seen = await lastValueFrom(events.pipe(leavingAt('upload'), toArray()));
    expect(seen.map(({ type }) => type)).toEqual(['queued', 'connecting', 'connected']);
    expect(stopped).toBe(1);
  });

  it('as it is told of the head: the connection closes, and that is told once', async () => {
    const server = await rawServer(() => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
    const client = createClient();
    const cancelled: string[] = [];
    client.events$.subscribe((event) => cancelled.push(event.type));
    await lastValueFrom(
      client.requestEvents({ url: server.url, timeout: { body: 20 } }).pipe(leavingAt('head'), toArray()),
    );
    await until(() => server.sockets[0]?.destroyed === true, 'the connection closed');
    expect(cancelled).toEqual(['cancelled']);
  });
});

describe('Expect: 100-continue', () => {
  const slow = { method: 'POST', body: 'whole', expectContinue: true } as const;

  it.each([
    ['twice', (): string => 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    ['once more when the body is here', (): string => 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('a server says 100 %s: the body is sent once', async (_, first) => {
    const server = await rawServer((_head, socket) => {
      socket.on('data', (chunk) => {
        if (!chunk.toString().endsWith('whole')) return;
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        setTimeout(() => socket.write(OK), 5);
      });
      return first();
    });
    expect(
      await lastValueFrom(
        createClient()
          .request({ url: server.url, ...slow })
          .pipe(text()),
      ),
    ).toBe('ok');
    expect(server.received[0]?.split('whole')).toHaveLength(2);
  });

  it('a 100 that comes too late does not stop the clock for the head', async () => {
    const server = await rawServer((_head, socket) => {
      socket.on('data', (chunk) => {
        if (chunk.toString().endsWith('whole')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      });
      return undefined;
    });
    const request = { url: server.url, ...slow, timeout: { continue: 1, head: 50 } };
    await expect(lastValueFrom(createClient().request(request))).rejects.toMatchObject({ code: 'TIMEOUT_HEAD' });
  });
});
