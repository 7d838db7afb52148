import { firstValueFrom, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import { text } from '../../operators/body/text.js';
import {
  block,
  DATA,
  END,
  END_HEADERS,
  frame,
  HEADERS,
  PING,
  rawHttp2Server,
  RST_STREAM,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { clientMeets, DONE, greet } from './http2-client-scene.js';
import { PROTOCOL_ERROR, type Rows } from './http2-scene.js';
import { ourClient, outcome } from './raw-peer.js';

const OK = HEADERS(1, 0, ':status', '200');
const GO_ON = (streamId: number): Uint8Array => frame(FrameType.CONTINUATION, END_HEADERS, streamId, block('a', 'b'));
const PRIORITY = (streamId: number): Uint8Array => frame(FrameType.PRIORITY, 0, streamId, uint32(0), 1);

describe('RFC 9113 §5.1, what a client takes in which state of a stream', () => {
  const idle: Rows = [
    ['DATA', [DATA(3, END, 'a')], PROTOCOL_ERROR],
    ['HEADERS', [HEADERS(3, END, ':status', '200')], PROTOCOL_ERROR],
    ['RST_STREAM', [RST_STREAM(3, 8)], PROTOCOL_ERROR],
    ['WINDOW_UPDATE', [WINDOW_UPDATE(3, 1)], PROTOCOL_ERROR],
    ['CONTINUATION', [GO_ON(3)], PROTOCOL_ERROR],
    ['HEADERS on a stream that was not promised', [HEADERS(2, END, ':status', '200')], PROTOCOL_ERROR],
    ['DATA on a stream that was not promised', [DATA(2, END, 'a')], PROTOCOL_ERROR],
    ['RST_STREAM on a stream that was not promised', [RST_STREAM(2, 8)], PROTOCOL_ERROR],
    ['PRIORITY, which is let pass', [PRIORITY(3), DONE(1)], ['fine']],
  ];
  it.each(idle)('idle: a server opens no stream: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  const DEAD = ['goaway', 'STREAM_CLOSED'] as const;
  const over: Rows = [
    ['DATA', [DONE(1), DATA(1, END, 'a')], DEAD],
    ['HEADERS', [DONE(1), HEADERS(1, END, ':status', '200')], DEAD],
    ['WINDOW_UPDATE', [DONE(1), WINDOW_UPDATE(1, 1)], ['fine']],
    ['RST_STREAM', [DONE(1), RST_STREAM(1, 0)], ['fine']],
    ['PRIORITY', [DONE(1), PRIORITY(1)], ['fine']],
  ];
  it.each(over)('closed by END_STREAM of both sides: nothing more is taken: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  const LATE = ['reset', 1, 'STREAM_CLOSED'] as const;
  const reset: Rows = [
    ['DATA', [OK, RST_STREAM(1, 2), DATA(1, END, 'a')], LATE],
    ['HEADERS', [OK, RST_STREAM(1, 2), HEADERS(1, END, 'a', 'b')], LATE],
    ['RST_STREAM again', [OK, RST_STREAM(1, 2), RST_STREAM(1, 2)], ['fine']],
    ['PRIORITY', [OK, RST_STREAM(1, 2), PRIORITY(1)], ['fine']],
  ];
  it.each(reset)('closed by RST_STREAM of the server: it sends nothing more: %s', async (_, sent, verdict) => {
    expect(await clientMeets(sent, verdict)).toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it('half closed (remote): a response that is over may be followed by WINDOW_UPDATE for the request', async () => {
    const answer = [HEADERS(1, END, ':status', '200'), WINDOW_UPDATE(1, 1), DATA(1, END, 'a')];
    await clientMeets(answer.slice(0, 2), ['fine'], { request: { method: 'POST', body: NEVER } });
  });

  it('closed by RST_STREAM of the client: what was on its way is dropped, and blocks are still decoded', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.reset(1, 'CANCEL');
      const enters = frame(FrameType.HEADERS, END_HEADERS, 1, 0x88, [0x40, 1], 'k', 1, 'v');
      peer.send(enters, DATA(1, END, 'late'), WINDOW_UPDATE(1, 1), RST_STREAM(1, 0));
      await peer.frame(FrameType.HEADERS, 3);
      peer.send(frame(FrameType.HEADERS, END | END_HEADERS, 3, [0x88, 0xbe]));
    });
    const client = ourClient();
    const cancelled = client.request({ url: server.url, version: '2' }).subscribe();
    while (!server.peers[0]?.heard.some(({ type }) => type === FrameType.HEADERS)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    cancelled.unsubscribe();
    const { response } = await outcome({ url: server.url, version: '2' }, client);
    expect(response?.fields.get('k')).toBe('v');
  });
});

describe('RFC 9113 §5.1.1 and §5.1.2, identifiers and concurrency', () => {
  it('a client opens odd streams, one above the other', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      for (;;) peer.send(DONE((await peer.frame(FrameType.HEADERS)).streamId));
    });
    const client = ourClient();
    for (let i = 0; i < 3; i++) await outcome({ url: server.url, version: '2' }, client);
    const ids = server.peers[0]?.heard.filter(({ type }) => type === FrameType.HEADERS).map((each) => each.streamId);
    expect(ids).toEqual([1, 3, 5]);
  });

  it('a client has no more streams open than the server allows, and the others wait', async () => {
    let most = 0;
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer, [3, 2]);
      let answered = 0;
      while (answered < 6) {
        await peer.barrier();
        const asked = peer.heard.filter(({ type }) => type === FrameType.HEADERS);
        most = Math.max(most, asked.length - answered);
        for (const { streamId } of asked.slice(answered)) {
          answered++;
          peer.send(DONE(streamId));
        }
      }
    });
    const client = ourClient();
    const url = { url: server.url, version: '2' } as const;
    const peerKnown = outcome(url, client); // the limit is known from here on
    await peerKnown;
    const all = await Promise.all(Array.from({ length: 5 }, () => outcome(url, client)));
    expect(all.map(({ response }) => response?.status)).toEqual([204, 204, 204, 204, 204]);
    expect(most).toBe(2);
    expect(server.peers).toHaveLength(1);
  });
});

describe('RFC 9113 §5.4 and §5.5, errors and extensions', () => {
  it('§5.4.1: a connection error of the server fails every request, and is told by GOAWAY', async () => {
    const { code } = await clientMeets([frame(FrameType.PING, 0, 0, 'short')], ['goaway', 'FRAME_SIZE_ERROR']);
    expect(code).toBe('FRAME_SIZE_ERROR');
  });

  it('§5.4.2: a stream error fails its request alone', async () => {
    const { code } = await clientMeets([HEADERS(1, END, 'status', '200')], ['reset', 1, 'PROTOCOL_ERROR']);
    expect(code).toBe('PROTOCOL_ERROR');
  });

  it('§5.4.3: an end of the connection without GOAWAY fails every request', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      peer.socket.end();
    });
    const config = { url: server.url, version: '2', method: 'POST', body: 'x' } as const;
    expect((await outcome(config)).code).toBe('CONNECTION_CLOSED');
  });

  it.each([
    ['on the connection', 0, 0xfa],
    ['on its stream', 1, 0xfa],
    ['on an idle stream', 7, 0xfa],
    ['ALTSVC', 0, 0xa],
    ['ORIGIN', 0, 0xc],
  ])('§5.5: a frame of an unknown type is ignored: %s', async (_, streamId, type) => {
    await clientMeets([frame(type, 0xff, streamId, 'x'), DONE(1)], ['fine']);
  });

  it('§5.5: but not inside a header block', async () => {
    const begun = frame(FrameType.HEADERS, END, 1, 0x88);
    await clientMeets([begun, frame(0xfa, 0, 1), GO_ON(1)], PROTOCOL_ERROR);
  });

  it('a PING in the middle of a body, and SETTINGS, change nothing for it', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(OK, DATA(1, 0, 'a'), PING(), SETTINGS([4, 100]), DATA(1, END, 'b'));
    });
    const response = ourClient().request({ url: server.url, version: '2' });
    expect(await firstValueFrom(response.pipe(text()))).toBe('ab');
  });
});
