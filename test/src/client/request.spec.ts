import {
  concat,
  firstValueFrom,
  forkJoin,
  from,
  lastValueFrom,
  mergeMap,
  NEVER,
  of,
  range,
  retry,
  switchMap,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { connect } from '../../../src/client/connect.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientEvent } from '../../../src/client/exchange-event.js';
import { OK, rawServer, turns, until } from './raw-server.js';

describe('request', () => {
  it('sends the head and the body in one write and gives the response back', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    const response = await firstValueFrom(
      client.request({ url: `${server.url}/a?b#c`, method: 'POST', body: 'hallo', headers: { 'X-Tag': ['1', '2'] } }),
    );
    expect(response.status).toBe(200);
    expect(response.url).toBe(`${server.url}/a?b`);
    expect(response.fields.get('Content-Length')).toBe('2');
    expect(await lastValueFrom(of(response).pipe(text()))).toBe('ok');
    expect(server.received[0]).toContain('POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:');
    expect(server.received[0]).toContain('x-tag: 1\r\nx-tag: 2\r\n');
    expect(server.received[0]).toContain('content-length: 5\r\n');
    expect(server.received[0]?.endsWith('\r\n\r\nhallo')).toBe(true);
  });

  it('lets go of a body with its first byte where its head has declared more than is collected', async () => {
    const server = await rawServer((head) =>
      head.startsWith('HEAD')
        ? OK.replace(/\d+\r\n\r\nok$/, '5\r\n\r\n')
        : 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx',
    );
    const client = createClient();
    const most = text({ maxBytes: 4 });
    await expect(lastValueFrom(client.request(server.url).pipe(most))).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    });
    await until(() => server.sockets[0]?.destroyed === true, 'the close');
    expect(await lastValueFrom(client.request({ url: server.url, method: 'HEAD' }).pipe(most))).toBe('');
  });

  it('is cold: nothing is sent before the subscription, and each subscription sends', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    const request = client.request(`${server.url}/`).pipe(text());
    await turns();
    expect(server.sockets).toHaveLength(0);
    await lastValueFrom(concat(request, request));
    expect(server.received.join('').split('GET / ').length - 1).toBe(2);
  });

  it('reuses one connection for a sequence, opened anew inside complete', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    const bodies = await lastValueFrom(
      concat(...Array.from({ length: 5 }, () => client.request(`${server.url}/`).pipe(text()))).pipe(toArray()),
    );
    expect(bodies).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(server.sockets).toHaveLength(1);
  });

  it('keeps no more connections than maxConnections; the others wait their turn', async () => {
    const server = await rawServer(() => OK);
    const client = createClient({ maxConnections: 2 });
    const bodies = await lastValueFrom(
      range(0, 20).pipe(
        mergeMap(() => client.request(`${server.url}/`).pipe(text())),
        toArray(),
      ),
    );
    expect(bodies).toHaveLength(20);
    expect(server.sockets).toHaveLength(2);
  });

  it('refuses what would pass maxQueued', async () => {
    const server = await rawServer(() => undefined);
    const client = createClient({ maxConnections: 1, maxQueued: 1 });
    const first = client.request(`${server.url}/`).subscribe();
    await until(() => server.received[0] !== undefined && server.received[0] !== '', 'the first request arrived');
    const second = client.request(`${server.url}/`).subscribe();
    await expect(firstValueFrom(client.request(`${server.url}/`))).rejects.toMatchObject({ code: 'QUEUE_LIMIT' });
    first.unsubscribe();
    second.unsubscribe();
  });

  it('delivers a body that is claimed later, and frees its connection at once', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    const first = await firstValueFrom(client.request(`${server.url}/`));
    await turns();
    const second = await firstValueFrom(client.request(`${server.url}/`));
    expect(server.sockets).toHaveLength(1);
    expect(await lastValueFrom(second.body.pipe(text()))).toBe('ok');
    expect(await lastValueFrom(first.body.pipe(text()))).toBe('ok');
    await expect(lastValueFrom(first.body)).rejects.toMatchObject({ code: 'ALREADY_SUBSCRIBED' });
  });

  it('pipelines only when asked, and only what is safe', async () => {
    const heads: string[] = [];
    const server = await rawServer((head) => {
      heads.push(head.split(' ')[0] as string);
      return OK;
    });
    const client = createClient({ pipelining: 4, maxConnections: 1 });
    const bodies = await lastValueFrom(
      from(['GET', 'GET', 'POST', 'GET', 'GET']).pipe(
        mergeMap((method) => client.request({ url: `${server.url}/`, method }).pipe(text())),
        toArray(),
      ),
    );
    expect(bodies).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(server.sockets).toHaveLength(1);
    expect(heads.filter((method) => method === 'POST')).toHaveLength(1);
  });

  it('shows interim responses, trailers before the end, and the reason phrase', async () => {
    const server = await rawServer(
      () =>
        'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n' +
        '2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n',
    );
    const response = await firstValueFrom(createClient().request(`${server.url}/`));
    expect(response.reason).toBe('Fine');
    expect(response.informational.map(({ status }) => status)).toEqual([103]);
    const order: string[] = [];
    response.trailers.subscribe((trailers) => order.push(`trailers ${trailers.get('x-sum')}`));
    await lastValueFrom(response.body.pipe(text()));
    order.push('end');
    expect(order).toEqual(['trailers 7', 'end']);
  });

  it('gives an upgraded byte stream, unread bytes first', async () => {
    const server = await rawServer((_head, socket) => {
      socket.on('data', (chunk) => socket.write(`<${chunk.toString()}>`));
      return 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: shout\r\n\r\nHELLO';
    });
    const response = await firstValueFrom(createClient().request({ url: `${server.url}/`, upgrade: 'shout' }));
    expect(response.status).toBe(101);
    const heard: string[] = [];
    response.upgraded?.subscribe((chunk) => heard.push(Buffer.from(chunk).toString()));
    response.upgraded?.next(Buffer.from('hey'));
    await until(() => heard.join('').includes('<hey>'), 'the echo');
    expect(heard.join('')).toBe('HELLO<hey>');
    response.upgraded?.complete();
  });

  it('opens a CONNECT tunnel', async () => {
    const server = await rawServer((head, socket) => {
      expect(head).toContain('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n');
      socket.on('data', (chunk) => socket.write(chunk));
      return 'HTTP/1.1 200 OK\r\n\r\n';
    });
    const client = createClient();
    const response = await firstValueFrom(
      client.request({ url: server.url, method: 'CONNECT', target: 'example.com:443' }),
    );
    const echoed = firstValueFrom(response.upgraded ?? NEVER);
    response.upgraded?.next(Buffer.from('ping'));
    expect(Buffer.from(await echoed).toString()).toBe('ping');
    response.upgraded?.error(new Error('done'));
  });

  it('row A2: refuses two lengths before any byte is sent', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    await expect(
      firstValueFrom(
        client.request({
          url: server.url,
          method: 'POST',
          body: 'hallo',
          headers: [
            ['Content-Length', '5'],
            ['content-length', '6'],
          ],
        }),
      ),
    ).rejects.toMatchObject({ name: 'UsageError' });
    await turns();
    expect(server.sockets).toHaveLength(0);
  });

  it.each([
    [{ method: 'GE T' }, 'INVALID_METHOD'],
    [{ version: '3' as '2' }, 'INVALID_VERSION'],
    [{ version: 2 as never }, 'INVALID_VERSION'],
    [{ headers: { 'a b': 'x' } }, 'INVALID_FIELD_NAME'],
    [{ headers: { a: 'x\r\ny: z' } }, 'INVALID_FIELD_VALUE'],
    [{ target: '/ HTTP/1.1\r\nx: y' }, 'INVALID_TARGET'],
    [{ url: 'ftp://x/' }, 'UNSUPPORTED_SCHEME'],
    [{ url: 'nonsense' }, 'INVALID_URL'],
    [{ url: 'http://%zz@127.0.0.1/' }, 'INVALID_URL'],
    [{ url: 'http://a:%ff@127.0.0.1/' }, 'INVALID_URL'],
    [{ timeout: { head: -1 } }, 'INVALID_TIMEOUT'],
  ])('row K4: %j is a UsageError and nothing is sent', async (config, code) => {
    const server = await rawServer(() => OK);
    const client = createClient();
    await expect(firstValueFrom(client.request({ url: server.url, ...config }))).rejects.toMatchObject({
      name: 'UsageError',
      code,
    });
    await turns();
    expect(server.sockets).toHaveLength(0);
  });

  it.each([undefined, null, 5, ''])('%s is no URL, told like any other', async (input) => {
    await expect(firstValueFrom(createClient().request(input as never))).rejects.toMatchObject({ code: 'INVALID_URL' });
  });

  it('a client is closed when the last consumer has all of it, and events$ has told of the last cancellation', async () => {
    const server = await rawServer(() => OK);
    const log: string[] = [];
    const client = createClient();
    client.events$.subscribe({ next: ({ type }) => log.push(type), complete: () => log.push('no more events') });
    const last = client.request(`${server.url}/a`).subscribe(({ body }) => {
      body.subscribe({
        next: (chunk) => log.push(Buffer.from(chunk).toString()),
        complete: () => log.push('complete'),
      });
    });
    await new Promise<void>((resolve) =>
      client.close().subscribe({ next: () => log.push('closed'), complete: resolve }),
    );
    expect(last.closed).toBe(true);
    expect(log).toEqual(['ok', 'complete', 'no more events', 'closed']);

    log.length = 0;
    const another = createClient();
    another.events$.subscribe({ next: ({ type }) => log.push(type), complete: () => log.push('no more events') });
    const waiting = another.request(`${server.url}/b`).subscribe();
    const over = new Promise<void>((resolve) => another.close().subscribe({ complete: resolve }));
    waiting.unsubscribe();
    await over;
    expect(log).toEqual(['cancelled', 'no more events']);
  });

  it('works under retry and forkJoin like any Observable', async () => {
    let count = 0;
    const server = await rawServer((_head, socket) => {
      if (++count > 2) return OK;
      socket.destroy();
      return undefined;
    });
    const client = createClient({ maxRetries: 0 });
    const request = client.request(`${server.url}/`).pipe(retry(3), text());
    expect(await firstValueFrom(forkJoin([request, timer(1)]))).toEqual(['ok', 0]);
  });
});

describe('a connection must prove that it is fit for reuse', () => {
  it('J9 bytes nobody asked for on an idle connection end it', async () => {
    const server = await rawServer(() => OK);
    const client = createClient();
    await lastValueFrom(client.request(`${server.url}/`).pipe(text()));
    server.sockets[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison');
    await until(() => server.sockets[0]?.destroyed === true, 'the client closed it');
    expect(await lastValueFrom(client.request(`${server.url}/`).pipe(text()))).toBe('ok');
    expect(server.sockets).toHaveLength(2);
  });

  it('J10 bytes behind a complete response end the connection', async () => {
    const server = await rawServer(() => `${OK}extra`);
    const client = createClient();
    expect(await lastValueFrom(client.request(`${server.url}/`).pipe(text()))).toBe('ok');
    expect(await lastValueFrom(client.request(`${server.url}/`).pipe(text()))).toBe('ok');
    expect(server.sockets).toHaveLength(2);
  });

  it('J11 HEAD, 204 and 304 have no body whatever their fields say', async () => {
    const replies = [
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    ];
    const server = await rawServer(() => replies.shift());
    const client = createClient();
    for (const method of ['HEAD', 'GET', 'GET']) {
      expect(await lastValueFrom(client.request({ url: server.url, method }).pipe(text()))).toBe('');
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('J12 a 101 nobody asked for is an error', async () => {
    const server = await rawServer(
      () => 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    );
    await expect(firstValueFrom(createClient().request(server.url))).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'UNEXPECTED_UPGRADE',
    });
  });

  it('J14 a server that talks before it was asked is refused', async () => {
    const server = await rawServer(() => undefined);
    const connection = await firstValueFrom(connect({ host: '127.0.0.1', port: server.port }));
    await until(() => server.sockets.length === 1, 'connected');
    server.sockets[0]?.write(OK);
    await until(() => server.sockets[0]?.destroyed === true, 'the client closed it');
    await expect(lastValueFrom(connection.openStream())).rejects.toMatchObject({ name: expect.any(String) as string });
    expect(server.received).toEqual(['']);
  });

  it('J14 of two answers to one request the second ends the connection', async () => {
    const server = await rawServer(() => `${OK}${OK}`);
    const client = createClient();
    expect(await lastValueFrom(client.request(`${server.url}/`).pipe(text()))).toBe('ok');
    await until(() => server.sockets[0]?.destroyed === true, 'closed');
  });

  it('row B4: the seventeenth interim response is one too many', async () => {
    const server = await rawServer(() => 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17) + OK);
    await expect(firstValueFrom(createClient().request(server.url))).rejects.toMatchObject({ code: 'INTERIM_LIMIT' });
  });

  it('row B3: endless fields end at the limit', async () => {
    const server = await rawServer((_head, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write('x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(20)));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
      return undefined;
    });
    await expect(firstValueFrom(createClient().request(server.url))).rejects.toMatchObject({ code: 'FIELD_LIMIT' });
  });

  it('a response cut short is an error, never a clean end', async () => {
    const server = await rawServer((_head, socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
      return undefined;
    });
    await expect(lastValueFrom(createClient().request(server.url).pipe(text()))).rejects.toMatchObject({
      code: 'TRUNCATED_MESSAGE',
    });
  });

  it('a body that ends with the connection is read to its end', async () => {
    const server = await rawServer((_head, socket) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      return undefined;
    });
    expect(await lastValueFrom(createClient().request(server.url).pipe(text()))).toBe('until the end');
  });

  it('sends an idempotent request again when its reused connection died, and only then', async () => {
    let served = 0;
    const server = await rawServer((_head, socket, index) => {
      served++;
      if (index === 0) return OK;
      socket.destroy(); // it dies with the second request on it
      return undefined;
    });
    const client = createClient();
    const events: ClientEvent[] = [];
    const watching = client.events$.subscribe((event) => events.push(event));
    await lastValueFrom(client.request(server.url).pipe(text()));
    expect(await lastValueFrom(client.request(server.url).pipe(text()))).toBe('ok');
    expect(served).toBe(3);
    expect(events.map(({ type }) => type)).toEqual(['retried']);
    await lastValueFrom(client.request(server.url).pipe(text()));
    await expect(
      lastValueFrom(client.request({ url: server.url, method: 'POST', body: 'x' }).pipe(text())),
    ).rejects.toMatchObject({ name: expect.stringMatching(/NetworkError|ProtocolError/) as string });
    watching.unsubscribe();
  });
});

describe('cancellation', () => {
  const cancelled = async (
    act: (server: Awaited<ReturnType<typeof rawServer>>) => Promise<ClientEvent[]>,
    answer: Parameters<typeof rawServer>[0],
  ): Promise<ClientEvent[]> => act(await rawServer(answer));

  it('queued: withdraws, the connection at work is untouched', async () => {
    const events = await cancelled(
      async (server) => {
        const client = createClient({ maxConnections: 1 });
        const seen: ClientEvent[] = [];
        const watching = client.events$.subscribe((event) => seen.push(event));
        const first = firstValueFrom(client.request(server.url).pipe(text()));
        const second = client.request(server.url).subscribe();
        second.unsubscribe();
        expect(await first).toBe('ok');
        expect(server.received.join('').split('GET').length - 1).toBe(1);
        watching.unsubscribe();
        return seen;
      },
      () => OK,
    );
    expect(events).toMatchObject([{ type: 'cancelled', phase: 'queued', effect: 'withdrawn' }]);
  });

  it('connecting: gives the attempt up', async () => {
    const client = createClient();
    const seen: ClientEvent[] = [];
    const watching = client.events$.subscribe((event) => seen.push(event));
    client
      .request('http://127.0.0.1:9/')
      .subscribe({ error: () => undefined })
      .unsubscribe();
    expect(seen).toMatchObject([{ type: 'cancelled', phase: 'connecting', effect: 'withdrawn' }]);
    watching.unsubscribe();
  });

  it('waiting for the head: closes the connection', async () => {
    const server = await rawServer(() => undefined);
    const client = createClient();
    const seen: ClientEvent[] = [];
    const watching = client.events$.subscribe((event) => seen.push(event));
    const subscription = client.request(server.url).subscribe();
    await until(() => server.received[0]?.includes('\r\n\r\n') === true, 'the request arrived');
    subscription.unsubscribe();
    await until(() => server.sockets[0]?.destroyed === true, 'the connection closed');
    expect(seen).toMatchObject([{ type: 'cancelled', phase: 'waiting', effect: 'connection-closed' }]);
    watching.unsubscribe();
  });

  it('in the body: closes the connection; leaving `request` itself after the head does not', async () => {
    const server = await rawServer(() => 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    const client = createClient();
    const response = await firstValueFrom(client.request(server.url));
    await turns();
    expect(server.sockets[0]?.destroyed).toBe(false);
    response.body.subscribe().unsubscribe();
    await until(() => server.sockets[0]?.destroyed === true, 'the connection closed');
  });

  it('uploading: the source is let go and the connection closes', async () => {
    const server = await rawServer(() => undefined);
    const client = createClient();
    let stopped = false;
    const source = new (await import('rxjs')).Observable<Uint8Array>((subscriber) => {
      subscriber.next(Buffer.from('first'));
      return () => (stopped = true);
    });
    const subscription = client.request({ url: server.url, method: 'POST', body: source }).subscribe();
    await until(() => server.received[0]?.includes('first') === true, 'the first chunk arrived');
    subscription.unsubscribe();
    expect(stopped).toBe(true);
    await until(() => server.sockets[0]?.destroyed === true, 'the connection closed');
  });

  it('switchMap on a stream of requests cancels the one before', async () => {
    const server = await rawServer((head) => (head.includes('/slow') ? undefined : OK));
    const client = createClient();
    const bodies = await lastValueFrom(
      concat(of('/slow'), timer(50).pipe(switchMap(() => of('/fast')))).pipe(
        switchMap((path) => client.request(server.url + path).pipe(text())),
        toArray(),
      ),
    );
    expect(bodies).toEqual(['ok']);
    await until(() => server.sockets[0]?.destroyed === true, 'the slow one was closed');
  });
});
