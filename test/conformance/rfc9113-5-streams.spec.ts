import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import {
  block,
  DATA,
  END,
  END_HEADERS,
  frame,
  GET,
  greetedClient,
  HEADERS,
  POST,
  RST_STREAM,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { get, goesOn, PROTOCOL_ERROR, type Rows, scene, serverMeets } from './http2-scene.js';

const { CONTINUATION, PING, PRIORITY, PRIORITY_UPDATE, PUSH_PROMISE } = FrameType;
const PRIORITY_FRAME = (streamId: number, dependency = 0): Uint8Array =>
  frame(PRIORITY, 0, streamId, uint32(dependency), 15);
const GO_ON = (streamId: number): Uint8Array => frame(CONTINUATION, END_HEADERS, streamId, block('a', 'b'));
const UNKNOWN = (streamId: number, type = 0xfa): Uint8Array => frame(type, 0xff, streamId, 'anything');
const NEVER = get('/never');

describe('RFC 9113 §5.1, what a server takes in which state of a stream', () => {
  const idle: Rows = [
    ['DATA', [DATA(1, END, 'a')], PROTOCOL_ERROR],
    ['RST_STREAM', [RST_STREAM(1, 8)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE', [WINDOW_UPDATE(1, 100)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE by 0', [WINDOW_UPDATE(1, 0)], PROTOCOL_ERROR],
    ['CONTINUATION', [GO_ON(1)], PROTOCOL_ERROR],
    ['DATA on a stream of the server', [DATA(2, END, 'a')], PROTOCOL_ERROR],
    ['RST_STREAM on a stream of the server', [RST_STREAM(2, 8)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE on a stream of the server', [WINDOW_UPDATE(2, 100)], PROTOCOL_ERROR],
    ['PRIORITY, which is let pass', [PRIORITY_FRAME(1)], ['fine']],
    ['PRIORITY behind which the stream opens', [PRIORITY_FRAME(1), HEADERS(1, END, ...GET)], ['fine']],
  ];
  it.each(idle)('idle: anything but HEADERS and PRIORITY ends the connection: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const open: Rows = [
    ['WINDOW_UPDATE', [HEADERS(1, 0, ...NEVER), WINDOW_UPDATE(1, 100)], ['fine']],
    ['PRIORITY', [HEADERS(1, 0, ...NEVER), PRIORITY_FRAME(1)], ['fine']],
    ['RST_STREAM', [HEADERS(1, 0, ...NEVER), RST_STREAM(1, 8)], ['fine']],
    ['DATA', [HEADERS(1, 0, ...POST), DATA(1, 0, 'a'), DATA(1, END, 'b')], ['fine']],
    ['trailers', [HEADERS(1, 0, ...POST), DATA(1, 0, 'a'), HEADERS(1, END, 'b', 'c')], ['fine']],
    ['CONTINUATION', [HEADERS(1, 0, ...POST), GO_ON(1)], PROTOCOL_ERROR],
  ];
  it.each(open)('open: any frame may come, CONTINUATION where it belongs: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const ended: Rows = [
    ['DATA', [HEADERS(1, END, ...NEVER), DATA(1, END, 'a')], ['reset', 1, 'STREAM_CLOSED']],
    ['empty DATA', [HEADERS(1, END, ...NEVER), DATA(1, 0)], ['reset', 1, 'STREAM_CLOSED']],
    ['HEADERS', [HEADERS(1, END, ...NEVER), HEADERS(1, END, 'a', 'b')], ['reset', 1, 'STREAM_CLOSED']],
    ['a head again', [HEADERS(1, END, ...NEVER), HEADERS(1, END, ...NEVER)], ['reset', 1, 'STREAM_CLOSED']],
    ['CONTINUATION', [HEADERS(1, END, ...NEVER), GO_ON(1)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE', [HEADERS(1, END, ...NEVER), WINDOW_UPDATE(1, 100)], ['fine']],
    ['PRIORITY', [HEADERS(1, END, ...NEVER), PRIORITY_FRAME(1)], ['fine']],
    ['RST_STREAM', [HEADERS(1, END, ...NEVER), RST_STREAM(1, 8)], ['fine']],
  ];
  it.each(ended)('half closed (remote): only WINDOW_UPDATE, PRIORITY and RST_STREAM may come: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const DEAD = ['goaway', 'STREAM_CLOSED'] as const;
  const over: Rows = [
    ['DATA', [HEADERS(1, END, ...GET), DATA(1, END, 'a')], DEAD],
    ['HEADERS', [HEADERS(1, END, ...GET), HEADERS(1, END, 'a', 'b')], DEAD],
    ['a head again', [HEADERS(1, END, ...GET), HEADERS(1, END, ...GET)], DEAD],
    ['CONTINUATION', [HEADERS(1, END, ...GET), GO_ON(1)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE', [HEADERS(1, END, ...GET), WINDOW_UPDATE(1, 100)], ['fine']],
    ['RST_STREAM', [HEADERS(1, END, ...GET), RST_STREAM(1, 8)], ['fine']],
    ['PRIORITY', [HEADERS(1, END, ...GET), PRIORITY_FRAME(1)], ['fine']],
  ];
  it.each(over)('closed by END_STREAM of both sides: nothing that ends or fills it may come: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const LATE = ['reset', 1, 'STREAM_CLOSED'] as const;
  const cancelled = (head: Uint8Array): readonly Uint8Array[] => [head, RST_STREAM(1, 8)];
  const reset: Rows = [
    ['DATA', [...cancelled(HEADERS(1, 0, ...NEVER)), DATA(1, END, 'a')], LATE],
    ['HEADERS', [...cancelled(HEADERS(1, 0, ...NEVER)), HEADERS(1, END, 'a', 'b')], LATE],
    ['CONTINUATION', [...cancelled(HEADERS(1, 0, ...NEVER)), GO_ON(1)], PROTOCOL_ERROR],
    ['RST_STREAM again', [...cancelled(HEADERS(1, 0, ...NEVER)), RST_STREAM(1, 8)], ['fine']],
    ['PRIORITY', [...cancelled(HEADERS(1, 0, ...NEVER)), PRIORITY_FRAME(1)], ['fine']],
    ['DATA, where the answer had gone', [...cancelled(HEADERS(1, 0, ...POST)), DATA(1, END, 'a')], LATE],
    ['HEADERS, where it had', [...cancelled(HEADERS(1, 0, ...POST)), HEADERS(1, END, 'a', 'b')], LATE],
  ];
  it.each(reset)('closed by RST_STREAM of the client: it sends nothing more: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('closed by RST_STREAM of the server: what was on its way is dropped, and blocks are still decoded', async () => {
    const { port } = await scene({ http2: { settings: { maxConcurrentStreams: 1 } } });
    const peer = await greetedClient(port);
    const indexed = frame(FrameType.HEADERS, END | END_HEADERS, 7, [0x82, 0x86, 0x84, 0xbe]);
    peer.send(HEADERS(1, END, ...NEVER), HEADERS(3, 0, ...POST));
    await peer.reset(3, 'REFUSED_STREAM');
    const enters = frame(FrameType.HEADERS, END_HEADERS, 3, [0x41, 1], 'b'); // :authority: b, into the table
    peer.send(DATA(3, 0, 'late'), enters, WINDOW_UPDATE(3, 1), RST_STREAM(3, 8), RST_STREAM(1, 8), indexed);
    expect((await peer.message(7)).fields[':status']).toBe('200');
    expect(peer.heard.filter(({ type }) => type === FrameType.RST_STREAM)).toHaveLength(1);
  });

  it('closed by RST_STREAM of the server: DATA still counts for the window of the connection', async () => {
    const { port } = await scene({ http2: { settings: { maxConcurrentStreams: 1 }, connectionWindow: 65_535 } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...NEVER), HEADERS(3, 0, ...POST));
    await peer.reset(3, 'REFUSED_STREAM');
    const piece = 'x'.repeat(16_384);
    peer.send(DATA(3, 0, piece), DATA(3, 0, piece));
    const given = await peer.frame(FrameType.WINDOW_UPDATE, 0);
    expect(given).toMatchObject({ increment: 2 * 16_384 });
  });
});

describe('RFC 9113 §5.1.1, stream identifiers', () => {
  const rows: Rows = [
    ['an even one', [HEADERS(2, END, ...GET)], PROTOCOL_ERROR],
    ['one below the last', [HEADERS(5, END, ...GET), HEADERS(3, END, ...GET)], PROTOCOL_ERROR],
    ['0', [HEADERS(0, END, ...GET)], PROTOCOL_ERROR],
    ['one above others that were never used', [HEADERS(1, END, ...GET), HEADERS(7, END, ...GET)], ['fine']],
  ];
  it.each(rows)('a client opens streams of odd and rising numbers: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it.each([
    ['DATA', DATA(3, END, 'a')],
    ['RST_STREAM', RST_STREAM(3, 8)],
    ['WINDOW_UPDATE', WINDOW_UPDATE(3, 1)],
  ] as const)('a stream below the last one is no longer idle, but closed: %s', (_, sent) =>
    serverMeets([HEADERS(5, END, ...GET), sent], ['goaway', 'STREAM_CLOSED']),
  );

  it('what was passed over stays closed, whatever came late on other streams meanwhile', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...NEVER), HEADERS(9, END, ...GET), RST_STREAM(1, 8), DATA(1, 0, 'late'));
    await peer.reset(1, 'STREAM_CLOSED');
    await goesOn(peer, 11);
    peer.send(HEADERS(5, END, ...GET));
    await peer.goaway('PROTOCOL_ERROR');
  });
});

describe('RFC 9113 §5.1.2, concurrency', () => {
  it('a stream above what the server has announced is refused, and the others go on', async () => {
    const { port, requests } = await scene({ http2: { settings: { maxConcurrentStreams: 3 } } });
    const peer = await greetedClient(port);
    for (const streamId of [1, 3, 5]) peer.send(HEADERS(streamId, END, ...NEVER));
    peer.send(HEADERS(7, END, ...GET));
    await peer.reset(7, 'REFUSED_STREAM');
    expect(requests).toHaveLength(3);
    peer.send(RST_STREAM(3, 8));
    await goesOn(peer, 9);
  });

  it('half closed streams count, and so does one whose answer waits for a window', async () => {
    const { port } = await scene({ http2: { settings: { maxConcurrentStreams: 2 } } });
    const peer = await greetedClient(port, [4, 0]);
    peer.send(HEADERS(1, END, ...GET), HEADERS(3, END, ...GET), HEADERS(5, END, ...GET));
    await peer.reset(5, 'REFUSED_STREAM');
    peer.send(WINDOW_UPDATE(1, 100));
    expect((await peer.message(1)).body).toBe('fine');
    peer.send(WINDOW_UPDATE(3, 100));
    expect((await peer.message(3)).body).toBe('fine');
  });

  it('the limit is 100 by default', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [4, 0]);
    peer.send(...Array.from({ length: 101 }, (_, i) => HEADERS(2 * i + 1, END, ...GET)));
    await peer.reset(201, 'REFUSED_STREAM');
    const [settings] = peer.heard;
    expect(settings).toMatchObject({ entries: expect.arrayContaining([{ id: 3, value: 100 }]) as unknown });
  });
});

describe('RFC 9113 §5.3, priorities of RFC 7540', () => {
  const dependent = (streamId: number, on: number): Uint8Array =>
    frame(FrameType.HEADERS, END | END_HEADERS | 0x20, streamId, uint32(on), 15, block(...GET));
  const rows: Rows = [
    ['HEADERS', [dependent(1, 1)], ['reset', 1, 'PROTOCOL_ERROR']],
    ['PRIORITY', [HEADERS(1, END, ...NEVER), PRIORITY_FRAME(1, 1)], ['reset', 1, 'PROTOCOL_ERROR']],
    ['PRIORITY on another one is fine', [HEADERS(1, END, ...NEVER), PRIORITY_FRAME(1, 3)], ['fine']],
  ];
  it.each(rows)('§5.3.1: a stream that depends on itself is reset: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('a server says that it does not look at them', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    expect(peer.heard[0]).toMatchObject({ entries: expect.arrayContaining([{ id: 9, value: 1 }]) as unknown });
  });
});

describe('RFC 9113 §5.4, errors', () => {
  it('§5.4.1: a connection error is told by GOAWAY with the last stream taken, and the connection closes', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET), HEADERS(5, END, ...NEVER), frame(PING, 0, 0, 'short'));
    const { lastStreamId } = await peer.goaway('FRAME_SIZE_ERROR');
    expect(lastStreamId).toBe(5);
  });

  it('§5.4.1: what comes behind it is dropped', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    peer.send(frame(PING, 0, 0, 'short'), HEADERS(1, END, ...GET), frame(PING, 0, 0, 'short'));
    await peer.goaway('FRAME_SIZE_ERROR');
    expect(requests).toHaveLength(0);
    expect(peer.heard.filter(({ type }) => type === FrameType.GOAWAY)).toHaveLength(1);
  });

  it('§5.4.2: RST_STREAM is not answered by RST_STREAM', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...NEVER), RST_STREAM(1, 8), RST_STREAM(1, 8));
    expect((await peer.barrier()).filter(({ type }) => type === FrameType.RST_STREAM)).toEqual([]);
  });

  it('§5.4.2: behind a stream error frames of that stream are dropped, and others are served', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, 'upper', 'x'), DATA(1, 0, 'late'), HEADERS(1, END, 'a', 'b'), HEADERS(3, END, ...GET));
    await peer.reset(1, 'PROTOCOL_ERROR');
    expect((await peer.message(3)).body).toBe('fine');
    expect(peer.heard.filter(({ type }) => type === FrameType.RST_STREAM)).toHaveLength(1);
  });

  it('§5.4.3: an end of the connection without GOAWAY ends every stream', async () => {
    const server = await scene();
    const peer = await greetedClient(server.port);
    peer.send(HEADERS(1, 0, ...NEVER));
    await peer.barrier();
    const [request] = server.requests;
    const cancelled = new Promise<void>((resolve) => void request?.cancelled$.subscribe(resolve));
    peer.socket.destroy();
    await cancelled;
  });
});

describe('RFC 9113 §5.5, extensions', () => {
  const inside = frame(FrameType.HEADERS, END, 1, block(...GET.slice(0, 4)));
  const rows: Rows = [
    ['on the connection', [UNKNOWN(0)], ['fine']],
    ['on an idle stream', [UNKNOWN(1)], ['fine']],
    ['on a stream', [HEADERS(1, 0, ...NEVER), UNKNOWN(1)], ['fine']],
    ['on a closed stream', [HEADERS(1, END, ...GET), UNKNOWN(1)], ['fine']],
    ['ALTSVC', [UNKNOWN(0, 0xa)], ['fine']],
    ['ORIGIN', [UNKNOWN(0, 0xc)], ['fine']],
    ['inside a header block, where none may be', [inside, UNKNOWN(1), GO_ON(1)], PROTOCOL_ERROR],
    ['of the connection inside a header block', [inside, UNKNOWN(0), GO_ON(1)], PROTOCOL_ERROR],
  ];
  it.each(rows)('a frame of an unknown type is ignored: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('a push or an update of priorities from the wrong side ends the connection', async () => {
    await serverMeets([frame(PUSH_PROMISE, END_HEADERS, 1, uint32(2), block(...GET))], PROTOCOL_ERROR);
    await serverMeets([frame(PRIORITY_UPDATE, 0, 1, uint32(1), 'u=1')], PROTOCOL_ERROR);
  });
});
