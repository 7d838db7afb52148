import { map, NEVER as SILENCE, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { DataFrame } from '../../operators/http2/frames/data-frame.js';
import type { PingFrame } from '../../operators/http2/frames/ping-frame.js';
import type { SettingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { clientPreface } from '../../operators/http2/preface.js';
import {
  ACK,
  block,
  bytes,
  DATA,
  END,
  END_HEADERS,
  frame,
  GET,
  GOAWAY,
  greetedClient,
  HEADERS,
  type Http2Peer,
  PADDED,
  PING,
  POST,
  PRIORITY,
  rawClient,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ACK,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { realServer } from '../src/server/real-server.js';
import { ourServer } from './raw-peer.js';
import {
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  get,
  goesOn,
  LARGE,
  PROTOCOL_ERROR,
  type Rows,
  scene,
  serverMeets,
} from './http2-scene.js';

const NEVER = get('/never');
const ECHO = get('/echo', 'POST');
const MOST = 2 ** 31 - 1;
const OPEN = HEADERS(1, 0, ...NEVER);
const CONTINUATION = (streamId: number, flags: number, fragment: Uint8Array): Uint8Array =>
  frame(FrameType.CONTINUATION, flags, streamId, fragment);
const BLOCK = block(...GET);
/** A head without its end. */
const BEGUN = frame(FrameType.HEADERS, END, 1, BLOCK.subarray(0, 5));

/** DATA of one stream that was heard so far: the length of each. */
function lengths(peer: Http2Peer, streamId: number): number[] {
  return peer.heard
    .filter((each): each is DataFrame => each.type === FrameType.DATA && each.streamId === streamId)
    .map(({ data }) => data.length);
}

function total(peer: Http2Peer, ...streamIds: readonly number[]): number {
  return streamIds.flatMap((streamId) => lengths(peer, streamId)).reduce((sum, length) => sum + length, 0);
}

describe('RFC 9113 §6.1, DATA', () => {
  const rows: Rows = [
    ['on stream 0', [DATA(0, 0, 'a')], PROTOCOL_ERROR],
    ['padding as long as the payload', [OPEN, DATA(1, PADDED, [2, 0])], PROTOCOL_ERROR],
    ['padding longer than the payload', [OPEN, DATA(1, PADDED | END, [6, 1, 2, 3, 4, 5])], PROTOCOL_ERROR],
    ['no room for the pad length', [OPEN, DATA(1, PADDED)], FRAME_SIZE_ERROR],
    ['padded as it should be', [OPEN, DATA(1, PADDED, [2, 0x61, 0, 0])], ['fine']],
    ['nothing but padding', [OPEN, DATA(1, PADDED, [1, 0])], ['fine']],
  ];
  it.each(rows)('padding and streams are checked: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('padding is no part of the body', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...ECHO), DATA(1, PADDED, 3, 'ab', 'pad'), DATA(1, PADDED | END, 0, 'c'));
    expect((await peer.message(1)).body).toBe('abc');
  });

  it('padding counts for flow control, and is given back', async () => {
    const { port } = await scene({ http2: { settings: { initialWindowSize: 1000 }, connectionWindow: 65_535 } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...NEVER));
    await peer.barrier();
    peer.send(DATA(1, PADDED, 255, 'x', 'p'.repeat(255)), DATA(1, PADDED, 255, 'x', 'p'.repeat(255)));
    expect(await peer.frame(FrameType.WINDOW_UPDATE, 1)).toMatchObject({ increment: 512 }); // the sizes of both pads
    await goesOn(peer);
  });
});

describe('RFC 9113 §6.2 and §6.10, HEADERS and CONTINUATION', () => {
  const rows: Rows = [
    ['HEADERS on stream 0', [HEADERS(0, END, ...GET)], PROTOCOL_ERROR],
    ['CONTINUATION on stream 0', [BEGUN, CONTINUATION(0, END_HEADERS, BLOCK.subarray(5))], PROTOCOL_ERROR],
    ['padding that is too long', [frame(FrameType.HEADERS, END | END_HEADERS | PADDED, 1, 255, BLOCK)], PROTOCOL_ERROR],
    ['no room for the pad length', [frame(FrameType.HEADERS, END | END_HEADERS | PADDED, 1)], FRAME_SIZE_ERROR],
    ['no room for the priority', [frame(FrameType.HEADERS, END | END_HEADERS | PRIORITY, 1, [0, 0])], FRAME_SIZE_ERROR],
    ['a frame of the connection inside a block', [BEGUN, PING()], PROTOCOL_ERROR],
    ['SETTINGS inside a block', [BEGUN, SETTINGS()], PROTOCOL_ERROR],
    ['DATA inside a block', [BEGUN, DATA(1, END, 'a')], PROTOCOL_ERROR],
    ['PRIORITY inside a block', [BEGUN, frame(FrameType.PRIORITY, 0, 1, uint32(0), 1)], PROTOCOL_ERROR],
    ['PRIORITY of another stream inside a block', [BEGUN, frame(2, 0, 3, uint32(0), 1)], PROTOCOL_ERROR],
    ['HEADERS of another stream inside a block', [BEGUN, HEADERS(3, END, ...GET)], PROTOCOL_ERROR],
    ['HEADERS again inside a block', [BEGUN, HEADERS(1, END, ...GET)], PROTOCOL_ERROR],
    ['CONTINUATION of another stream', [BEGUN, CONTINUATION(3, END_HEADERS, BLOCK.subarray(5))], PROTOCOL_ERROR],
    ['CONTINUATION after nothing', [CONTINUATION(1, END_HEADERS, BLOCK)], PROTOCOL_ERROR],
    ['CONTINUATION after the end of a block', [OPEN, CONTINUATION(1, END_HEADERS, BLOCK)], PROTOCOL_ERROR],
    ['CONTINUATION after DATA', [OPEN, DATA(1, 0, 'a'), CONTINUATION(1, END_HEADERS, BLOCK)], PROTOCOL_ERROR],
    ['unknown flags', [frame(FrameType.HEADERS, END | END_HEADERS | 0xd2, 1, BLOCK)], ['fine']],
  ];
  it.each(rows)('a header block is one piece, on its stream: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('a block in several frames is read as one, and END_STREAM of its first frame counts', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(BEGUN, CONTINUATION(1, 0, BLOCK.subarray(5, 9)), CONTINUATION(1, 0, bytes()));
    peer.send(CONTINUATION(1, END_HEADERS, BLOCK.subarray(9)));
    expect((await peer.message(1)).body).toBe('fine');
  });

  it('a head with padding and priority is read', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    const flags = END | END_HEADERS | PADDED | PRIORITY;
    peer.send(frame(FrameType.HEADERS, flags, 1, 2, uint32(0), 200, BLOCK, [0, 0]));
    expect((await peer.message(1)).body).toBe('fine');
  });

  it('a head longer than a frame goes out as HEADERS and CONTINUATIONs with nothing between them', async () => {
    const { port } = await ourServer(() => ({ fields: { long: 'é'.repeat(40_000) }, body: 'fine' }));
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET), PING());
    const { fields, body } = await peer.message(1);
    expect([fields['long']?.length, body]).toEqual([40_000, 'fine']);
    expect(peer.failure).toBeUndefined();
  });
});

describe('RFC 9113 §6.3 and §6.4, PRIORITY and RST_STREAM', () => {
  const priority: Rows = [
    ['on stream 0', [frame(FrameType.PRIORITY, 0, 0, uint32(0), 1)], PROTOCOL_ERROR],
    ['too short', [OPEN, frame(FrameType.PRIORITY, 0, 1, uint32(0))], ['reset', 1, 'FRAME_SIZE_ERROR']],
    ['too long', [OPEN, frame(FrameType.PRIORITY, 0, 1, uint32(0), [1, 2])], ['reset', 1, 'FRAME_SIZE_ERROR']],
  ];
  it.each(priority)('§6.3: PRIORITY has a stream and five bytes: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  const reset: Rows = [
    ['on stream 0', [RST_STREAM(0, 8)], PROTOCOL_ERROR],
    ['on an idle stream', [RST_STREAM(1, 8)], PROTOCOL_ERROR],
    ['too short', [OPEN, frame(FrameType.RST_STREAM, 0, 1, [0, 0, 8])], FRAME_SIZE_ERROR],
    ['too long', [OPEN, frame(FrameType.RST_STREAM, 0, 1, [0, 0, 0, 8, 0])], FRAME_SIZE_ERROR],
    ['as it should be', [OPEN, RST_STREAM(1, 8)], ['fine']],
  ];
  it.each(reset)('§6.4: RST_STREAM has a stream and four bytes: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('§6.4: RST_STREAM cancels the request, and nothing is sent on the stream after it', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port, [4, 10]);
    peer.send(HEADERS(1, END, ...get('/large')));
    await peer.frame(FrameType.DATA, 1);
    peer.send(RST_STREAM(1, 8), WINDOW_UPDATE(0, 1000), SETTINGS([4, 1000]));
    const meanwhile = await peer.barrier();
    expect(meanwhile.filter(({ streamId }) => streamId === 1)).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});

describe('RFC 9113 §6.5, SETTINGS', () => {
  const setting = (id: number, value: number): readonly Uint8Array[] => [SETTINGS([id, value])];
  const rows: Rows = [
    ['on a stream', [frame(FrameType.SETTINGS, 0, 1, [0, 3], uint32(1))], PROTOCOL_ERROR],
    ['an acknowledgement with a payload', [frame(FrameType.SETTINGS, ACK, 0, [0, 3], uint32(1))], FRAME_SIZE_ERROR],
    ['a length that is no multiple of 6', [frame(FrameType.SETTINGS, 0, 0, [0, 3, 0])], FRAME_SIZE_ERROR],
    ['an acknowledgement of nothing', [SETTINGS_ACK], PROTOCOL_ERROR],
    ['ENABLE_PUSH of 2', setting(2, 2), PROTOCOL_ERROR],
    ['INITIAL_WINDOW_SIZE of 2^31', setting(4, 2 ** 31), FLOW_CONTROL_ERROR],
    ['MAX_FRAME_SIZE of 16 383', setting(5, 16_383), PROTOCOL_ERROR],
    ['MAX_FRAME_SIZE of 2^24', setting(5, 2 ** 24), PROTOCOL_ERROR],
    ['MAX_FRAME_SIZE of 0', setting(5, 0), PROTOCOL_ERROR],
    ['ENABLE_CONNECT_PROTOCOL of 2', setting(8, 2), PROTOCOL_ERROR],
    ['an unknown setting', setting(0xff, 1), ['fine']],
    ['the largest of each', [SETTINGS([1, 2 ** 32 - 1], [3, 2 ** 32 - 1], [4, MOST], [5, 2 ** 24 - 1])], ['fine']],
    ['the smallest of each', [SETTINGS([1, 0], [2, 0], [3, 0], [5, 16_384])], ['fine']],
    ['one setting several times, the last counts', [SETTINGS([4, 0], [4, 65_535])], ['fine']],
    ['none', [SETTINGS()], ['fine']],
  ];
  it.each(rows)('what is in them is checked: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('§6.5.3: each is acknowledged at once, in order, with an empty frame', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(SETTINGS([4, 5]), SETTINGS([4, 6]), PING(), SETTINGS([4, 7]));
    const meanwhile = await peer.barrier();
    expect(meanwhile).toMatchObject([
      { type: FrameType.SETTINGS, flags: ACK, entries: [] },
      { type: FrameType.SETTINGS, flags: ACK, entries: [] },
      { type: FrameType.PING, flags: ACK },
      { type: FrameType.SETTINGS, flags: ACK, entries: [] },
    ]);
  });

  it('§6.5.3: they hold from their acknowledgement on: MAX_FRAME_SIZE', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 1_000_000]);
    peer.send(WINDOW_UPDATE(0, 1_000_000), HEADERS(1, END, ...get('/large')));
    expect((await peer.message(1)).body).toHaveLength(LARGE);
    expect(Math.max(...lengths(peer, 1))).toBe(16_384);
    peer.send(SETTINGS([5, 65_536]), HEADERS(3, END, ...get('/large')));
    expect((await peer.message(3)).body).toHaveLength(LARGE);
    expect(Math.max(...lengths(peer, 3))).toBe(65_536);
  });

  it('§6.5.2: a server that offers larger frames takes them', async () => {
    const { port } = await scene({ http2: { settings: { maxFrameSize: 40_000 } } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...ECHO), DATA(1, END, 'x'.repeat(40_000)));
    expect((await peer.message(1)).body).toHaveLength(40_000);
    peer.send(HEADERS(3, 0, ...ECHO), DATA(3, END, 'x'.repeat(40_001)));
    await peer.goaway('FRAME_SIZE_ERROR');
  });

  it('§6.5.2: MAX_HEADER_LIST_SIZE of the client is kept to', async () => {
    const { port } = await ourServer(({ path }) => ({
      fields: { a: path === '/' ? 'x'.repeat(500) : '' },
      body: 'fine',
    }));
    const peer = await greetedClient(port, [6, 400]);
    peer.send(HEADERS(1, END, ...GET));
    await peer.frame(FrameType.HEADERS, 1).then((head) => expect(peer.fields(head)[':status']).toBe('500'));
    await goesOn(peer);
  });

  it('§6.5.2: a server never says ENABLE_PUSH', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    expect((peer.heard[0] as SettingsFrame).entries.map(({ id }) => id)).not.toContain(2);
  });

  it('§6.5.3: a client that does not acknowledge in time is told SETTINGS_TIMEOUT', async () => {
    const { port } = await scene({ timeout: { settings: 30 } });
    const peer = rawClient(port).send(clientPreface(), SETTINGS());
    await peer.goaway('SETTINGS_TIMEOUT');
  });
});

describe('RFC 9113 §6.6, PUSH_PROMISE', () => {
  const promise = frame(FrameType.PUSH_PROMISE, END_HEADERS, 1, uint32(2), BLOCK);
  it.each([
    ['on an open stream', [OPEN, promise], PROTOCOL_ERROR],
    ['on an idle stream', [promise], PROTOCOL_ERROR],
    ['on stream 0', [frame(FrameType.PUSH_PROMISE, END_HEADERS, 0, uint32(2), BLOCK)], PROTOCOL_ERROR],
  ] as Rows)('a client must not push: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it.each([
    ['that takes them', [], true],
    ['that takes them with few streams of the server', [[3, 1]], true],
    ['that takes none', [[2, 0]], false],
    ['that takes no streams of the server', [[3, 0]], false],
  ] as const)('a server pushes to a client %s', async (_, settings, pushes) => {
    const pushed: boolean[] = [];
    const { port } = await ourServer((request) => {
      if (request.path === '/') pushed.push(request.push({ path: '/pushed' }, { body: 'pushed' }));
      return { body: 'fine' };
    });
    const peer = await greetedClient(port, ...settings);
    peer.send(HEADERS(1, END, ...GET));
    expect((await peer.message(1)).body).toBe('fine');
    expect(pushed).toEqual([pushes]);
    const promises = peer.heard.filter(({ type }) => type === FrameType.PUSH_PROMISE);
    expect(promises).toHaveLength(pushes ? 1 : 0);
    if (!pushes) return;
    const [promised] = promises;
    expect(promised).toMatchObject({ streamId: 1, promisedId: 2 });
    expect(peer.fields(promised as never)).toMatchObject({ ':method': 'GET', ':path': '/pushed', ':authority': 'a' });
    expect((await peer.message(2)).body).toBe('pushed');
    const end = peer.heard.findIndex(({ type, streamId }) => type === FrameType.HEADERS && streamId === 1);
    expect(peer.heard.indexOf(promised as never)).toBeLessThan(end); // before what may refer to it
    await goesOn(peer);
  });

  it('§8.4.2: a push that the client resets is not gone on with', async () => {
    const { port } = await ourServer((request) => {
      if (request.path === '/') request.push({ path: '/pushed' }, { body: 'x'.repeat(1000) });
      return { body: 'fine' };
    });
    const peer = await greetedClient(port, [4, 10]);
    peer.send(HEADERS(1, END, ...GET));
    await peer.frame(FrameType.DATA, 2);
    peer.send(RST_STREAM(2, 8), WINDOW_UPDATE(0, 100));
    expect((await peer.barrier()).filter(({ streamId }) => streamId === 2)).toEqual([]);
    await goesOn(peer);
  });

  it.each([
    ['HEADERS', HEADERS(2, END, ...GET)],
    ['DATA', DATA(2, END, 'a')],
  ] as const)('§5.1: the client sends nothing on a stream that was promised to it: %s', async (_, sent) => {
    const { port } = await ourServer((request) => {
      if (request.path === '/') request.push({ path: '/pushed' }, { body: SILENCE });
      return { body: 'fine' };
    });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    await peer.message(1);
    peer.send(sent);
    await peer.reset(2, 'STREAM_CLOSED');
    await goesOn(peer);
  });

  it.each(['POST', 'PUT', 'OPTIONS'])('§8.4: a server does not push for %s', async (method) => {
    let error: unknown;
    const { port } = await ourServer((request) => {
      try {
        request.push({ path: '/pushed', method: method as 'GET' }, { body: 'pushed' });
      } catch (thrown) {
        error = thrown;
      }
      return { body: 'fine' };
    });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    await peer.message(1);
    expect(error).toMatchObject({ code: 'INVALID_METHOD' });
    expect(peer.heard.map(({ type }) => type)).not.toContain(FrameType.PUSH_PROMISE);
  });
});

describe('RFC 9113 §6.7, PING', () => {
  const rows: Rows = [
    ['on a stream', [frame(FrameType.PING, 0, 1, 'opaque_8')], PROTOCOL_ERROR],
    ['too short', [frame(FrameType.PING, 0, 0, 'opaque_')], FRAME_SIZE_ERROR],
    ['too long', [frame(FrameType.PING, 0, 0, 'opaque__9')], FRAME_SIZE_ERROR],
    ['empty', [frame(FrameType.PING, 0, 0)], FRAME_SIZE_ERROR],
    ['an answer to nothing', [PING('opaque_8', ACK)], ['fine']],
    ['unknown flags', [PING('opaque_8', 0xfe)], ['fine']],
  ];
  it.each(rows)('it has eight bytes and no stream: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('it is answered with its own bytes, and an answer is not', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(PING('12345678'), PING('abcdefgh', ACK), PING('87654321'));
    const said = (await peer.barrier()).map((each) => (each.type === FrameType.PING ? String(each.opaque) : ''));
    expect(said).toEqual([String(Buffer.from('12345678')), String(Buffer.from('87654321'))].map(String));
  });
});

describe('RFC 9113 §6.8, GOAWAY', () => {
  const rows: Rows = [
    ['on a stream', [frame(FrameType.GOAWAY, 0, 1, uint32(0), uint32(0))], PROTOCOL_ERROR],
    ['too short', [frame(FrameType.GOAWAY, 0, 0, uint32(0))], FRAME_SIZE_ERROR],
    ['that goes up', [OPEN, GOAWAY(2), GOAWAY(4)], PROTOCOL_ERROR],
  ];
  it.each(rows)('it has eight bytes and no stream, and only goes down: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('what was asked before it is still answered, and then the connection closes', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 0]);
    peer.send(HEADERS(1, END, ...GET), GOAWAY(0), PING());
    await peer.frame(FrameType.PING);
    peer.send(WINDOW_UPDATE(1, 100));
    expect((await peer.message(1)).body).toBe('fine');
    await peer.until('the end', () => peer.closed);
  });

  it('with an error code, and text for people, it is taken all the same', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(frame(FrameType.GOAWAY, 0, 0, uint32(0), uint32(0xdead), 'so long'));
    await peer.until('the end', () => peer.closed);
  });

  it('no push is promised after it', async () => {
    const go = new Subject<void>();
    let pushed: boolean | undefined;
    const { port } = await ourServer((request) =>
      go.pipe(
        take(1),
        map(() => {
          pushed = request.push({ path: '/pushed' }, { body: 'pushed' });
          return { body: 'fine' };
        }),
      ),
    );
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET), GOAWAY(0));
    await peer.barrier();
    go.next();
    expect((await peer.message(1)).body).toBe('fine');
    await peer.until('the end', () => peer.closed);
    expect(pushed).toBe(false);
    expect(peer.heard.map(({ type }) => type)).not.toContain(FrameType.PUSH_PROMISE);
  });

  it('a server that closes says so first, and which streams it took once the client knows', async () => {
    const go = new Subject<void>();
    const { server, port } = await realServer(() =>
      go.pipe(
        take(1),
        map(() => ({ body: 'fine' })),
      ),
    );
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    await peer.barrier();
    server.close().subscribe();
    expect(await peer.frame(FrameType.GOAWAY)).toMatchObject({ lastStreamId: MOST, errorCode: 0 });
    const ping = await peer.frame<PingFrame>(FrameType.PING);
    peer.send(HEADERS(3, END, ...GET), frame(FrameType.PING, ACK, 0, ping.opaque)); // 3 was on its way
    expect(await peer.frame(FrameType.GOAWAY)).toMatchObject({ lastStreamId: 3, errorCode: 0 });
    peer.send(HEADERS(5, END, ...GET), PING());
    await peer.frame(FrameType.PING);
    go.next();
    expect([(await peer.message(1)).body, (await peer.message(3)).body]).toEqual(['fine', 'fine']);
    await peer.until('the end', () => peer.closed);
    expect(peer.heard.filter(({ streamId }) => streamId === 5)).toEqual([]);
  });
});

describe('RFC 9113 §6.9, WINDOW_UPDATE and flow control', () => {
  const rows: Rows = [
    ['by 0 on the connection', [WINDOW_UPDATE(0, 0)], PROTOCOL_ERROR],
    ['by 0 on a stream', [OPEN, WINDOW_UPDATE(1, 0)], ['reset', 1, 'PROTOCOL_ERROR']],
    [
      'by 0 on a stream that was answered',
      [HEADERS(1, 0, ...POST), WINDOW_UPDATE(1, 0)],
      ['reset', 1, 'PROTOCOL_ERROR'],
    ],
    ['too short', [frame(FrameType.WINDOW_UPDATE, 0, 0, [0, 0, 1])], FRAME_SIZE_ERROR],
    ['too long', [frame(FrameType.WINDOW_UPDATE, 0, 0, [0, 0, 0, 1, 0])], FRAME_SIZE_ERROR],
    ['too short on a stream', [OPEN, frame(FrameType.WINDOW_UPDATE, 0, 1, [0, 0, 1])], FRAME_SIZE_ERROR],
    ['over 2^31 - 1 on the connection', [WINDOW_UPDATE(0, MOST), WINDOW_UPDATE(0, MOST)], FLOW_CONTROL_ERROR],
    [
      'over 2^31 - 1 on a stream',
      [OPEN, WINDOW_UPDATE(1, MOST), WINDOW_UPDATE(1, MOST)],
      ['reset', 1, 'FLOW_CONTROL_ERROR'],
    ],
    [
      'over 2^31 - 1 on a stream that was answered',
      [HEADERS(1, 0, ...POST), WINDOW_UPDATE(1, MOST), WINDOW_UPDATE(1, MOST)],
      ['reset', 1, 'FLOW_CONTROL_ERROR'],
    ],
    ['exactly 2^31 - 1', [WINDOW_UPDATE(0, MOST - 65_535), OPEN, WINDOW_UPDATE(1, MOST - 65_535)], ['fine']],
    ['the reserved bit', [frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(0x8000_0001))], ['fine']],
    [
      'SETTINGS that make the window of a stream too large',
      [OPEN, WINDOW_UPDATE(1, MOST - 65_535), SETTINGS([4, 65_536])],
      FLOW_CONTROL_ERROR,
    ],
  ];
  it.each(rows)('windows are counted: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('§6.9.1: a server sends no more than the window of a stream, to the byte', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 1]);
    peer.send(HEADERS(1, END, ...GET));
    expect(await peer.frame(FrameType.DATA, 1)).toMatchObject({ data: Buffer.from('f'), flags: 0 });
    expect(await peer.barrier()).toEqual([]);
    peer.send(WINDOW_UPDATE(1, 2));
    await peer.frame(FrameType.DATA, 1);
    expect(await peer.barrier()).toEqual([]);
    peer.send(WINDOW_UPDATE(1, 1));
    expect((await peer.message(1)).body).toBe('fine');
    expect(lengths(peer, 1)).toEqual([1, 2, 1]);
  });

  it('§6.9.1: a server sends no more than the window of the connection, over all streams', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 200_000]);
    peer.send(HEADERS(1, END, ...get('/large')), HEADERS(3, END, ...get('/large')));
    await peer.until('65 535 bytes', () => total(peer, 1, 3) === 65_535);
    expect(await peer.barrier()).toEqual([]);
    peer.send(WINDOW_UPDATE(0, 1000));
    await peer.until('1000 more', () => total(peer, 1, 3) === 66_535);
    expect(await peer.barrier()).toEqual([]);
    peer.send(WINDOW_UPDATE(0, 2 * LARGE), WINDOW_UPDATE(1, LARGE), WINDOW_UPDATE(3, LARGE));
    expect([(await peer.message(1)).body.length, (await peer.message(3)).body.length]).toEqual([LARGE, LARGE]);
  });

  it('§6.9.1: a frame without data needs no credit', async () => {
    const { port } = await ourServer(() => ({ body: '' }));
    const peer = await greetedClient(port, [4, 0]);
    peer.send(HEADERS(1, 0, ...get('/echo', 'POST')), DATA(1, END));
    expect((await peer.message(1)).body).toBe('');
  });

  it('§6.9.2: a larger INITIAL_WINDOW_SIZE opens the windows there are', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 0]);
    peer.send(HEADERS(1, END, ...GET));
    await peer.frame(FrameType.HEADERS, 1);
    expect(await peer.barrier()).toEqual([]);
    peer.send(SETTINGS([4, 1]));
    await peer.frame(FrameType.DATA, 1);
    expect(lengths(peer, 1)).toEqual([1]);
    peer.send(SETTINGS([4, 4]));
    expect((await peer.message(1)).body).toBe('fine');
  });

  it('§6.9.2: a smaller one makes them negative, and they are worked off before anything is sent', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 3]);
    peer.send(HEADERS(1, END, ...GET));
    await peer.frame(FrameType.DATA, 1);
    expect(lengths(peer, 1)).toEqual([3]);
    peer.send(SETTINGS([4, 1])); // two below
    peer.send(WINDOW_UPDATE(1, 2)); // none
    expect((await peer.barrier()).filter(({ type }) => type === FrameType.DATA)).toEqual([]);
    peer.send(WINDOW_UPDATE(1, 1));
    expect((await peer.message(1)).body).toBe('fine');
    expect(lengths(peer, 1)).toEqual([3, 1]);
  });

  it('§6.9.2: the window of the connection is none of its business', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 0]);
    peer.send(SETTINGS([4, LARGE]), HEADERS(1, END, ...get('/large')));
    await peer.until('65 535 bytes', () => total(peer, 1) === 65_535);
    expect(await peer.barrier()).toEqual([]);
  });

  it('§6.9.1: DATA over the window of a stream is refused', async () => {
    const { port } = await scene({ http2: { settings: { initialWindowSize: 10 } } });
    const peer = await greetedClient(port);
    peer.send(OPEN, DATA(1, 0, 'x'.repeat(10)));
    await peer.barrier();
    peer.send(DATA(1, 0, 'x'));
    await peer.reset(1, 'FLOW_CONTROL_ERROR');
    await goesOn(peer);
  });

  it('§6.9.3: a window smaller than the default holds once it is acknowledged, what is on its way is taken', async () => {
    const { port } = await scene({ http2: { settings: { initialWindowSize: 10 } } });
    const peer = rawClient(port).send(clientPreface(), SETTINGS(), HEADERS(1, 0, ...ECHO), DATA(1, 0, 'x'.repeat(100)));
    await peer.take('SETTINGS ACK', ({ type, flags }) => type === FrameType.SETTINGS && flags === ACK);
    expect(await peer.barrier()).toMatchObject([]);
    peer.send(SETTINGS_ACK);
    // 90 below: what was read is given back, and 10 more may come
    expect(await peer.frame(FrameType.WINDOW_UPDATE, 1)).toMatchObject({ increment: 100 });
    peer.send(DATA(1, 0, 'x'.repeat(10)));
    expect(await peer.frame(FrameType.WINDOW_UPDATE, 1)).toMatchObject({ increment: 10 });
    peer.send(DATA(1, 0, 'x'.repeat(11)));
    await peer.reset(1, 'FLOW_CONTROL_ERROR');
  });

  it('§6.9.1: DATA over the window of the connection ends it', async () => {
    const settings = { initialWindowSize: 1_000_000 };
    const { port } = await scene({ http2: { settings, connectionWindow: 65_535, maxConnectionMemory: 100_000 } });
    const peer = await greetedClient(port);
    const piece = 'x'.repeat(16_384);
    peer.send(OPEN, DATA(1, 0, piece), DATA(1, 0, piece), DATA(1, 0, piece), DATA(1, 0, piece.slice(1)));
    await peer.barrier();
    peer.send(DATA(1, 0, 'x'));
    await peer.goaway('FLOW_CONTROL_ERROR');
  });
});
