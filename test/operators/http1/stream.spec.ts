import { firstValueFrom, lastValueFrom, map, Observable, of, Subscription, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import type { Http1Event } from '../../../operators/http1/event.js';
import { Http1Connection } from '../../../operators/http1/http1-connection.js';
import type { Http1Stream } from '../../../operators/http1/http1-stream.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { connect } from '../../../src/client/connect.js';
import { acceptHttp1 } from '../../../src/server/accept.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryPair, type MemoryPairConfig } from '../../../src/sockets/memory-socket.js';
import { nodeNetwork, type ListenConfig, type Listener } from '../../../src/sockets/network.js';
import { certificates } from '../../support/certificates.js';
import { data, END } from '../../support/http1-scenes.js';
import { bytes, codeOf, linesOf, lineOf } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

function request(method: string, target: string, fields: Record<string, string> = {}): OutboundEvent {
  return { type: 'request', method, target, fields: { host: 'a', ...fields } };
}

function response(status: number, fields: Record<string, string> = {}): OutboundEvent {
  return { type: 'response', status, fields };
}

const CHUNKED = { 'transfer-encoding': 'chunked' };
const SWITCH = { connection: 'upgrade', upgrade: 'x' };

/** One exchange: what each side sends. The server sends when it has read the request's end. */
interface Exchange {
  readonly request: readonly OutboundEvent[];
  readonly response: readonly OutboundEvent[];
}

/** Every event there is, as both sides can send it. */
const EXCHANGES: Readonly<Record<string, Exchange>> = {
  'GET, and a body with its length': {
    request: [request('GET', '/'), END],
    response: [response(200, { 'content-length': '5' }), data('hello'), END],
  },
  'both bodies chunked, with extensions and trailers': {
    request: [
      request('POST', '/chunks', CHUNKED),
      data('one', 'a=b'),
      data('two', 'c="d, e"'),
      { type: 'end', trailers: { 'x-sum': '6' } },
    ],
    response: [
      response(200, CHUNKED),
      data('three', 'f'),
      data('four'),
      {
        type: 'end',
        trailers: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
      },
    ],
  },
  'interim responses': {
    request: [request('PUT', '/', { 'content-length': '2' }), data('ok'), END],
    response: [
      { type: 'informational', status: 100 },
      { type: 'informational', status: 103, fields: { link: '</a>' } },
      response(204),
      END,
    ],
  },
  HEAD: {
    request: [request('HEAD', '/'), END],
    response: [response(200, { 'content-length': '5' }), END],
  },
  '304': {
    request: [request('GET', '/', { 'if-none-match': '"a"' }), END],
    response: [response(304, { etag: '"a"' }), END],
  },
  'an empty body': {
    request: [request('POST', '/', { 'content-length': '0' }), END],
    response: [response(200, CHUNKED), END],
  },
};

/** Events of the same kind with their data joined: where pieces are cut is the network's business. */
function joined(lines: readonly string[]): string[] {
  const result: string[] = [];
  for (const line of lines) {
    const last = result.at(-1);
    const isData = line.startsWith('data "') && last?.startsWith('data');
    if (isData && last !== undefined) result[result.length - 1] = last.slice(0, -1) + line.slice('data "'.length);
    else result.push(line);
  }
  return result;
}

function expectedLines(events: readonly OutboundEvent[]): string[] {
  return [
    ...events.map((event) => lineOf({ trailers: undefined, ...event, ...normal(event) } as unknown as Http1Event)),
    '|',
  ];
}

function normal(event: OutboundEvent): object {
  if (event.type === 'data') return { extension: event.extension ?? '' };
  if (event.type !== 'end' || event.trailers === undefined) return {};
  const list = Array.isArray(event.trailers) ? (event.trailers as [string, string][]) : Object.entries(event.trailers);
  return { trailers: list.map(([name, value]) => ({ name, value })) };
}

/** Answers each stream from `answers`, in order, once its request has ended; notes what came in. */
function answer(socket: ByteDuplex, answers: readonly (readonly OutboundEvent[])[]): string[][] {
  const seen: string[][] = [];
  acceptHttp1(socket).streams$.subscribe((stream) => {
    const lines: string[] = [];
    const mine = answers[seen.length] ?? [];
    seen.push(lines);
    stream.subscribe({
      next: (event) => {
        lines.push(lineOf(event));
        if (event.type === 'end') for (const each of mine) stream.next(each);
      },
      error: (error: unknown) => lines.push(`# ${codeOf(error)}`),
      complete: () => lines.push('|'),
    });
  });
  return seen;
}

const chunkings: Readonly<Record<string, MemoryPairConfig>> = {
  'as it is written': {},
  'byte by byte': { chunking: () => 1 },
  'in threes, late': { chunking: () => 3, latency: 7 },
};

describe.each(Object.keys(chunkings))('a pair, %s', (chunking) => {
  const config = chunkings[chunking] as MemoryPairConfig;

  it.each(Object.keys(EXCHANGES))('%s', (name) => {
    const exchange = EXCHANGES[name] as Exchange;
    runMarbles(({ scheduler, flush }) => {
      const [near, far] = memoryPair({ scheduler, ...config });
      const seen = answer(far, [exchange.response]);
      const connection = new Http1Connection(near);
      const stream = connection.openStream();
      const lines = linesOf(stream);
      for (const event of exchange.request) stream.next(event);
      flush();
      expect(joined(seen[0] ?? [])).toEqual(joined(expectedLines(exchange.request)));
      expect(joined(lines)).toEqual(joined(expectedLines(exchange.response)));
      expect(connection.idle).toBe(true);
    });
  });

  it('all of them, pipelined', () => {
    const all = Object.values(EXCHANGES);
    runMarbles(({ scheduler, flush }) => {
      const [near, far] = memoryPair({ scheduler, ...config });
      const seen = answer(
        far,
        all.map((each) => each.response),
      );
      const connection = new Http1Connection(near);
      const lines = all.map((exchange) => {
        const stream = connection.openStream();
        const got = linesOf(stream);
        for (const event of exchange.request) stream.next(event);
        return got;
      });
      flush();
      expect(seen.map(joined)).toEqual(all.map((each) => joined(expectedLines(each.request))));
      expect(lines.map(joined)).toEqual(all.map((each) => joined(expectedLines(each.response))));
    });
  });

  it('an upgrade, spoken both ways at once', () => {
    runMarbles(({ scheduler, flush }) => {
      const [near, far] = memoryPair({ scheduler, ...config });
      const seen = answer(far, [[response(101, SWITCH), data('from the server')]]);
      const stream = new Http1Connection(near).openStream();
      const lines: string[] = [];
      stream.subscribe({
        next: (event) => {
          lines.push(lineOf(event));
          if (event.type !== 'upgrade') return;
          stream.next(data('from the client'));
          stream.complete();
        },
        complete: () => lines.push('|'),
      });
      stream.next(request('GET', '/', SWITCH));
      stream.next(END);
      flush();
      const afterwards = (all: readonly string[]): string =>
        all
          .filter((line) => line.startsWith('upgrade') || line.startsWith('data'))
          .map((line) => JSON.parse(line.slice(line.indexOf('"'))) as string)
          .join('');
      expect(seen[0]?.slice(0, 2)).toEqual(['request GET /', 'end']);
      expect(afterwards(seen[0] ?? [])).toBe('from the client');
      expect(seen[0]?.at(-1)).toBe('|');
      expect(lines[0]).toBe('response 101');
      expect(afterwards(lines)).toBe('from the server');
    });
  });

  it('through a proxy that sends on every event', () => {
    const exchange = EXCHANGES['both bodies chunked, with extensions and trailers'] as Exchange;
    runMarbles(({ scheduler, flush }) => {
      const [client, toProxy] = memoryPair({ scheduler, ...config });
      const [fromProxy, origin] = memoryPair({ scheduler, ...config });
      const seen = answer(origin, [[{ type: 'informational', status: 103 }, ...exchange.response]]);
      const upstreams = new Http1Connection(fromProxy);
      acceptHttp1(toProxy).streams$.subscribe((stream) => {
        const upstream = upstreams.openStream();
        upstream.send(stream).subscribe();
        stream.send(upstream).subscribe();
      });
      const stream = new Http1Connection(client).openStream();
      const lines = linesOf(stream);
      for (const event of exchange.request) stream.next(event);
      flush();
      expect(joined(seen[0] ?? [])).toEqual(joined(expectedLines(exchange.request)));
      expect(joined(lines)).toEqual(['informational 103', ...joined(expectedLines(exchange.response))]);
    });
  });
});

describe('send', () => {
  it('tells of what cannot be sent, and gives the exchange up', () => {
    runMarbles(({ scheduler, flush }) => {
      const [near, far] = memoryPair({ scheduler });
      const connection = new Http1Connection(near);
      far.subscribe({ error: () => undefined });
      const stream = connection.openStream();
      const [inbound, outbound] = [linesOf(stream), [] as string[]];
      stream.send(of(request('GET', '/'), data('no'), END)).subscribe({
        error: (error: unknown) => outbound.push(codeOf(error)),
      });
      flush();
      expect(outbound).toEqual(['BODY_NOT_ALLOWED']);
      expect(inbound).toEqual(['# BODY_NOT_ALLOWED']);
      expect(connection.state).toBe('closed');
    });
  });

  it('what an upstream says that a client of HTTP/1.0 may not hear ends this exchange, not the process', () => {
    runMarbles(({ scheduler, flush }) => {
      const [client, toProxy] = memoryPair({ scheduler });
      const [fromProxy, origin] = memoryPair({ scheduler });
      answer(origin, [[{ type: 'informational', status: 103 }, response(204), END]]);
      const upstreams = new Http1Connection(fromProxy);
      const failures: string[] = [];
      acceptHttp1(toProxy).streams$.subscribe({
        next: (stream) => {
          const upstream = upstreams.openStream();
          const own = map((event: Http1Event) =>
            event.type === 'request' ? { ...event, version: '1.1' as const } : event,
          );
          upstream.send(stream.pipe(own)).subscribe({ error: (error: unknown) => failures.push(codeOf(error)) });
          stream.send(upstream).subscribe({ error: (error: unknown) => failures.push(codeOf(error)) });
        },
      });
      client.subscribe({ error: () => undefined });
      client.next(bytes('GET / HTTP/1.0\r\nhost: a\r\n\r\n'));
      flush();
      expect(failures).toContain('INFORMATIONAL_NOT_ALLOWED');
    });
  });

  it('passes the error of its source on', () => {
    runMarbles(({ scheduler }) => {
      const [near] = memoryPair({ scheduler });
      const stream = new Http1Connection(near).openStream();
      const lines = linesOf(stream);
      const failing = new Observable<OutboundEvent>((subscriber) => {
        subscriber.next(request('GET', '/'));
        subscriber.error(Object.assign(new Error('mine'), { code: 'EMINE' }));
      });
      const codes: string[] = [];
      stream.send(failing).subscribe({ error: (error: unknown) => codes.push(codeOf(error)) });
      expect([codes, lines]).toEqual([['EMINE'], ['# EMINE']]);
    });
  });
});

describe('credit through a proxy', () => {
  it('a slow reader at one end holds the sender at the other', () => {
    runMarbles(({ scheduler, flush }) => {
      const highWaterMark = 100;
      const [client, toProxy] = memoryPair({ scheduler, highWaterMark });
      const [fromProxy, origin] = memoryPair({ scheduler, highWaterMark });
      const upstreams = new Http1Connection(fromProxy);
      let origins!: Http1Stream;
      acceptHttp1(origin).streams$.subscribe((stream) => {
        origins = stream;
        stream.subscribe();
      });
      acceptHttp1(toProxy).streams$.subscribe((stream) => {
        const upstream = upstreams.openStream();
        upstream.send(stream).subscribe();
        stream.send(upstream).subscribe();
      });
      const stream = new Http1Connection(client).openStream();
      const releases: (() => void)[] = [];
      stream.subscribe(() => releases.push(hold()));
      stream.next(request('GET', '/'));
      stream.next(END);
      flush();
      origins.next(response(200));
      let gone = 0;
      for (let i = 0; i < 20; i++) deliver(origins, data('x'.repeat(50)), () => gone++);
      flush();
      expect(gone).toBeLessThan(12);
      expect(toProxy.bufferedBytes + origin.bufferedBytes).toBeGreaterThan(0);
      while (releases.length > 0) {
        releases.shift()?.();
        flush();
      }
      expect(gone).toBe(20);
      expect([client, toProxy, fromProxy, origin].map((socket) => socket.heldBytes)).toEqual([0, 0, 0, 0]);
    });
  });
});

describe('real sockets', () => {
  const listeners: Listener[] = [];
  const sockets: ByteDuplex[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.error(new Error('the test is over'));
    for (const listener of listeners.splice(0)) await lastValueFrom(listener.close());
  });

  async function listen(accepted: (socket: ByteDuplex) => void, config: ListenConfig = {}): Promise<number> {
    const listener = await firstValueFrom(nodeNetwork.listen({ host: '127.0.0.1', ...config }));
    listeners.push(listener);
    listener.connections.subscribe((socket) => {
      sockets.push(socket);
      accepted(socket);
    });
    return listener.address.port;
  }

  it('every exchange, one after the other and pipelined', async () => {
    const all = Object.values(EXCHANGES);
    const answers = [...all, ...all].map((each) => each.response);
    const port = await listen((socket) => void answer(socket, answers));
    const connection = await firstValueFrom(connect(`http://127.0.0.1:${port}`));
    const ask = (exchange: Exchange): Promise<Http1Event[]> => {
      const stream = connection.openStream();
      const events = firstValueFrom(stream.pipe(toArray()));
      for (const event of exchange.request) stream.next(event);
      return events;
    };
    const check = (events: Http1Event[], exchange: Exchange): void =>
      expect(joined([...events.map(lineOf), '|'])).toEqual(joined(expectedLines(exchange.response)));
    for (const exchange of all) check(await ask(exchange), exchange);
    const pipelined = await Promise.all(all.map(ask));
    pipelined.forEach((events, i) => check(events, all[i] as Exchange));
    connection.close();
  });

  it('over TLS, with its facts on both sides', async () => {
    const { ca, server } = certificates();
    const facts: unknown[] = [];
    const port = await listen(
      (socket) => {
        facts.push(acceptHttp1(socket).info.tls?.alpnProtocol);
        answer(socket, [[response(204), END]]);
      },
      { tls: { ...server, alpn: ['http/1.1'] } },
    );
    const connection = await firstValueFrom(connect({ url: `https://localhost:${port}`, family: 4, tls: { ca } }));
    expect(connection.info.tls).toMatchObject({ authorized: true, alpnProtocol: 'http/1.1', servername: 'localhost' });
    const stream = connection.openStream();
    const events = firstValueFrom(stream.pipe(toArray()));
    stream.next(request('GET', '/'));
    stream.next(END);
    expect((await events).map(lineOf)).toEqual(['response 204', 'end']);
    expect(facts).toEqual(['http/1.1']);
    connection.close();
  });

  it('an upgrade with bytes close behind its head', async () => {
    const port = await listen((socket) => void answer(socket, [[response(101, SWITCH), data('at once')]]));
    const connection = await firstValueFrom(connect(`http://127.0.0.1:${port}`));
    const stream = connection.openStream();
    const text = new Promise<string>((resolve) => {
      let seen = '';
      stream.subscribe(({ type }) => {
        if (type !== 'upgrade') return;
        const socket = connection.takeSocket();
        const subscription = new Subscription();
        subscription.add(
          socket.subscribe((chunk) => {
            seen += Buffer.from(chunk).toString();
            if (seen !== 'at once') return;
            setImmediate(() => {
              subscription.unsubscribe(); // before the peer is reset, when the test is over
              resolve(seen);
            });
          }),
        );
      });
    });
    stream.next(request('GET', '/', SWITCH));
    stream.next(END);
    expect(await text).toBe('at once');
  });

  it('a slow reader stops the sender, with bounded memory on the way', async () => {
    const size = 32 << 20;
    const chunk = new Uint8Array(65_536);
    let sent = 0;
    let received = 0;
    let mostBuffered = 0;
    let mostHeld = 0;
    const port = await listen((socket) => {
      acceptHttp1(socket).streams$.subscribe((stream) => {
        const send = (): void => {
          if (sent === size) return stream.next(END);
          deliver(stream, { type: 'data', chunk } as OutboundEvent, () => {
            sent += chunk.length;
            setImmediate(send);
          });
          mostBuffered = Math.max(mostBuffered, socket.bufferedBytes);
        };
        stream.subscribe(({ type }) => {
          if (type !== 'end') return;
          stream.next(response(200, { 'content-length': String(size) }));
          send();
        });
      });
    });
    const socket = await firstValueFrom(nodeNetwork.connect({ host: '127.0.0.1', port }));
    const connection = new Http1Connection(socket);
    const stream = connection.openStream();
    const slowly = holdMap((event: Http1Event) => {
      if (event.type === 'data') received += event.chunk.length;
      mostHeld = Math.max(mostHeld, socket.heldBytes);
      return new Observable<never>((subscriber) => {
        setImmediate(() => subscriber.complete());
      });
    });
    const done = lastValueFrom(stream.pipe(slowly), { defaultValue: undefined });
    stream.next(request('GET', '/'));
    stream.next(END);
    await done;
    expect([sent, received]).toEqual([size, size]);
    expect(mostBuffered).toBeLessThanOrEqual(2 * chunk.length);
    expect(mostHeld).toBeLessThanOrEqual(131_072 + 65_536);
    expect([socket.heldBytes, socket.bufferedBytes]).toEqual([0, 0]);
    connection.close();
  }, 30_000);
});
