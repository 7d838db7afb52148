import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type OutboundFrame,
  parseFrame,
  payloadLength,
  serializeFrame,
  writeFrame,
} from '../../../operators/http2/frame.js';
import { endsStream } from '../../../operators/http2/frame-type.js';
import { continuationFrame } from '../../../operators/http2/frames/continuation-frame.js';
import { dataFrame, dataFrameHead } from '../../../operators/http2/frames/data-frame.js';
import { goawayFrame } from '../../../operators/http2/frames/goaway-frame.js';
import { headersFrame } from '../../../operators/http2/frames/headers-frame.js';
import { pingFrame } from '../../../operators/http2/frames/ping-frame.js';
import { priorityFrame } from '../../../operators/http2/frames/priority-frame.js';
import { priorityUpdateFrame } from '../../../operators/http2/frames/priority-update-frame.js';
import { pushPromiseFrame } from '../../../operators/http2/frames/push-promise-frame.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import { settingsAckFrame, settingsFrame } from '../../../operators/http2/frames/settings-frame.js';
import { unknownFrame } from '../../../operators/http2/frames/unknown-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import { hex, text, thrown, toHex, transcribe } from './frames.js';

const DEPENDENCY = { dependency: 3, weight: 201, exclusive: true };

/** Each frame and its bytes, written down by hand. */
const VECTORS: readonly [name: string, frame: OutboundFrame, bytes: string][] = [
  ['DATA', dataFrame(1, text('hi')), '000002 00 00 00000001 6869'],
  ['DATA, end', dataFrame(1, text(''), { endStream: true }), '000000 00 01 00000001'],
  ['DATA, padded', dataFrame(1, text('hi'), { padLength: 3 }), '000006 00 08 00000001 03 6869 000000'],
  ['DATA, pad length 0', dataFrame(1, text('hi'), { padLength: 0 }), '000003 00 08 00000001 00 6869'],
  ['HEADERS', headersFrame(5, hex('82'), { endStream: true }), '000001 01 05 00000005 82'],
  [
    'HEADERS, all flags',
    headersFrame(5, hex('82'), { endStream: true, priority: DEPENDENCY, padLength: 2 }),
    '000009 01 2d 00000005 02 80000003 c8 82 0000',
  ],
  ['HEADERS, not all', headersFrame(5, hex('82'), { endHeaders: false }), '000001 01 00 00000005 82'],
  ['PRIORITY', priorityFrame(7, DEPENDENCY), '000005 02 00 00000007 80000003 c8'],
  ['PRIORITY, default', priorityFrame(7), '000005 02 00 00000007 00000000 0f'],
  ['RST_STREAM', rstStreamFrame(9, 0xffffffff), '000004 03 00 00000009 ffffffff'],
  ['SETTINGS', settingsFrame([{ id: 4, value: 2 ** 31 }]), '000006 04 00 00000000 0004 80000000'],
  ['SETTINGS, ack', settingsAckFrame(), '000000 04 01 00000000'],
  ['PUSH_PROMISE', pushPromiseFrame(1, 2, hex('82')), '000005 05 04 00000001 00000002 82'],
  [
    'PUSH_PROMISE, padded',
    pushPromiseFrame(1, 2, hex('82'), { padLength: 1, endHeaders: false }),
    '000007 05 08 00000001 01 00000002 82 00',
  ],
  ['PING', pingFrame(text('12345678'), true), '000008 06 01 00000000 3132333435363738'],
  ['GOAWAY', goawayFrame(2 ** 31 - 1, 11, text('no')), '00000a 07 00 00000000 7fffffff 0000000b 6e6f'],
  ['WINDOW_UPDATE', windowUpdateFrame(0, 2 ** 31 - 1), '000004 08 00 00000000 7fffffff'],
  ['CONTINUATION', continuationFrame(3, hex('82')), '000001 09 04 00000003 82'],
  ['PRIORITY_UPDATE', priorityUpdateFrame(3, 'u=1'), '000007 10 00 00000000 00000003 753d31'],
  ['unknown', unknownFrame(0xfa, 3, hex('00ff'), 0x5a), '000002 fa 5a 00000003 00ff'],
  ['ORIGIN', unknownFrame(0xc, 0, hex('0001 61')), '000003 0c 00 00000000 000161'],
];

describe.each(VECTORS)('%s', (_name, frame, bytes) => {
  const all = hex(bytes);

  it('is written so', () => {
    expect(toHex(serializeFrame(frame))).toBe(toHex(all));
    expect(payloadLength(frame)).toBe(all.length - 9);
    const target = new Uint8Array(all.length + 4).fill(0xee);
    expect(writeFrame(frame, target, 2)).toBe(all.length + 2);
    expect(toHex(target)).toBe(`eeee${toHex(all)}eeee`);
  });

  it('is read so, with its fields in the same order', () => {
    const read = parseFrame(all[3] as number, all[4] as number, frame.streamId, all, 9, all.length);
    expect(read).toEqual(frame);
    expect(Object.keys(read)).toEqual(Object.keys(frame));
  });

  it('has views, no copies', () => {
    const read = parseFrame(all[3] as number, all[4] as number, frame.streamId, all, 9, all.length);
    for (const value of Object.values(read)) {
      if (value instanceof Uint8Array && value.length > 0) expect(value.buffer).toBe(all.buffer);
    }
  });
});

const streamId = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const bytes = fc.uint8Array({ maxLength: 40 });
const padLength = fc.option(fc.nat(255), { nil: undefined });
const frames: fc.Arbitrary<OutboundFrame> = fc.oneof(
  fc
    .tuple(streamId, bytes, fc.boolean(), padLength)
    .map(([id, data, endStream, pad]) =>
      dataFrame(id, data, { endStream, ...(pad === undefined ? {} : { padLength: pad }) }),
    ),
  fc
    .tuple(streamId, bytes, fc.boolean(), fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 256 }), padLength)
    .map(([id, block, endStream, endHeaders, prioritized, weight, pad]) =>
      headersFrame(id, block, {
        endStream,
        endHeaders,
        ...(prioritized ? { priority: { weight, dependency: id === 1 ? 3 : 1, exclusive: endStream } } : {}),
        ...(pad === undefined ? {} : { padLength: pad }),
      }),
    ),
  fc
    .tuple(streamId, fc.nat(2 ** 30), bytes)
    .map(([id, n, block]) => pushPromiseFrame(id, 2 * Math.max(1, n - 1), block)),
  fc.array(fc.record({ id: fc.nat(0xffff), value: fc.nat(2 ** 32 - 1) }), { maxLength: 32 }).map(settingsFrame),
  fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(2 ** 32 - 1), bytes).map(([id, code, debug]) => goawayFrame(id, code, debug)),
  fc.tuple(streamId, fc.integer({ min: 1, max: 2 ** 31 - 1 })).map(([id, n]) => windowUpdateFrame(id, n)),
);

test.prop([fc.array(frames, { maxLength: 5 })])('any frames come back as they went', (list) => {
  const wire = list.map((frame) => serializeFrame(frame));
  const options = { role: 'client', preface: false } as const;
  expect(transcribe([Buffer.concat(wire)], options)).toEqual(wire.flatMap((one) => transcribe([one], options)));
  for (const [i, frame] of list.entries()) {
    const one = wire[i] as Uint8Array;
    expect(parseFrame(one[3] as number, one[4] as number, frame.streamId, one, 9, one.length)).toEqual(frame);
  }
});

test.prop([fc.nat(17), fc.nat(255), streamId, bytes])(
  'any payload is a frame or a typed error',
  (type, flags, id, payload) => {
    thrown(() => parseFrame(type, flags, id, payload, 0, payload.length)); // rethrows what is not ours
  },
);

it('the head of a DATA frame stands before data that is not copied', () => {
  const frame = dataFrame(1, text('hi'), { padLength: 3, endStream: true });
  expect(toHex(dataFrameHead(frame))).toBe('00000600090000000103');
  expect(toHex(dataFrameHead(dataFrame(1, text('hi'))))).toBe('000002000000000001');
  expect(endsStream(frame)).toBe(true);
});

it.each([
  ['stream 0', () => dataFrame(0, text(''))],
  ['stream 2^31', () => rstStreamFrame(2 ** 31, 0)],
  ['padding of 256', () => dataFrame(1, text(''), { padLength: 256 })],
  ['weight 0', () => priorityFrame(1, { weight: 0 })],
  ['self-dependency', () => headersFrame(1, text(''), { priority: { dependency: 1 } })],
  ['increment 0', () => windowUpdateFrame(1, 0)],
  ['increment 2^31', () => windowUpdateFrame(1, 2 ** 31)],
  ['seven bytes of PING', () => pingFrame(text('1234567'))],
  ['promise of stream 0', () => pushPromiseFrame(1, 0, text(''))],
  ['setting of 2^32', () => settingsFrame([{ id: 1, value: 2 ** 32 }])],
  ['error code -1', () => goawayFrame(0, -1)],
  ['a control byte in a priority', () => priorityUpdateFrame(1, 'u=1\n')],
  ['a known type as unknown', () => unknownFrame(0, 1, text(''))],
])('refuses to build: %s', (_name, build) => {
  expect(thrown(build)).toBe('usage INVALID_FRAME');
});

it('refuses to write what the peer does not take, by one byte', () => {
  expect(serializeFrame(dataFrame(1, new Uint8Array(10)), 10)).toHaveLength(19);
  expect(thrown(() => serializeFrame(dataFrame(1, new Uint8Array(11)), 10))).toBe('usage FRAME_TOO_LARGE');
  expect(thrown(() => serializeFrame(dataFrame(1, new Uint8Array(10), { padLength: 0 }), 10))).toBe(
    'usage FRAME_TOO_LARGE',
  );
});
