import { describe, expect, it } from 'vitest';
import { hex, raw, transcribe } from '../operators/http2/frames.js';

const PROTOCOL = 'connection PROTOCOL_ERROR 1';
const SIZE = 'connection FRAME_SIZE_ERROR 6';
type Row = readonly [rule: string, bytes: Uint8Array, says: string, role?: 'client' | 'server'];

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  '§6.1 DATA': [
    ['on stream 0', raw(0x0, 0, 0), PROTOCOL],
    ['padding as long as the payload', raw(0x0, 0x8, 1, hex('03 0000')), PROTOCOL],
    ['padding longer than the payload', raw(0x0, 0x8, 1, hex('ff')), PROTOCOL],
    ['all padding', raw(0x0, 0x8, 1, hex('02 0000')), 'DATA 1 0x8 data= padLength=2'],
    ['padding that is not zero is let pass', raw(0x0, 0x8, 1, hex('01 61 ff')), 'DATA 1 0x8 data=61 padLength=1'],
  ],
  '§6.2 HEADERS': [
    ['on stream 0', raw(0x1, 0x4, 0), PROTOCOL],
    ['too much padding', raw(0x1, 0xc, 1, hex('02 00')), PROTOCOL],
    ['too much padding beside a priority', raw(0x1, 0x2c, 1, hex('01 00000000 00')), PROTOCOL],
    [
      'that depends on itself passes, for its block must be decoded',
      raw(0x1, 0x24, 1, hex('00000001 00 82')),
      'HEADERS 1 0x24 exclusive=false dependency=1 weight=1 fragment=82 padLength=0',
    ],
  ],
  '§6.3 PRIORITY': [
    ['on stream 0', raw(0x2, 0, 0, new Uint8Array(5)), PROTOCOL],
    ['too short', raw(0x2, 0, 1, new Uint8Array(4)), 'malformed PRIORITY 1 stream FRAME_SIZE_ERROR 6'],
    ['too long', raw(0x2, 0, 1, new Uint8Array(6)), 'malformed PRIORITY 1 stream FRAME_SIZE_ERROR 6'],
    ['that depends on itself', raw(0x2, 0, 1, hex('80000001 00')), 'malformed PRIORITY 1 stream PROTOCOL_ERROR 1'],
  ],
  '§6.4 RST_STREAM': [
    ['on stream 0', raw(0x3, 0, 0, new Uint8Array(4)), PROTOCOL],
    ['too short', raw(0x3, 0, 1, new Uint8Array(3)), SIZE],
    ['too long', raw(0x3, 0, 1, new Uint8Array(5)), SIZE],
    ['an unknown code keeps its number', raw(0x3, 0, 1, hex('deadbeef')), 'RST_STREAM 1 0x0 errorCode=3735928559'],
  ],
  '§6.5 SETTINGS': [
    ['on a stream', raw(0x4, 0, 1), PROTOCOL],
    ['an acknowledgement that is not empty', raw(0x4, 1, 0, new Uint8Array(6)), SIZE],
    ['a length that is no multiple of 6', raw(0x4, 0, 0, new Uint8Array(7)), SIZE],
  ],
  '§6.6 PUSH_PROMISE': [
    ['on stream 0', raw(0x5, 0x4, 0, hex('00000002')), PROTOCOL, 'client'],
    ['of stream 0', raw(0x5, 0x4, 1, hex('00000000')), PROTOCOL, 'client'],
    ['of an odd stream', raw(0x5, 0x4, 1, hex('00000003')), PROTOCOL, 'client'],
    ['too short', raw(0x5, 0x4, 1, hex('000002')), SIZE, 'client'],
    ['too much padding', raw(0x5, 0xc, 1, hex('01 00000002')), PROTOCOL, 'client'],
    ['to a server', raw(0x5, 0x4, 1, hex('00000002')), PROTOCOL, 'server'],
  ],
  '§6.7 PING': [
    ['on a stream', raw(0x6, 0, 1, new Uint8Array(8)), PROTOCOL],
    ['too short', raw(0x6, 0, 0, new Uint8Array(7)), SIZE],
    ['too long', raw(0x6, 0, 0, new Uint8Array(9)), SIZE],
  ],
  '§6.8 GOAWAY': [
    ['on a stream', raw(0x7, 0, 1, new Uint8Array(8)), PROTOCOL],
    ['too short', raw(0x7, 0, 0, new Uint8Array(7)), SIZE],
    [
      'the reserved bit is ignored',
      raw(0x7, 0, 0, hex('80000001 00000000')),
      'GOAWAY 0 0x0 lastStreamId=1 errorCode=0 debugData=',
    ],
  ],
  '§6.9 WINDOW_UPDATE': [
    ['too short', raw(0x8, 0, 1, new Uint8Array(3)), SIZE],
    ['too long', raw(0x8, 0, 0, new Uint8Array(5)), SIZE],
    ['by 0 on a stream', raw(0x8, 0, 1, hex('80000000')), 'malformed WINDOW_UPDATE 1 stream PROTOCOL_ERROR 1'],
    ['by 0 on the connection', raw(0x8, 0, 0, hex('00000000')), PROTOCOL],
  ],
  '§6.10 CONTINUATION': [['on stream 0', raw(0x9, 0x4, 0), PROTOCOL]],
  'RFC 9218 §7.1 PRIORITY_UPDATE': [
    ['on a stream', raw(0x10, 0, 1, hex('00000001')), PROTOCOL],
    ['about stream 0', raw(0x10, 0, 0, hex('80000000')), PROTOCOL],
    ['too short', raw(0x10, 0, 0, hex('000001')), SIZE],
    ['to a client', raw(0x10, 0, 0, hex('00000001')), PROTOCOL, 'client'],
  ],
};

describe.each(Object.entries(SECTIONS))('RFC 9113 %s', (_section, rows) => {
  const filled = rows.map(([rule, bytes, says, role = 'server']) => ({ rule, bytes, says, role }));
  it.each(filled)('$rule', ({ bytes, says, role }) => {
    expect(transcribe([bytes], { role, preface: false })).toEqual([says]);
  });
});
