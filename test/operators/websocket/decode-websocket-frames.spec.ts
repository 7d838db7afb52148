import { concat, from, map, NEVER, of, Subject, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import {
  decodeWebSocketFrames,
  type DecodeWebSocketFramesConfig,
} from '../../../operators/websocket/decode-websocket-frames.js';
import { WebSocketDecoder } from '../../../operators/websocket/decoder.js';
import { encodeWebSocketFrames } from '../../../operators/websocket/encode-websocket-frames.js';
import { serializeWebSocketFrame, type WebSocketFrame } from '../../../operators/websocket/frame.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { runMarbles } from '../../support/marbles.js';
import {
  binary,
  describeError,
  describeFrame,
  hex,
  joined,
  MASK,
  maskedWire,
  more,
  ping,
  pong,
  text,
  thrown,
  toHex,
  transcribe,
  wire,
} from './frames.js';

const client: DecodeWebSocketFramesConfig = { role: 'client' };
const server: DecodeWebSocketFramesConfig = { role: 'server' };
const FRAMES = [text('hé', false), ping('12'), more('llo', true), binary(''), binary('x'.repeat(130)), pong()];

describe('decodeWebSocketFrames', () => {
  const said = [...FRAMES.map(describeFrame), 'complete'];

  it('none, one, many, however they are cut, masked and not', () => {
    expect(transcribe([], client)).toEqual(['complete']);
    expect(transcribe([wire(ping())], client)).toEqual(['PING', 'complete']);
    for (const pieces of splits(wire(...FRAMES))) expect(transcribe(pieces, client)).toEqual(said);
    for (const pieces of splits(maskedWire(...FRAMES))) expect(transcribe(pieces, server)).toEqual(said);
  });

  it('payloads of every length class, at random cuts', () => {
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
      const frame = binary(Uint8Array.from({ length }, (_, i) => i * 7));
      for (const [bytes, config] of [
        [wire(frame, ping('z')), client],
        [maskedWire(frame, ping('z')), server],
      ] as const) {
        for (const most of [5000, 70_000]) {
          const frames: WebSocketFrame[] = [];
          from(randomCuts(bytes, length, most))
            .pipe(decodeWebSocketFrames(config))
            .subscribe((one) => frames.push(one));
          expect(frames).toHaveLength(2);
          expect(Buffer.compare(frames[0]?.payload as Uint8Array, frame.payload)).toBe(0);
        }
      }
    }
  });

  it('leaves the bytes it was given as they are', () => {
    const bytes = maskedWire(text('hello'), ping('x'), binary('y'.repeat(3000)));
    const before = Uint8Array.from(bytes);
    transcribe([bytes], server);
    expect(bytes).toEqual(before);
  });

  it('passes errors of the source on, and sends its own down the error channel', () => {
    const errors: unknown[] = [];
    throwError(() => new RangeError('mine'))
      .pipe(decodeWebSocketFrames(client))
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([new RangeError('mine')]);
    expect(transcribe([hex('8500')], client)).toEqual(['BAD_FRAME 1002']);
  });

  it('an end inside a frame or a message is an error', () => {
    const bytes = maskedWire(binary('hello'));
    for (let at = 1; at < bytes.length; at++) {
      expect(transcribe([bytes.subarray(0, at)], server)).toEqual(['TRUNCATED_FRAME 1006']);
    }
    expect(transcribe([wire(text('a', false))], client)).toEqual(['TEXT more 61', 'TRUNCATED_FRAME 1006']);
  });

  it('nothing is read behind a Close frame', () => {
    const bytes = joined([hex('8800'), hex('ffff'), wire(text('late'))]);
    for (const pieces of splits(bytes)) expect(transcribe(pieces, client)).toEqual(['CLOSE', 'complete']);
  });

  it('frames in time; unsubscription reaches the source', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const one = wire(ping('abc'));
      const bytes = cold('--a--b--c--', { a: one.subarray(0, 3), b: one.subarray(3), c: joined([one, one]) });
      const opcodes = bytes.pipe(
        decodeWebSocketFrames(client),
        map(({ opcode }) => opcode),
      );
      expectObservable(opcodes, '^---------!').toBe('-----x--(xx)', { x: 9 });
      expectSubscriptions(bytes.subscriptions).toBe('^---------!');
    });
  });

  it('take(1) stops the loop inside a chunk', () => {
    let seen = 0;
    concat(of(wire(ping(), ping(), ping())), NEVER)
      .pipe(
        decodeWebSocketFrames(client),
        map(() => ++seen),
        take(1),
      )
      .subscribe();
    expect(seen).toBe(1);
  });

  it('a consumer that pushes more from inside gets it in order', () => {
    const bytes = new Subject<Uint8Array>();
    const opcodes: number[] = [];
    bytes.pipe(decodeWebSocketFrames(client)).subscribe(({ opcode }) => {
      if (opcodes.push(opcode) === 1) bytes.next(wire(pong()));
    });
    bytes.next(wire(ping(), text('x')));
    expect(opcodes).toEqual([9, 1, 10]);
  });

  it('a hold on a frame holds the bytes', () => {
    const bytes = new Subject<Uint8Array>();
    let release: Release | undefined;
    bytes.pipe(decodeWebSocketFrames(client)).subscribe(({ opcode }) => {
      if (opcode === 1) release = hold();
    });
    let consumed = 0;
    deliver(bytes, wire(ping()), () => consumed++);
    deliver(bytes, wire(text('x')), () => consumed++);
    expect(consumed).toBe(1);
    release?.();
    expect(consumed).toBe(2);
  });

  it('limits: exactly, and by one more', () => {
    const config = { ...client, maxMessageSize: 10, maxFragments: 3 };
    expect(transcribe([wire(text('0123456789'), text('0123456789'))], config)).toHaveLength(3);
    expect(transcribe([wire(text('0123456789a'))], config)).toEqual(['MESSAGE_TOO_LARGE 1009 maxMessageSize']);
    expect(transcribe([wire(text('012345', false), more('6789a', true))], config)[1]).toMatch(/^MESSAGE_TOO_LARGE/);
    expect(transcribe([wire(text('0', false), more('1'), more('2', true))], config)).toHaveLength(4);
    const four = wire(text('0', false), more(''), more(''), more('', true));
    expect(transcribe([four], config)[3]).toBe('FRAGMENT_LIMIT 1008 maxFragments');
  });

  it('control frames count neither to the size nor to the fragments', () => {
    const config = { ...client, maxMessageSize: 4, maxFragments: 2 };
    const frames = [text('ab', false), ping('12345678'), ping(), ping(), more('cd', true)];
    expect(transcribe([wire(...frames)], config)).toHaveLength(6);
  });
});

describe('WebSocketDecoder', () => {
  it('in place: unmasks the chunk, and knows short ASCII', () => {
    const chunk = maskedWire(text('hello'), text('hé'), text('x'.repeat(129)));
    const decoder = new WebSocketDecoder({ role: 'server', inPlace: true });
    decoder.push(chunk);
    const seen: unknown[] = [];
    while (decoder.read()) {
      expect(decoder.bytes).toBe(chunk);
      seen.push([Buffer.from(chunk.subarray(decoder.start, decoder.end)).toString(), decoder.ascii]);
    }
    expect(seen).toEqual([
      ['hello', true],
      ['hé', false],
      ['x'.repeat(129), false],
    ]);
  });

  it('gives a data frame in pieces as it comes, a control frame only whole', () => {
    const decoder = new WebSocketDecoder({ role: 'server', inPlace: true });
    const seen: string[] = [];
    const bytes = maskedWire(binary('abcdef', false), ping('wxyz'), more('g', true));
    for (const byte of bytes) {
      decoder.push(Uint8Array.of(byte));
      while (decoder.read()) {
        decoder.unmask(); // only of a frame in pieces, and only once
        expect(decoder.mask).toBe(0);
        const piece = Buffer.from(decoder.bytes.subarray(decoder.start, decoder.end)).toString();
        seen.push(`${decoder.opcode}${decoder.first ? '^' : ''}${decoder.last ? '$' : ''}${piece}`);
      }
    }
    expect(seen).toEqual(['2^', '2a', '2b', '2c', '2d', '2e', '2$f', '9^$wxyz', '0^', '0$g']);
  });

  it('throws the same error for ever, and takes no more', () => {
    const decoder = new WebSocketDecoder({ role: 'client' });
    decoder.push(hex('f100'));
    expect(thrown(() => decoder.read())).toBe('BAD_FRAME 1002');
    decoder.push(wire(text('x')));
    expect(thrown(() => decoder.read())).toBe('BAD_FRAME 1002');
    expect(thrown(() => decoder.finish())).toBe('BAD_FRAME 1002');
    expect(decoder.pending).toBe(false);
  });
});

describe('encodeWebSocketFrames', () => {
  const write = (frames: WebSocketFrame[], mask?: () => number): Uint8Array[] => {
    const parts: Uint8Array[] = [];
    from(frames)
      .pipe(encodeWebSocketFrames(mask ? { mask } : {}))
      .subscribe((part) => parts.push(part));
    return parts;
  };

  it('is undone by decodeWebSocketFrames, in both roles', () => {
    const large = binary(new Uint8Array(70_000).fill(3));
    const said = [...FRAMES, large].map(describeFrame);
    expect(transcribe(write([...FRAMES, large]), client)).toEqual([...said, 'complete']);
    expect(
      transcribe(
        write([...FRAMES, large], () => MASK),
        server,
      ),
    ).toEqual([...said, 'complete']);
    expect(write([])).toEqual([]);
  });

  it('asks for a mask for each frame, and uses it', () => {
    const masks = [0x01020304, -1];
    const parts = write([text('a'), text('b')], () => masks.shift() as number);
    expect(parts.map(toHex)).toEqual(['81810403020165', '8181ffffffff9d']);
  });

  it('small payloads leave with their header, large ones are not copied', () => {
    expect(write([text('hi')]).map(toHex)).toEqual(['81026869']);
    const payload = new Uint8Array(5000);
    const parts = write([binary(payload)]);
    expect(parts.map(({ length }) => length)).toEqual([4, 5000]);
    expect(parts[1]).toBe(payload);
    expect(toHex(serializeWebSocketFrame(text('hi')))).toBe('81026869');
  });

  it('take stops between header and payload, and errors pass', () => {
    const parts: number[] = [];
    of(binary(new Uint8Array(5000)), ping())
      .pipe(encodeWebSocketFrames(), take(1))
      .subscribe(({ length }) => parts.push(length));
    expect(parts).toEqual([4]);
    let error: unknown;
    throwError(() => new RangeError('mine'))
      .pipe(encodeWebSocketFrames())
      .subscribe({ error: (thrownError) => (error = thrownError) });
    expect(error).toEqual(new RangeError('mine'));
    expect(() => describeError(error)).toThrow('mine');
  });
});
