/** Each limit of time once on a real socket, in both versions: it is closed by that limit, and by no other. */
import { concatMap, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { Handler } from '../../../src/server/respond-context.js';
import { framesTo } from '../../support/http2-frames.js';
import { eventually, realServer, type RealServer } from './real-server.js';
import { get, post } from './world.js';

/** More than any kernel takes on loopback for one connection. */
const LARGE = Buffer.alloc(64 << 20, 'x');

const handler: Handler = ({ path, body }) => {
  if (path === '/large') return { body: LARGE };
  if (path === '/read') return body.pipe(concatMap(() => NEVER));
  return { body: 'ok' };
};

/** All limits far away, but for these. */
const only = (timeout: ServeConfig['timeout'], more: ServeConfig = {}): Promise<RealServer> =>
  realServer(handler, {
    ...more,
    timeout: { setup: 60_000, head: 60_000, request: 60_000, idle: 60_000, rate: 60_000, stall: 60_000, ...timeout },
  });

const told = ({ events }: RealServer): string[] =>
  events.flatMap((event) => (event.type === 'timeout' ? [event.error.code] : []));

/** The server has had a connection, and has let it go. */
const gone = async ({ server, events }: RealServer): Promise<void> => {
  await eventually(() => events.some(({ type }) => type === 'connection'));
  let count = -1;
  const subscription = server.connections$.subscribe((open) => (count = open));
  await eventually(() => count === 0);
  subscription.unsubscribe();
};

describe('HTTP/1 on real sockets', () => {
  it('setup: a connection that says nothing', async () => {
    const world = await only({ setup: 50 });
    expect(await world.raw().closed).toBe('');
    expect(told(world)).toEqual(['TIMEOUT_SETUP']);
  });

  it('head: slowloris gets 408', async () => {
    const world = await only({ head: 100 });
    const client = world.raw().send('GET / HTTP/1.1\r\nx: ');
    const dribble = setInterval(() => client.send('y'), 10);
    expect(await client.closed).toContain('HTTP/1.1 408 ');
    clearInterval(dribble);
    expect(told(world)).toEqual(['TIMEOUT_HEAD']);
  });

  it('rate: a body that trickles gets 408', async () => {
    const world = await only({ rate: 100 });
    const client = world.raw().send(post('/read', 1_000_000));
    const dribble = setInterval(() => client.send('y'), 50);
    expect(await client.closed).toContain('HTTP/1.1 408 ');
    clearInterval(dribble);
    expect(told(world)).toEqual(['TIMEOUT_RATE']);
  });

  it('request: a body that takes too long gets 408', async () => {
    const world = await only({ request: 100 }, { minRate: 0 });
    expect(await world.raw().send(post('/read', 1_000_000, 'a part')).closed).toContain('HTTP/1.1 408 ');
    expect(told(world)).toEqual(['TIMEOUT_REQUEST']);
  });

  it('rate: who does not read the response is reset', async () => {
    // What the kernel's buffers took counts as taken: a rate that makes little of it.
    const world = await only({ rate: 100 }, { minRate: 1 << 30 });
    const client = world.raw();
    client.socket.pause();
    client.send(get('/large'));
    await gone(world);
    expect(told(world)).toEqual(['TIMEOUT_RATE']);
    client.socket.resume();
    expect((await client.closed).length).toBeLessThan(LARGE.length);
  });

  it('idle: closed after the last response, without a word', async () => {
    const world = await only({ idle: 50 });
    const received = await world.raw().send(get('/')).closed;
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(told(world)).toEqual(['TIMEOUT_IDLE']);
  });
});

describe('HTTP/2 on real sockets', () => {
  it('setup: a preface that does not end', async () => {
    const world = await only({ setup: 50 });
    const peer = framesTo(world.port, null);
    peer.polite = false;
    peer.raw(Buffer.from('PRI * HTTP/2.0\r\n'));
    await peer.closed;
    expect(told(world)).toEqual(['TIMEOUT_SETUP']);
  });

  it('head: a frame that does not end', async () => {
    const world = await only({ head: 100 });
    const peer = framesTo(world.port);
    await peer.until(() => peer.words.includes('SETTINGS 0 ack'), 'the settings');
    peer.raw(Buffer.from([0, 0, 10, 1, 4, 0, 0, 0, 1, 0x82]));
    await peer.until(() => peer.goaway === 'ENHANCE_YOUR_CALM', 'GOAWAY');
    expect(told(world)).toEqual(['TIMEOUT_HEAD']);
  });

  it('rate: a body that trickles is reset', async () => {
    const world = await only({ rate: 100 });
    const peer = framesTo(world.port);
    const id = peer.post('/read');
    const dribble = setInterval(() => peer.data(id, 'y'), 50);
    await peer.until(() => peer.of(id).reset !== undefined, 'the reset');
    clearInterval(dribble);
    expect([peer.of(id).reset, told(world)]).toEqual(['CANCEL', ['TIMEOUT_RATE']]);
  });

  it('stall: a response without a window is reset', async () => {
    const world = await only({ stall: 100 });
    const peer = framesTo(world.port, { initialWindowSize: 0 });
    const id = peer.get('/');
    await peer.until(() => peer.of(id).reset !== undefined, 'the reset');
    expect([peer.of(id).reset, told(world)]).toEqual(['CANCEL', ['TIMEOUT_STALL']]);
  });

  it('stall: a connection that does not read is reset', async () => {
    const world = await only({ stall: 100 }, { minRate: 1 << 30 });
    const peer = framesTo(world.port, { initialWindowSize: LARGE.length });
    peer.raw(Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0])); // WINDOW_UPDATE of the connection
    peer.get('/large');
    peer.socket.pause();
    await gone(world);
    expect(told(world)).toContain('TIMEOUT_STALL');
  });

  it('idle: GOAWAY, then closed', async () => {
    const world = await only({ idle: 50 });
    const peer = framesTo(world.port);
    const id = peer.get('/');
    await peer.until(() => peer.of(id).ended, 'the answer');
    await gone(world);
    expect([peer.goaway, told(world)]).toEqual(['NO_ERROR', ['TIMEOUT_IDLE']]);
  });
});
