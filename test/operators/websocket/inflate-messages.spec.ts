import { constants, createInflateRaw, deflateRawSync } from 'node:zlib';
import { from, lastValueFrom, Subject, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { deflateMessages } from '../../../operators/websocket/deflate-messages.js';
import { type WebSocketFrame, webSocketFrame } from '../../../operators/websocket/frame.js';
import { inflateMessages } from '../../../operators/websocket/inflate-messages.js';
import type { DeflateParameters } from '../../../operators/websocket/permessage-deflate.js';
import { mulberry32 } from '../../support/every-split.js';
import { parameters } from './deflate.js';
import { binary, describeError, describeFrame, hex, joined, more, ping, text, toHex } from './frames.js';

const packed = (payload: Uint8Array, fin = true): WebSocketFrame => webSocketFrame(1, payload, fin, true);
const HELLO = hex('f248cdc9c90700');

async function run(frames: WebSocketFrame[], agreed = parameters(true), maxMessageSize?: number): Promise<string[]> {
  const said: string[] = [];
  await new Promise<void>((resolve) => {
    from(frames)
      .pipe(inflateMessages(agreed, maxMessageSize === undefined ? {} : { maxMessageSize }))
      .subscribe({
        next: (frame) => said.push(describeFrame(frame)),
        error: (error) => {
          said.push(describeError(error));
          resolve();
        },
        complete: resolve,
      });
  });
  return said;
}

describe('inflateMessages', () => {
  it('compressed messages, others, and control frames, in order', async () => {
    expect(await run([packed(HELLO), ping('x'), text('plain'), packed(HELLO), binary('')])).toEqual([
      'TEXT 48656c6c6f', 'PING 78', 'TEXT 706c61696e', 'TEXT 48656c6c6f', 'BINARY',
    ]); // prettier-ignore
    expect(await run([])).toEqual([]);
  });

  it('fragments, with a ping between them', async () => {
    const frames = [
      packed(HELLO.subarray(0, 3), false),
      ping(),
      more(HELLO.subarray(3, 5)),
      more(HELLO.subarray(5), true),
    ];
    const said = await run(frames);
    expect(said.filter((one) => one === 'PING')).toHaveLength(1);
    const payload = said
      .filter((one) => one !== 'PING')
      .map((one) => one.replaceAll(/[A-Z]+( more)? ?/g, ''))
      .join('');
    expect(payload).toBe('48656c6c6f');
    expect(said.at(-1)).toMatch(/^CONTINUATION/);
    expect(said.at(-1)).not.toMatch(/more/);
  });

  it('an empty message, and one of several blocks, one of them final', async () => {
    expect(await run([packed(hex('00'))])).toEqual(['TEXT']);
    expect(await run([packed(hex('f248050000 00ffffcac9c90700'))])).toEqual(['TEXT 48656c6c6f']);
    const final = joined([deflateRawSync('Hello'), hex('00')]);
    expect(await run([packed(final), packed(HELLO)], parameters(false))).toEqual([
      'TEXT 48656c6c6f',
      'TEXT 48656c6c6f',
    ]);
    expect(await run([packed(final), packed(HELLO)], parameters(true))).toEqual(['TEXT 48656c6c6f', 'TEXT 48656c6c6f']);
  });

  it('the window is kept between messages, or not', async () => {
    const again = hex('f200110000'); // a reference to the Hello before: RFC 7692 §7.2.3.2
    expect(await run([packed(HELLO), packed(again)], parameters(true))).toEqual(['TEXT 48656c6c6f', 'TEXT 48656c6c6f']);
    expect(await run([packed(HELLO), packed(again)], parameters(false))).toEqual([
      'TEXT 48656c6c6f',
      'BAD_COMPRESSED_MESSAGE 1007',
    ]);
  });

  it('what is not deflate, and what is too much', async () => {
    expect(await run([packed(hex('ffffff'))])).toEqual(['BAD_COMPRESSED_MESSAGE 1007']);
    const bomb = deflateRawSync(new Uint8Array(5_000_000), { finishFlush: constants.Z_SYNC_FLUSH });
    expect(await run([packed(bomb.subarray(0, -4))], parameters(true), 1_000_000)).toEqual([
      'MESSAGE_TOO_LARGE 1009 maxMessageSize',
    ]);
    const exact = deflateRawSync(new Uint8Array(1000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    expect(await run([packed(exact), packed(exact)], parameters(false), 1000)).toHaveLength(2);
    expect(await run([packed(exact)], parameters(false), 999)).toEqual(['MESSAGE_TOO_LARGE 1009 maxMessageSize']);
  });

  it('a frame is held until what it became was consumed', async () => {
    const frames = new Subject<WebSocketFrame>();
    let consumed = 0;
    let release: Release | undefined;
    const first = new Promise<void>((resolve) => {
      frames.pipe(inflateMessages(parameters(true))).subscribe(() => {
        release = hold();
        resolve();
      });
    });
    deliver(frames, packed(HELLO), () => consumed++);
    expect(consumed).toBe(0);
    await first;
    expect(consumed).toBe(0);
    release?.();
    expect(consumed).toBe(1);
  });

  it('unsubscribing gives everything back, errors of the source pass', async () => {
    const frames = new Subject<WebSocketFrame>();
    let consumed = 0;
    const subscription = frames.pipe(inflateMessages(parameters(true))).subscribe();
    for (let i = 0; i < 3; i++) deliver(frames, packed(HELLO), () => consumed++);
    subscription.unsubscribe();
    expect(consumed).toBe(3);
    expect(
      await lastValueFrom(from([packed(HELLO), packed(HELLO)]).pipe(inflateMessages(parameters(true)), take(1))),
    ).toMatchObject({ rsv1: false });
    const failed = throwError(() => new RangeError('mine')).pipe(inflateMessages(parameters(true)));
    await expect(lastValueFrom(failed)).rejects.toThrow('mine');
  });
});

describe('deflateMessages', () => {
  const deflate = (frames: WebSocketFrame[], agreed: DeflateParameters): Promise<WebSocketFrame[]> =>
    lastValueFrom(from(frames).pipe(deflateMessages(agreed), toArray()));

  it('the example of RFC 7692 §7.2.3.1 and §7.2.3.2', async () => {
    expect((await deflate([text('Hello'), text('Hello')], parameters(true))).map(describeFrame)).toEqual([
      'TEXT rsv1 f248cdc9c90700', 'TEXT rsv1 f200110000',
    ]); // prettier-ignore
    expect((await deflate([text('Hello'), text('Hello')], parameters(false))).map(describeFrame)).toEqual([
      'TEXT rsv1 f248cdc9c90700', 'TEXT rsv1 f248cdc9c90700',
    ]); // prettier-ignore
  });

  it('below the threshold nothing is compressed, nor control frames', async () => {
    const said = (await deflate([text('Hell'), ping('Hello'), text('Hello')], parameters(false, 15, 5))).map(
      describeFrame,
    );
    expect(said).toEqual(['TEXT 48656c6c', 'PING 48656c6c6f', 'TEXT rsv1 f248cdc9c90700']);
  });

  it('is undone by inflateMessages: all windows, kept or not, fragments and empty ones', async () => {
    const random = mulberry32(5);
    const noise = Uint8Array.from({ length: 3000 }, () => Math.floor(random() * 256));
    const frames = [
      text('x'.repeat(5000)), binary(noise), text(''), text('abc', false), ping('p'), more(''), more('abc'), more('', true), binary(noise),
    ]; // prettier-ignore
    for (const contextTakeover of [true, false]) {
      for (let bits = 8; bits <= 15; bits++) {
        const agreed = parameters(contextTakeover, bits);
        const back = await lastValueFrom(
          from(frames).pipe(deflateMessages(agreed), inflateMessages(agreed), toArray()),
        );
        expect(back.map(describeFrame)).toEqual(frames.map(describeFrame));
      }
    }
  });

  it('a window of 256 bytes: nothing reaches back further, although zlib cannot do it', async () => {
    const random = mulberry32(9);
    // Every few bytes something that occurred at a distance between 200 and 600.
    const bytes = new Uint8Array(60_000);
    for (let i = 0; i < bytes.length; i++) {
      const distance = 200 + ((i >> 4) % 400);
      bytes[i] = i > 600 && (i >> 4) % 3 > 0 ? (bytes[i - distance] as number) : Math.floor(random() * 256);
    }
    const [frame] = await deflate([binary(bytes)], parameters(true, 8));
    const payload = frame?.payload as Uint8Array;
    // Outputs of 64 bytes make zlib use its window for everything but the last of them.
    const inflate = createInflateRaw({ windowBits: 8, chunkSize: 64 });
    const chunks: Uint8Array[] = [];
    inflate.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await new Promise<void>((resolve, reject) => {
      inflate.on('error', reject);
      inflate.write(payload);
      inflate.flush(constants.Z_SYNC_FLUSH, resolve);
    });
    expect(Buffer.compare(joined(chunks), bytes)).toBe(0);
    expect(payload.length).toBeLessThan(bytes.length);
    expect(toHex(payload.subarray(-4))).not.toBe('0000ffff');
  });
});
