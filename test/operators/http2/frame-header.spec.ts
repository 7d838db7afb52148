import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import {
  FRAME_HEADER_LENGTH,
  MAX_PAYLOAD_LENGTH,
  MAX_STREAM_ID,
  readFrameFlags,
  readFrameType,
  readPayloadLength,
  readStreamId,
  readUint31,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from '../../../operators/http2/frame-header.js';
import { endsHeaders, endsStream, frameTypeName, FrameType, isAck } from '../../../operators/http2/frame-type.js';

test.prop([fc.nat(MAX_PAYLOAD_LENGTH), fc.nat(255), fc.nat(255), fc.nat(MAX_STREAM_ID), fc.nat(5)])(
  'reads back what it wrote, as DataView sees it too',
  (length, type, flags, streamId, at) => {
    const bytes = new Uint8Array(20);
    expect(writeFrameHeader(bytes, at, length, type, flags, streamId)).toBe(at + FRAME_HEADER_LENGTH);
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(at) >>> 8, view.getUint8(at + 3)]).toEqual([length, type]);
    expect(view.getUint32(at + 5)).toBe(streamId);
    expect(readPayloadLength(bytes, at)).toBe(length);
    expect(readFrameType(bytes, at)).toBe(type);
    expect(readFrameFlags(bytes, at)).toBe(flags);
    bytes[at + 5] = (bytes[at + 5] as number) | 0x80; // the reserved bit is ignored
    expect(readStreamId(bytes, at)).toBe(streamId);
  },
);

test.prop([fc.nat(2 ** 32 - 1)])('32 bits, unsigned', (value) => {
  const bytes = new Uint8Array(4);
  expect(writeUint32(bytes, 0, value)).toBe(4);
  expect(readUint32(bytes, 0)).toBe(value);
  expect(readUint31(bytes, 0)).toBe(value % 2 ** 31);
});

it('names types and reads flags', () => {
  expect(frameTypeName(FrameType.PRIORITY_UPDATE)).toBe('PRIORITY_UPDATE');
  expect(frameTypeName(0xb)).toBeUndefined();
  expect(endsStream({ type: FrameType.HEADERS, flags: 1 })).toBe(true);
  expect(endsStream({ type: FrameType.SETTINGS, flags: 1 })).toBe(false);
  expect(endsHeaders({ flags: 4 })).toBe(true);
  expect(isAck({ flags: 1 })).toBe(true);
});
