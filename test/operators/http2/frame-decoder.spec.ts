import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../operators/http2/frame-decoder.js';
import { serializeFrame } from '../../../operators/http2/frame.js';
import { continuationFrame } from '../../../operators/http2/frames/continuation-frame.js';
import { dataFrame } from '../../../operators/http2/frames/data-frame.js';
import { headersFrame } from '../../../operators/http2/frames/headers-frame.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { settingsFrame } from '../../../operators/http2/frames/settings-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import { clientPreface, PrefaceReader } from '../../../operators/http2/preface.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { hex, joined, raw, text, thrown, transcribe, wire } from './frames.js';

const alone = { role: 'server', preface: false } as const;
const CONVERSATION = joined([
  clientPreface(),
  wire(
    settingsFrame([{ id: 3, value: 100 }]),
    headersFrame(1, text('abc'), { endHeaders: false, padLength: 2 }),
    continuationFrame(1, text('')),
    dataFrame(1, text('hello'), { endStream: true, padLength: 1 }),
    pingFrame(text('12345678')),
  ),
  raw(0xc, 0, 0, text('origin')),
  raw(0x8, 0, 1, hex('00000000')),
  wire(windowUpdateFrame(0, 5)),
]);
const EXPECTED = [
  'SETTINGS 0 0x0 entries=[{"id":3,"value":100}]',
  'HEADERS 1 0x8 exclusive=false dependency=0 weight=16 fragment=616263 padLength=2',
  'CONTINUATION 1 0x4 fragment=',
  'DATA 1 0x9 data=68656c6c6f padLength=1',
  'PING 0 0x0 opaque=3132333435363738',
  'UNKNOWN 0 0x0 frameType=12 payload=6f726967696e',
  'malformed WINDOW_UPDATE 1 stream PROTOCOL_ERROR 1',
  'WINDOW_UPDATE 0 0x0 increment=5',
];

describe('FrameDecoder', () => {
  it('reads a conversation, however it is cut', () => {
    for (const pieces of splits(CONVERSATION)) expect(transcribe(pieces, { role: 'server' })).toEqual(EXPECTED);
    for (let seed = 0; seed < 50; seed++) {
      expect(transcribe(randomCuts(CONVERSATION, seed, 40), { role: 'server' })).toEqual(EXPECTED);
    }
  });

  it('reads when all is pushed before the first read', () => {
    for (const pieces of splits(CONVERSATION)) {
      const decoder = new FrameDecoder({ role: 'server' });
      for (const piece of pieces) decoder.push(piece);
      let count = 0;
      while (decoder.read()) count++;
      expect(count).toBe(EXPECTED.length);
    }
  });

  it('says where the input ends inside a frame, and has the rest', () => {
    const frame = wire(dataFrame(1, text('hello')));
    for (let at = 1; at < frame.length; at++) {
      const part = frame.subarray(0, at);
      expect(transcribe([part], alone)).toEqual(['connection TRUNCATED_FRAME 1']);
      const decoder = new FrameDecoder(alone);
      for (const byte of part) decoder.push(Uint8Array.of(byte));
      expect(decoder.read()).toBe(false);
      expect(joined(decoder.takeRest())).toEqual(part);
      expect(decoder.read()).toBe(false);
      decoder.finish();
    }
  });

  it('leaves trailing bytes for another reader', () => {
    const decoder = new FrameDecoder(alone);
    decoder.push(joined([wire(dataFrame(1, text('x'))), text('rest')]));
    decoder.push(text(' and more'));
    expect(decoder.read()).toBe(true);
    expect(joined(decoder.takeRest())).toEqual(text('rest and more'));
  });

  it('takes a frame of exactly the limit and refuses one byte more, from the header alone', () => {
    expect(transcribe([raw(0, 0, 1, new Uint8Array(16_384))], alone)).toHaveLength(1);
    expect(transcribe([hex('004001 00 00 00000001')], alone, false)).toEqual(['connection FRAME_SIZE_ERROR 6']);
    const decoder = new FrameDecoder(alone);
    decoder.maxFrameSize = 20_000;
    decoder.push(raw(0, 0, 1, new Uint8Array(20_000)));
    expect(decoder.read()).toBe(true);
  });

  it('C8: 32 settings pass, 33 do not', () => {
    const settings = (count: number): Uint8Array =>
      wire(settingsFrame(Array.from({ length: count }, () => ({ id: 1, value: 1 }))));
    expect(transcribe([settings(32)], alone)).toHaveLength(1);
    for (const pieces of splits(settings(33))) {
      expect(transcribe(pieces, alone)).toEqual(['connection ENHANCE_YOUR_CALM 11 maxSettings']);
    }
  });

  it('says the same error for ever, and keeps nothing', () => {
    const decoder = new FrameDecoder(alone);
    decoder.push(raw(0, 0, 0));
    expect(thrown(() => decoder.read())).toBe('connection PROTOCOL_ERROR 1');
    decoder.push(wire(dataFrame(1, text('x'))));
    expect(thrown(() => decoder.read())).toBe('connection PROTOCOL_ERROR 1');
    expect(thrown(() => decoder.finish())).toBe('connection PROTOCOL_ERROR 1');
  });

  it('gives views of a chunk', () => {
    const chunk = wire(dataFrame(1, text('abc')));
    const decoder = new FrameDecoder(alone);
    decoder.push(chunk);
    decoder.read();
    expect((decoder.frame as { data?: Uint8Array }).data?.buffer).toBe(chunk.buffer);
  });
});

describe('PrefaceReader', () => {
  it('recognises the preface, however it is cut', () => {
    for (const pieces of splits(clientPreface())) {
      const reader = new PrefaceReader();
      for (const piece of pieces) expect(reader.read(piece)).toBe(piece.length);
      expect(reader.done).toBe(true);
      expect(reader.read(text('more'))).toBe(0);
    }
  });

  it('refuses a wrong byte at once, wherever it is', () => {
    for (let at = 0; at < 24; at++) {
      const wrong = clientPreface();
      wrong[at] = (wrong[at] as number) ^ 1;
      for (const pieces of splits(wrong.subarray(0, at + 1))) {
        expect(transcribe(pieces, { role: 'server' }, false)).toEqual(['connection PROTOCOL_ERROR 1']);
      }
    }
    expect(transcribe([text('GET / HTTP/1.1\r\n')], { role: 'server' })).toEqual(['connection PROTOCOL_ERROR 1']);
    expect(transcribe([text('PRI * HTTP')], { role: 'server' })).toEqual(['connection TRUNCATED_FRAME 1']);
  });
});

interface Story {
  readonly error: number[] | null;
  readonly wire: string;
  readonly description: string;
  readonly frame: {
    readonly length: number;
    readonly flags: number;
    readonly stream_identifier: number;
    readonly type: number;
    readonly frame_payload: Record<string, unknown>;
  } | null;
}

describe('http2-frame-test-case', () => {
  const root = join(import.meta.dirname, '../../../../shared/conformance/http2-frame-test-case');
  const files = existsSync(root)
    ? readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    : [];

  it('is there', (ctx) => {
    if (files.length === 0) ctx.skip('../shared/conformance/http2-frame-test-case is not here');
    expect(files.length).toBeGreaterThan(30);
  });

  it.each(files)('%s', (file) => {
    const story = JSON.parse(readFileSync(join(root, file), 'utf8')) as Story;
    const bytes = hex(story.wire);
    for (const pieces of splits(bytes)) {
      // A promise can only come to a client.
      const decoder = new FrameDecoder({ role: 'client', preface: false });
      const said = transcribe(pieces, { role: 'client', preface: false }, false).join('\n');
      if (story.frame === null) {
        expect(said).toMatch(new RegExp(`(connection|stream) [A-Z_]+ (${(story.error as number[]).join('|')})$`));
        continue;
      }
      decoder.push(bytes);
      expect(decoder.read()).toBe(true);
      const frame = decoder.frame as unknown as Record<string, unknown>;
      expect([frame['type'], frame['flags'], frame['streamId']]).toEqual([
        story.frame.type,
        story.frame.flags,
        story.frame.stream_identifier,
      ]);
      expect(comparable(frame)).toMatchObject(expectedPayload(story.frame.frame_payload));
      if (story.frame.frame_payload['padding'] === undefined) {
        expect(serializeFrame(decoder.frame as never)).toEqual(bytes);
      }
    }
  });
});

/** The names of the stories, in ours; what is null there is not said. */
const NAMES: Readonly<Record<string, string>> = {
  header_block_fragment: 'fragment',
  padding_length: 'padLength',
  promised_stream_id: 'promisedId',
  error_code: 'errorCode',
  additional_debug_data: 'debugData',
  last_stream_id: 'lastStreamId',
  opaque_data: 'opaque',
  stream_dependency: 'dependency',
  window_size_increment: 'increment',
  settings: 'entries',
};

function expectedPayload(payload: Record<string, unknown>): Record<string, unknown> {
  const known = Object.entries(payload).filter(([name, value]) => value !== null && name !== 'padding');
  return Object.fromEntries(known.map(([name, value]) => [NAMES[name] ?? name, value]));
}

function comparable(frame: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(frame).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, Buffer.from(value).toString('latin1')];
      return [
        name,
        Array.isArray(value) ? value.map(({ id, value: of }: { id: number; value: number }) => [id, of]) : value,
      ];
    }),
  );
}
