/** permessage-deflate: RFC 7692 §5, §6, §7. */
import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deflateMessages } from '../../operators/websocket/deflate-messages.js';
import { type WebSocketFrame, webSocketFrame } from '../../operators/websocket/frame.js';
import { inflateMessages } from '../../operators/websocket/inflate-messages.js';
import { acceptDeflate, readDeflateAnswer } from '../../operators/websocket/permessage-deflate.js';
import { formatWebSocketExtension, parseWebSocketExtensions } from '../../operators/websocket/websocket-extensions.js';
import { parameters } from '../operators/websocket/deflate.js';
import { describeFrame, hex, text, transcribe, wire } from '../operators/websocket/frames.js';

const KEEP = { serverNoContextTakeover: false, clientNoContextTakeover: false };
const accept = (offer: string): string | undefined => {
  const accepted = acceptDeflate(parseWebSocketExtensions(offer) ?? [], KEEP);
  return accepted && formatWebSocketExtension(accepted.extension);
};
const packed = (payload: string, fin = true): WebSocketFrame => webSocketFrame(1, hex(payload), fin, true);
const inflate = (frames: WebSocketFrame[], keep = true): Promise<WebSocketFrame[]> =>
  lastValueFrom(from(frames).pipe(inflateMessages(parameters(keep)), toArray()));

describe('RFC 7692 §5, §7.1: negotiation', () => {
  it('an offer with an unknown, repeated or invalid parameter is declined', () => {
    for (const param of [
      'x',
      'server_max_window_bits=7',
      'server_max_window_bits=16',
      'server_no_context_takeover=1',
    ]) {
      expect(accept(`permessage-deflate; ${param}`)).toBeUndefined();
    }
    expect(accept('permessage-deflate; client_max_window_bits; client_max_window_bits')).toBeUndefined();
  });

  it('of several offers the first acceptable one is taken', () => {
    const offers = 'permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate';
    expect(accept(offers)).toBe('permessage-deflate; server_max_window_bits=10');
    expect(accept(`permessage-deflate; x, ${offers}`)).toBe('permessage-deflate; server_max_window_bits=10');
  });

  it('§7.1.1.1, §7.1.2.1: what the client asks of the server is granted', () => {
    expect(accept('permessage-deflate; server_no_context_takeover')).toContain('server_no_context_takeover');
    expect(accept('permessage-deflate; server_max_window_bits=9')).toContain('server_max_window_bits=9');
  });

  it('§7.1.2.2: the client’s window is bounded only where it offered that', () => {
    expect(accept('permessage-deflate')).not.toContain('client_max_window_bits');
    const bounded = { ...KEEP, clientMaxWindowBits: 10 };
    expect(acceptDeflate([{ name: 'permessage-deflate', params: [] }], bounded)).toBeUndefined();
  });

  it('a client fails on an answer that is invalid or does not fit its offer', () => {
    for (const param of ['x', 'client_max_window_bits', 'server_max_window_bits=16', 'client_max_window_bits=0']) {
      const [answer] = parseWebSocketExtensions(`permessage-deflate; ${param}`) ?? [];
      expect(answer && readDeflateAnswer(answer, KEEP)).toBeUndefined();
    }
  });
});

describe('RFC 7692 §6: RSV1', () => {
  it('is on the first frame of a message only, and on no control frame', () => {
    const agreed = { role: 'client', compressed: true } as const;
    expect(transcribe([hex('c107f248cdc9c90700')], agreed)).toEqual(['TEXT rsv1 f248cdc9c90700', 'complete']);
    expect(transcribe([hex('c900')], agreed)).toEqual(['BAD_FRAME 1002']);
    expect(transcribe([wire(text('a', false)), hex('c000')], agreed)[1]).toBe('BAD_FRAME 1002');
  });

  it('is an error where nothing was agreed on', () => {
    expect(transcribe([hex('c107f248cdc9c90700')], { role: 'client' })).toEqual(['BAD_FRAME 1002']);
  });

  it('a message without it is not compressed', async () => {
    expect((await inflate([text('plain')])).map(describeFrame)).toEqual([describeFrame(text('plain'))]);
  });
});

describe('RFC 7692 §7.2.3: examples', () => {
  const hello = 'TEXT 48656c6c6f';

  it('§7.2.3.1: one block, in one frame and in two', async () => {
    expect((await inflate([packed('f248cdc9c90700')])).map(describeFrame)).toEqual([hello]);
    const two = await inflate([packed('f248cd', false), webSocketFrame(0, hex('c9c90700'))]);
    expect(Buffer.concat(two.map(({ payload }) => payload)).toString()).toBe('Hello');
  });

  it('§7.2.3.2: a window that is kept', async () => {
    expect((await inflate([packed('f248cdc9c90700'), packed('f200110000')])).map(describeFrame)).toEqual([
      hello,
      hello,
    ]);
    const sent = await lastValueFrom(
      from([text('Hello'), text('Hello')]).pipe(deflateMessages(parameters(true)), toArray()),
    );
    expect(sent.map(describeFrame)).toEqual(['TEXT rsv1 f248cdc9c90700', 'TEXT rsv1 f200110000']);
  });

  it('§7.2.3.3: a block without compression', async () => {
    expect((await inflate([packed('000500faff48656c6c6f00')])).map(describeFrame)).toEqual([hello]);
  });

  it('§7.2.3.4: a block with BFINAL set', async () => {
    expect((await inflate([packed('f348cdc9c9070000')])).map(describeFrame)).toEqual([hello]);
  });

  it('§7.2.3.5: two blocks in one message', async () => {
    expect((await inflate([packed('f24805000000ffffcac9c90700')])).map(describeFrame)).toEqual([hello]);
  });

  it('§7.2.3.6: an empty message', async () => {
    expect((await inflate([packed('00')])).map(describeFrame)).toEqual(['TEXT']);
    const sent = await lastValueFrom(from([text('')]).pipe(deflateMessages(parameters(false)), toArray()));
    expect(sent.map(describeFrame)).toEqual(['TEXT rsv1 00']);
  });
});
