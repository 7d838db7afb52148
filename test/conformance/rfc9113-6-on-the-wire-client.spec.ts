import { firstValueFrom, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { DataFrame } from '../../operators/http2/frames/data-frame.js';
import type { SettingsFrame } from '../../operators/http2/frames/settings-frame.js';
import {
  ACK,
  block,
  DATA,
  END,
  END_HEADERS,
  frame,
  GET,
  GOAWAY,
  HEADERS,
  type Http2Peer,
  PADDED,
  PING,
  PRIORITY,
  rawHttp2Server,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ACK,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { clientMeets, DONE, greet, saying } from './http2-client-scene.js';
import { COMPRESSION_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, type Rows } from './http2-scene.js';
import { ourClient, outcome } from './raw-peer.js';

const MOST = 2 ** 31 - 1;
const OK = HEADERS(1, 0, ':status', '200');
const BEGUN = frame(FrameType.HEADERS, END, 1, 0x88);
const CONTINUATION = (streamId: number, flags: number, fragment = block('a', 'b')): Uint8Array =>
  frame(FrameType.CONTINUATION, flags, streamId, fragment);
const upload = { request: { method: 'POST', body: NEVER } } as const;

describe('RFC 9113 §6.1 to §6.4 and §6.10, frames of streams, to a client', () => {
  const rows: Rows = [
    ['DATA on stream 0', [DATA(0, END, 'a')], PROTOCOL_ERROR],
    ['DATA with too much padding', [OK, DATA(1, PADDED, [2, 0])], PROTOCOL_ERROR],
    ['DATA that is padded', [OK, DATA(1, PADDED | END, [2, 0x61, 0, 0])], ['fine']],
    ['DATA over 2^14 bytes', [OK, DATA(1, END, 'x'.repeat(16_385))], FRAME_SIZE_ERROR],
    ['HEADERS on stream 0', [HEADERS(0, END, ':status', '200')], PROTOCOL_ERROR],
    ['HEADERS with too much padding', [frame(1, END | END_HEADERS | PADDED, 1, [9, 0x88])], PROTOCOL_ERROR],
    ['HEADERS without room for their priority', [frame(1, END_HEADERS | PRIORITY, 1, [0, 0])], FRAME_SIZE_ERROR],
    ['HEADERS in pieces', [BEGUN, CONTINUATION(1, 0), CONTINUATION(1, END_HEADERS)], ['fine']],
    ['CONTINUATION of another stream', [BEGUN, CONTINUATION(3, END_HEADERS)], PROTOCOL_ERROR],
    ['CONTINUATION after nothing', [OK, CONTINUATION(1, END_HEADERS)], PROTOCOL_ERROR],
    ['CONTINUATION on stream 0', [BEGUN, CONTINUATION(0, END_HEADERS)], PROTOCOL_ERROR],
    ['PING inside a header block', [BEGUN, PING()], PROTOCOL_ERROR],
    ['PRIORITY on stream 0', [frame(FrameType.PRIORITY, 0, 0, uint32(0), 1)], PROTOCOL_ERROR],
    ['PRIORITY too short', [OK, frame(FrameType.PRIORITY, 0, 1, uint32(0))], ['reset', 1, 'FRAME_SIZE_ERROR']],
    ['RST_STREAM on stream 0', [RST_STREAM(0, 8)], PROTOCOL_ERROR],
    ['RST_STREAM too short', [frame(FrameType.RST_STREAM, 0, 1, [0])], FRAME_SIZE_ERROR],
    ['a block that does not decode', [frame(1, END | END_HEADERS, 1, [0x88, 0x80])], COMPRESSION_ERROR],
    ['a table larger than allowed', [frame(1, END | END_HEADERS, 1, [0x3f, 0xe2, 0x1f, 0x88])], COMPRESSION_ERROR],
  ];
  it.each(rows)('what a server may not send ends the connection, or the stream: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  it('§6.4: RST_STREAM fails the request with its code; one that is unknown counts as INTERNAL_ERROR', async () => {
    expect((await clientMeets([RST_STREAM(1, 0xd)], ['fine'])).code).toBe('HTTP_1_1_REQUIRED');
    expect((await clientMeets([OK, RST_STREAM(1, 8)], ['fine'])).code).toBe('CANCEL');
    expect((await clientMeets([RST_STREAM(1, 0xdead)], ['fine'])).code).toBe('INTERNAL_ERROR');
  });

  it('§6.4: a client that goes away from a request resets its stream with CANCEL, and that alone', async () => {
    const server = await saying([OK]);
    const client = ourClient();
    const response = await firstValueFrom(client.request({ url: server.url, version: '2' }));
    response.body.subscribe().unsubscribe();
    await server.peers[0]?.reset(1, 'CANCEL');
    expect((await outcome({ url: server.url, version: '2' }, client)).response?.status).toBe(204);
    expect(server.peers).toHaveLength(1);
  });
});

describe('RFC 9113 §6.5, SETTINGS, to a client', () => {
  const setting = (id: number, value: number): readonly Uint8Array[] => [SETTINGS([id, value]), DONE(1)];
  const rows: Rows = [
    ['on a stream', [frame(FrameType.SETTINGS, 0, 1)], PROTOCOL_ERROR],
    ['an acknowledgement with a payload', [frame(FrameType.SETTINGS, ACK, 0, [0, 3], uint32(1))], FRAME_SIZE_ERROR],
    ['a length that is no multiple of 6', [frame(FrameType.SETTINGS, 0, 0, [0, 3])], FRAME_SIZE_ERROR],
    ['an acknowledgement of nothing', [SETTINGS_ACK], PROTOCOL_ERROR],
    ['ENABLE_PUSH of 1', setting(2, 1), PROTOCOL_ERROR],
    ['ENABLE_PUSH of 2', setting(2, 2), PROTOCOL_ERROR],
    ['ENABLE_PUSH of 0', setting(2, 0), ['fine']],
    ['INITIAL_WINDOW_SIZE of 2^31', setting(4, 2 ** 31), FLOW_CONTROL_ERROR],
    ['MAX_FRAME_SIZE of 16 383', setting(5, 16_383), PROTOCOL_ERROR],
    ['MAX_FRAME_SIZE of 2^24', setting(5, 2 ** 24), PROTOCOL_ERROR],
    ['ENABLE_CONNECT_PROTOCOL of 2', setting(8, 2), PROTOCOL_ERROR],
    ['an unknown setting', setting(0xff, 1), ['fine']],
  ];
  it.each(rows)('what is in them is checked: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  it('§6.5.2: a client that wants no pushes says so, and that it takes no streams', async () => {
    const server = await saying([DONE(1)]);
    await outcome({ url: server.url, version: '2' });
    const first = server.peers[0]?.heard[0] as SettingsFrame;
    expect(first.entries).toEqual(expect.arrayContaining([{ id: 2, value: 0 }]));
  });

  it('§6.5.3: MAX_FRAME_SIZE of the server is kept to', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer, [4, 100_000], [5, 20_000]);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(DONE(1));
      await peer.frame(FrameType.HEADERS, 3);
      peer.send(WINDOW_UPDATE(0, 100_000));
      expect(await peer.message(3)).toMatchObject({ body: 'x'.repeat(50_000) });
      peer.send(DONE(3));
    });
    const client = ourClient();
    await outcome({ url: server.url, version: '2' }, client); // the settings are known behind it
    const config = { url: server.url, version: '2', method: 'POST', body: 'x'.repeat(50_000) } as const;
    expect((await outcome(config, client)).response?.status).toBe(204);
    const pieces = server.peers[0]?.heard.filter((each): each is DataFrame => each.type === FrameType.DATA);
    expect(Math.max(...(pieces ?? []).map(({ data }) => data.length))).toBe(20_000);
  });

  it('§6.5.2: a client that offers larger frames takes them', async () => {
    const sent = [OK, DATA(1, END, 'x'.repeat(40_000))];
    const offers = { client: { http2: { settings: { maxFrameSize: 40_000 } } } };
    expect((await clientMeets(sent, ['fine'], offers)).body).toHaveLength(40_000);
  });

  it('§6.5.2: MAX_HEADER_LIST_SIZE of the server is kept to', async () => {
    const server = await saying([DONE(1)], [[6, 500]]);
    const client = ourClient();
    await outcome({ url: server.url, version: '2' }, client);
    const { code } = await outcome({ url: server.url, version: '2', headers: { a: 'x'.repeat(500) } }, client);
    expect(code).toBe('HEADER_LIST_TOO_LARGE');
    expect((await outcome({ url: server.url, version: '2' }, client)).response?.status).toBe(204);
  });
});

describe('RFC 9113 §6.7 and §6.8, PING and GOAWAY, to a client', () => {
  const rows: Rows = [
    ['PING on a stream', [frame(FrameType.PING, 0, 1, 'opaque_8')], PROTOCOL_ERROR],
    ['PING too short', [frame(FrameType.PING, 0, 0, 'opaque')], FRAME_SIZE_ERROR],
    ['an answer to no PING', [PING('opaque_8', ACK), DONE(1)], ['fine']],
    ['GOAWAY on a stream', [frame(FrameType.GOAWAY, 0, 1, uint32(0), uint32(0))], PROTOCOL_ERROR],
    ['GOAWAY too short', [frame(FrameType.GOAWAY, 0, 0, uint32(0))], FRAME_SIZE_ERROR],
    ['GOAWAY that goes up', [GOAWAY(1), GOAWAY(3)], PROTOCOL_ERROR],
  ];
  it.each(rows)('what a server may not send ends the connection: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  it('§6.7: a client answers PING with its own bytes', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      await peer.barrier();
      peer.send(DONE(1));
    });
    expect((await outcome({ url: server.url, version: '2' })).response?.status).toBe(204);
  });

  it('§6.8: a request that the server has taken is finished, and the next goes to a new connection', async () => {
    const server = await rawHttp2Server(async (peer, index) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      if (index === 0) peer.send(GOAWAY(1), PING());
      if (index === 0) await peer.frame(FrameType.PING);
      peer.send(HEADERS(1, 0, ':status', '200'), DATA(1, END, String(index)));
    });
    const client = ourClient();
    const bodies = [];
    for (let i = 0; i < 2; i++) bodies.push((await outcome({ url: server.url, version: '2' }, client)).body);
    expect(bodies).toEqual(['0', '1']);
    await server.peers[0]?.until('the end', () => server.peers[0]?.closed === true);
  });

  it.each([
    ['GET', undefined],
    ['POST', 'a body that can be sent again'],
  ])('§6.8: one that the server has not looked at is sent again elsewhere: %s', async (method, body) => {
    const server = await rawHttp2Server(async (peer, index) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(index === 0 ? GOAWAY(0) : DONE(1));
    });
    expect((await outcome({ url: server.url, version: '2', method, body })).response?.status).toBe(204);
    expect(server.peers).toHaveLength(2);
  });

  it('§6.8: of several, those above the last stream are sent again and the others go on', async () => {
    const server = await rawHttp2Server(async (peer, index) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      if (index > 0) return void peer.send(HEADERS(1, 0, ':status', '200'), DATA(1, END, 'again'));
      await peer.frame(FrameType.HEADERS, 3);
      peer.send(GOAWAY(1), HEADERS(1, 0, ':status', '200'), DATA(1, END, 'first'));
    });
    const client = ourClient();
    const both = [1, 2].map(() => outcome({ url: server.url, version: '2' }, client));
    expect((await Promise.all(both)).map(({ body }) => body)).toEqual(['first', 'again']);
  });

  it('§6.8: a GOAWAY with an error fails what was processed when the connection ends', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(OK, GOAWAY(1, 2));
      peer.socket.end();
    });
    expect((await outcome({ url: server.url, version: '2' })).code).toBe('CONNECTION_CLOSED');
  });
});

describe('RFC 9113 §6.9, WINDOW_UPDATE and flow control, to and of a client', () => {
  const rows: Rows = [
    ['by 0 on the connection', [WINDOW_UPDATE(0, 0)], PROTOCOL_ERROR],
    ['by 0 on a stream', [WINDOW_UPDATE(1, 0)], ['reset', 1, 'PROTOCOL_ERROR']],
    ['too long', [frame(FrameType.WINDOW_UPDATE, 0, 0, [0, 0, 0, 1, 0])], FRAME_SIZE_ERROR],
    ['over 2^31 - 1 on the connection', [WINDOW_UPDATE(0, MOST)], FLOW_CONTROL_ERROR],
    ['over 2^31 - 1 on a stream', [WINDOW_UPDATE(1, MOST)], ['reset', 1, 'FLOW_CONTROL_ERROR']],
    ['SETTINGS that make one too large', [WINDOW_UPDATE(1, MOST - 65_535), SETTINGS([4, 65_536])], FLOW_CONTROL_ERROR],
  ];
  it.each(rows)('windows are counted: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict, upload);
  });

  /** DATA heard on stream 3, in bytes. */
  const heard = (peer: Http2Peer): number[] =>
    peer.heard.flatMap((each) => (each.type === FrameType.DATA && each.streamId === 3 ? [each.data.length] : []));

  it('§6.9.1 and §6.9.2: a client sends no more than the window of a stream, below 0 and back', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer, [4, 3]);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(DONE(1)); // the client knows the window from here on
      await peer.frame(FrameType.DATA, 3);
      expect(await peer.barrier()).toEqual([]);
      peer.send(SETTINGS([4, 1]), WINDOW_UPDATE(3, 2));
      expect((await peer.barrier()).filter(({ type }) => type === FrameType.DATA)).toEqual([]);
      peer.send(WINDOW_UPDATE(3, 1));
      expect((await peer.message(3)).body).toBe('body');
      expect(heard(peer)).toEqual([3, 1]);
      peer.send(DONE(3));
    });
    const client = ourClient();
    await outcome({ url: server.url, version: '2' }, client);
    const { response } = await outcome({ url: server.url, version: '2', method: 'POST', body: 'body' }, client);
    expect(response?.status).toBe(204);
  });

  it('§6.9.1: nor more than the window of the connection', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer, [4, 1_000_000]);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(DONE(1));
      await peer.until('65 535 bytes', () => heard(peer).reduce((sum, length) => sum + length, 0) === 65_535);
      expect(await peer.barrier()).toEqual([]);
      peer.send(WINDOW_UPDATE(0, 100_000));
      expect((await peer.message(3)).body).toHaveLength(100_000);
      peer.send(DONE(3));
    });
    const client = ourClient();
    await outcome({ url: server.url, version: '2' }, client);
    const config = { url: server.url, version: '2', method: 'POST', body: 'x'.repeat(100_000) } as const;
    expect((await outcome(config, client)).response?.status).toBe(204);
  });

  it('§6.9.1: a server that passes the window of a stream has it reset', async () => {
    const sent = [OK, DATA(1, 0, 'x'.repeat(10)), DATA(1, 0, 'x')];
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      await peer.barrier(); // our acknowledgement is there
      peer.send(...sent);
      await peer.reset(1, 'FLOW_CONTROL_ERROR');
    });
    const client = ourClient({ http2: { settings: { initialWindowSize: 10 } } });
    const response = await firstValueFrom(client.request({ url: server.url, version: '2' }));
    await new Promise<void>((resolve) => setImmediate(resolve));
    await expect(firstValueFrom(response.body.pipe(text()))).rejects.toMatchObject({ code: 'FLOW_CONTROL_ERROR' });
  });

  it('§6.9: credit is given back as the body is read, and not before', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      await peer.barrier();
      peer.send(OK, DATA(1, 0, 'x'.repeat(1000)));
      const meanwhile = await peer.barrier();
      expect(meanwhile.filter(({ type }) => type === FrameType.WINDOW_UPDATE)).toEqual([]);
      peer.send(GO);
      expect(await peer.frame(FrameType.WINDOW_UPDATE, 1)).toMatchObject({ increment: 1000 });
      peer.send(DATA(1, END, 'y'));
    });
    const client = ourClient({ http2: { settings: { initialWindowSize: 1000 } } });
    const response = await firstValueFrom(client.request({ url: server.url, version: '2' }));
    const peer = server.peers[0] as Http2Peer;
    await peer.until('two answers', () => peer.heard.filter(({ type }) => type === FrameType.PING).length === 2);
    expect(await firstValueFrom(response.body.pipe(text()))).toHaveLength(1001);
  });
});

/** Something of no consequence. */
const GO = frame(0xfa, 0, 0);

describe('RFC 9113 §6.6, PUSH_PROMISE, to a client that did not ask for it', () => {
  it('ends the connection', async () => {
    const promise = frame(FrameType.PUSH_PROMISE, END_HEADERS, 1, uint32(2), block(...GET));
    expect((await clientMeets([promise], PROTOCOL_ERROR)).code).toBe('PROTOCOL_ERROR');
  });
});
