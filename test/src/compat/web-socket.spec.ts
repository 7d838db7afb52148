import { Buffer } from 'node:buffer';
import { firstValueFrom, Subject } from 'rxjs';
import { webSocket as rxjsWebSocket, type WebSocketSubjectConfig } from 'rxjs/webSocket';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type default as Peer, WebSocketServer } from 'ws';
import { hold } from '../../../operators/core/deliver.js';
import { createClient } from '../../../src/client/create-client.js';
import { createWebSocket, webSocket, WebSocketSubject } from '../../../src/compat/web-socket.js';
import { settled, until } from './origin.js';

type Make = <T>(input: string | WebSocketSubjectConfig<T>) => WebSocketSubject<T>;

const withUndici: Make = (input) =>
  rxjsWebSocket({ ...(typeof input === 'string' ? { url: input } : input), WebSocketCtor: WebSocket as never });

/** Each test runs on both: RxJS's own over another's WebSocket says what is right. */
const PEERS: readonly (readonly [string, Make])[] = [
  ['rxweir', webSocket],
  ['rxjs/webSocket on undici', withUndici],
];

let server: WebSocketServer;
let url: string;
let onConnection: (peer: Peer) => void;
const heard: string[] = [];
const closes: string[] = [];

beforeAll(async () => {
  server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/`;
  server.on('connection', (peer) => {
    peer.on('message', (data: Buffer, binary: boolean) =>
      heard.push(binary ? `binary ${data.toString('hex')}` : String(data)),
    );
    peer.on('close', (code: number, reason: Buffer) => closes.push(`${code} ${String(reason)}`.trim()));
    peer.on('error', () => undefined);
    onConnection(peer);
  });
});
afterAll(async () => {
  for (const peer of server.clients) peer.terminate();
  await new Promise<void>((resolve) => server.close(resolve));
});
beforeEach(async () => {
  for (const peer of server.clients) peer.close(1000); // an error without a code leaves its connection open
  await until(() => server.clients.size === 0, 'those of the test before are gone');
  heard.length = closes.length = 0;
  onConnection = (peer) => peer.on('message', (data: Buffer, binary: boolean) => peer.send(data, { binary }));
});

describe.each(PEERS)('the samples of the documentation of rxjs/webSocket, on %s', (_, webSocket) => {
  it('listening for messages from the server', async () => {
    onConnection = (peer) => peer.send('{"message":"some message"}');
    const subject = webSocket(url);
    const told: unknown[] = [];
    subject.subscribe({
      next: (msg) => told.push(['message received: ', msg]),
      error: (err) => told.push(err),
      complete: () => told.push('complete'),
    });
    await until(() => told.length === 1, 'received');
    expect(told).toEqual([['message received: ', { message: 'some message' }]]);
    subject.complete();
    await until(() => told.length === 2, 'completed');
    expect(told[1]).toBe('complete');
    await until(() => closes.length === 1, 'closed');
    expect(closes).toEqual(['1005']);
  });

  it('pushing messages to the server: those before it is open wait for that', async () => {
    const subject = webSocket<{ message: string }>(url);
    const received: unknown[] = [];
    subject.next({ message: 'before' });
    subject.subscribe((value) => received.push(value));
    subject.next({ message: 'some message' });
    await until(() => received.length === 2, 'echoed');
    expect(heard).toEqual(['{"message":"before"}', '{"message":"some message"}']);
    expect(received).toEqual([{ message: 'before' }, { message: 'some message' }]);
    subject.error({ code: 4000, reason: 'I think our app just broke!' });
    await until(() => closes.length === 1, 'closed');
    expect(closes).toEqual(['4000 I think our app just broke!']);
  });

  it('pushing what was waiting, and completing, before it is open', async () => {
    const subject = webSocket<string>(url);
    subject.next('a');
    subject.complete();
    let completed = false;
    subject.subscribe({ complete: () => (completed = true) });
    await until(() => completed && closes.length === 1, 'closed');
    expect(heard).toEqual(['"a"']);
  });

  it('multiplexing WebSocket', async () => {
    onConnection = (peer) => {
      peer.on('message', (data: Buffer) => {
        const { subscribe } = JSON.parse(String(data)) as { subscribe?: string };
        if (subscribe) for (const type of ['A', 'B']) peer.send(JSON.stringify({ type, of: subscribe }));
      });
    };
    const subject = webSocket<{ type: string; of: string }>(url);
    const observableA = subject.multiplex(
      () => ({ subscribe: 'A' }),
      () => ({ unsubscribe: 'A' }),
      (message) => message.type === 'A',
    );
    const observableB = subject.multiplex(
      () => ({ subscribe: 'B' }),
      () => ({ unsubscribe: 'B' }),
      (message) => message.type === 'B',
    );
    const told: unknown[] = [];
    const subA = observableA.subscribe((messageForA) => told.push(['A', messageForA.of]));
    const subB = observableB.subscribe((messageForB) => told.push(['B', messageForB.of]));
    await until(() => told.length === 4, 'both');
    expect(told).toEqual([['A', 'A'], ['B', 'A'], ['A', 'B'], ['B', 'B']]); // prettier-ignore
    expect(server.clients.size).toBe(1);
    subA.unsubscribe();
    await until(() => heard.length === 3, 'unsubscribed');
    subB.unsubscribe();
    await until(() => closes.length === 1, 'closed with the last');
    expect(heard).toEqual(['{"subscribe":"A"}', '{"subscribe":"B"}', '{"unsubscribe":"A"}', '{"unsubscribe":"B"}']);
  });

  it('a serializer and a deserializer of one’s own', async () => {
    const subject = webSocket<string>({
      url,
      deserializer: ({ data }) => data as string,
      serializer: (msg) => JSON.stringify({ channel: 'webDevelopment', msg }),
    });
    const echoed = firstValueFrom(subject);
    subject.next('This is a msg');
    expect(await echoed).toBe('{"channel":"webDevelopment","msg":"This is a msg"}');
  });

  it('observers of opening, closing, and being about to', async () => {
    const told: unknown[] = [];
    const subject = webSocket<string>({
      url,
      openObserver: { next: (event) => told.push((event as Event).type) },
      closingObserver: { next: () => told.push('closing') },
      closeObserver: { next: ({ code, reason, wasClean }) => told.push([code, reason, wasClean]) },
    });
    subject.subscribe({ complete: () => told.push('complete') });
    await until(() => told.length === 1, 'open');
    subject.error({ code: 4001, reason: 'enough' });
    await until(() => told.length === 4, 'closed');
    expect(told).toEqual(['open', 'closing', [4001, 'enough', true], 'complete']);
  });

  it('subprotocols, one or several', async () => {
    const seen: string[] = [];
    onConnection = (peer) => seen.push(peer.protocol);
    for (const protocol of ['one', ['one', 'two']]) {
      let open = false;
      const subject = webSocket({ url, protocol, openObserver: { next: () => (open = true) } });
      const subscription = subject.subscribe();
      await until(() => open, 'open');
      subscription.unsubscribe();
    }
    await until(() => seen.length === 2, 'both');
    expect(seen).toEqual(['one', 'two']);
  });

  it('binary messages of every kind, in order, as an ArrayBuffer or a Blob', async () => {
    for (const binaryType of ['arraybuffer', 'blob'] as const) {
      heard.length = 0;
      const received: (ArrayBuffer | Blob)[] = [];
      const subject = webSocket<unknown>({
        url,
        binaryType,
        serializer: (value) => value as never,
        deserializer: ({ data }) => received.push(data as ArrayBuffer | Blob),
      });
      subject.next(new Uint8Array([1, 2]).buffer);
      subject.next(new Uint8Array([0, 3, 4]).subarray(1));
      subject.next(new Blob([new Uint8Array([5, 6])]));
      subject.next(new Uint8Array([7, 8]));
      subject.subscribe();
      await until(() => received.length === 4, 'echoed');
      expect(heard).toEqual(['binary 0102', 'binary 0304', 'binary 0506', 'binary 0708']);
      expect(received.every((one) => (binaryType === 'blob' ? one instanceof Blob : one instanceof ArrayBuffer))).toBe(
        true,
      );
      const bytes = await Promise.all(received.map((one) => new Response(one).arrayBuffer()));
      expect(bytes.map((one) => Buffer.from(one).toString('hex'))).toEqual(['0102', '0304', '0506', '0708']);
      subject.complete();
    }
  });

  it('fail with the close event where the connection breaks off, and connect again on the next subscription', async () => {
    let connections = 0;
    onConnection = (peer) => {
      if (connections++ === 0) peer.terminate();
      else peer.send('"again"');
    };
    const subject = webSocket<string>(url);
    await expect(firstValueFrom(subject)).rejects.toMatchObject({ type: expect.stringMatching(/^(error|close)$/) as string }); // prettier-ignore
    expect(await firstValueFrom(subject)).toBe('again');
  });

  it('complete where the server closes', async () => {
    onConnection = (peer) => peer.close(4002, 'done');
    const told: unknown[] = [];
    const subject = webSocket({ url, closeObserver: { next: ({ code, reason }) => told.push(code, reason) } });
    subject.subscribe({ complete: () => told.push('complete'), error: () => told.push('error') });
    await until(() => told.length === 3, 'closed');
    expect(told).toEqual([4002, 'done', 'complete']);
  });

  it('fail where nobody listens, and where the URL is none', async () => {
    await expect(firstValueFrom(webSocket('ws://127.0.0.1:1/'))).rejects.toMatchObject({ type: 'error' });
    await expect(firstValueFrom(webSocket('nonsense'))).rejects.toBeInstanceOf(Error);
  });

  it('fail where the JSON is none', async () => {
    onConnection = (peer) => peer.send('{');
    await expect(firstValueFrom(webSocket(url))).rejects.toBeInstanceOf(SyntaxError);
  });

  it('refuse an error without a code', async () => {
    const told: unknown[] = [];
    let open = false;
    const subject = webSocket({ url, openObserver: { next: () => (open = true) } });
    subject.subscribe({ error: (error) => told.push(error) });
    await until(() => open, 'open');
    subject.error(new Error('no code'));
    expect(told[0]).toBeInstanceOf(TypeError);
  });
});

describe('rxweir alone', () => {
  it('tells what happened in its error event', async () => {
    await expect(firstValueFrom(webSocket('ws://127.0.0.1:1/'))).rejects.toMatchObject({
      error: { code: 'ECONNREFUSED' },
    });
  });

  it('refuses a WebSocketCtor, and is RxJS’s own subject', () => {
    expect(() => webSocket({ url, WebSocketCtor: WebSocket as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error); // prettier-ignore
    expect(webSocket(url)).toBeInstanceOf(WebSocketSubject);
  });

  it('stops a sender whose messages are held', async () => {
    const MESSAGE = JSON.stringify('x'.repeat(65_536));
    const MESSAGES = 512;
    let sent = 0;
    onConnection = (peer) => {
      const send = (): void => {
        if (sent++ < MESSAGES) peer.send(MESSAGE, {}, send);
        else peer.close();
      };
      send();
    };
    const releases: (() => void)[] = [];
    let holding = true;
    let received = 0;
    let completed = false;
    webSocket(url).subscribe({
      next: () => {
        received++;
        if (holding) releases.push(hold());
      },
      complete: () => (completed = true),
    });
    await until(() => received > 0, 'begun');
    expect(await settled(() => sent)).toBeLessThan(MESSAGES / 2);
    holding = false;
    for (const release of releases) release();
    await until(() => completed, 'the rest');
    expect(received).toBe(MESSAGES);
  });

  it('withdraws a connection that is not open yet', async () => {
    const closed: unknown[] = [];
    const subject = webSocket({ url, closeObserver: { next: ({ code, wasClean }) => closed.push([code, wasClean]) } });
    subject.subscribe().unsubscribe();
    expect(closed).toEqual([[1006, false]]);
    await settled(() => server.clients.size);
    expect(heard).toEqual([]);
  });

  it('connects by a client, with its options', async () => {
    const headers = new Subject<unknown>();
    const first = firstValueFrom(headers);
    server.once('connection', (_, request) => headers.next([request.headers['x-own'], request.headers['user-agent']]));
    const client = createClient({ userAgent: 'compat' });
    const subscription = createWebSocket(client, { headers: { 'x-own': '1' } })(url).subscribe();
    expect(await first).toEqual(['1', 'compat']);
    subscription.unsubscribe();
    client.close().subscribe();
  });

  it('fails with SEND_OVERFLOW where more is sent than may wait', async () => {
    let open = false;
    const subject = webSocket<string>({ url, openObserver: { next: () => (open = true) } });
    const failed = firstValueFrom(subject);
    await until(() => open, 'open');
    const message = 'x'.repeat(2 ** 20);
    for (let i = 0; i < 64; i++) subject.next(message); // nobody reads within a turn
    await expect(failed).rejects.toMatchObject({ error: { code: 'SEND_OVERFLOW' } });
  });
});
