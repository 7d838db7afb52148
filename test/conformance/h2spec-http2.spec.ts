/** What h2spec asks about HTTP/2 itself. The numbers are those of the suite, sections of RFC 7540. */
import { describe, expect } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { DataFrame } from '../../operators/http2/frames/data-frame.js';
import type { SettingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { clientPreface } from '../../operators/http2/preface.js';
import {
  ACK,
  bytes,
  DATA,
  END,
  END_HEADERS,
  frame,
  GOAWAY,
  type Http2Peer,
  PADDED,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import {
  ACKNOWLEDGED,
  ask,
  type Case,
  CONTINUATION,
  ENDED,
  LONG,
  PRIORITY_FRAME,
  type Wanted,
} from './h2spec-scene.js';

const { HEADERS, PUSH_PROMISE } = FrameType;
const PROTOCOL_ERROR: Wanted = { connection: ['PROTOCOL_ERROR'] };
const FRAME_SIZE_ERROR: Wanted = { connection: ['FRAME_SIZE_ERROR'] };
const FLOW_CONTROL_ERROR: Wanted = { connection: ['FLOW_CONTROL_ERROR'] };
const MALFORMED: Wanted = { stream: ['PROTOCOL_ERROR'] };
/** A stream that is half closed, or, if the answer has gone, closed. */
const LATE: Wanted = { stream: ['STREAM_CLOSED'], orConnection: true };
const MOST = 2 ** 31 - 1;

/** The first DATA that was not looked at yet has this length. */
const dataOf =
  (length: number) =>
  async (peer: Http2Peer): Promise<void> => {
    expect((await peer.frame<DataFrame>(FrameType.DATA, 1)).data).toHaveLength(length);
  };

describe('h2spec http2 3, starting', () => {
  ask(
    '3.5',
    [
      [
        'the preface of the server comes first',
        () => [clientPreface(), SETTINGS([4, 65_535])],
        async (peer) => {
          await peer.frame(FrameType.SETTINGS);
          expect((peer.heard[0] as SettingsFrame).flags & ACK).toBe(0);
        },
      ],
      [
        'a preface that is none',
        () => [bytes('INVALID CONNECTION PREFACE\r\n\r\n')],
        (peer) =>
          new Promise<void>((resolve) => (peer.socket.readableEnded ? resolve() : peer.socket.once('end', resolve))),
      ],
    ],
    false,
  );
});

describe('h2spec http2 4, frames', () => {
  ask('4.1', [
    ['a frame of an unknown type', () => [frame(0x16, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])], 'goes on'],
    ['flags that mean nothing', () => [frame(FrameType.PING, 0x16, 0, 'opaque_8')], 'goes on'],
    ['the reserved bit', () => [bytes([0, 0, 8, 6, 0, 0x80, 0, 0, 0], 'opaque_8')], 'goes on'],
  ]);
  ask('4.2', [
    [
      'DATA of 2^14 bytes',
      (s) => [s.headers(1, 0, s.request('POST')), DATA(1, END, 'x'.repeat(16_384))],
      { answered: 1 },
    ],
    [
      'DATA of one more',
      (s) => [s.headers(1, 0, s.request('POST')), DATA(1, END, 'x'.repeat(16_385))],
      { stream: ['FRAME_SIZE_ERROR'], orConnection: true },
    ],
    ['HEADERS that are too long', () => [frame(HEADERS, END | END_HEADERS, 1, 'x'.repeat(16_385))], FRAME_SIZE_ERROR],
  ]);
  ask('4.3', [
    [
      'a block that breaks off',
      () => [frame(HEADERS, END | END_HEADERS, 1, 0x40)],
      { connection: ['COMPRESSION_ERROR'] },
    ],
    [
      'PRIORITY inside a block',
      (s) => [frame(HEADERS, 0, 1, s.block()), PRIORITY_FRAME(1), CONTINUATION(1, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
    [
      'HEADERS of another stream inside a block',
      (s) => [frame(HEADERS, 0, 1, s.block()), s.headers(3, END), CONTINUATION(1, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
  ]);
});

describe('h2spec http2 5, streams', () => {
  const reset: Wanted = { stream: ['STREAM_CLOSED'] };
  const closed: Wanted = { connection: ['STREAM_CLOSED'] };
  ask('5.1', [
    ['idle: DATA', () => [DATA(1, END, 'test')], PROTOCOL_ERROR],
    ['idle: RST_STREAM', () => [RST_STREAM(1, 8)], PROTOCOL_ERROR],
    ['idle: WINDOW_UPDATE', () => [WINDOW_UPDATE(1, 100)], PROTOCOL_ERROR],
    ['idle: CONTINUATION', (s) => [CONTINUATION(1, END_HEADERS, s.block())], PROTOCOL_ERROR],
    ['half closed (remote): DATA', (s) => [s.headers(1, END), DATA(1, END, 'test')], LATE],
    ['half closed (remote): HEADERS', (s) => [s.headers(1, END), s.headers(1, END)], LATE],
    [
      'half closed (remote): CONTINUATION',
      (s) => [s.headers(1, END), CONTINUATION(1, END_HEADERS, s.block())],
      PROTOCOL_ERROR,
    ],
    ['closed by RST_STREAM: DATA', (s) => [s.headers(1, 0), RST_STREAM(1, 8), DATA(1, END, 'test')], reset],
    ['closed by RST_STREAM: HEADERS', (s) => [s.headers(1, 0), RST_STREAM(1, 8), s.headers(1, END)], reset],
    [
      'closed by RST_STREAM: CONTINUATION',
      (s) => [s.headers(1, 0), RST_STREAM(1, 8), CONTINUATION(1, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
    ['closed: DATA', (s) => [s.headers(1, END), ENDED, DATA(1, END, 'test')], closed],
    ['closed: HEADERS', (s) => [s.headers(1, END), ENDED, s.headers(1, END)], closed],
    [
      'closed: CONTINUATION',
      (s) => [s.headers(1, END), ENDED, CONTINUATION(1, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
  ]);
  ask('5.1.1', [
    ['an even stream', (s) => [s.headers(2, END)], PROTOCOL_ERROR],
    ['a stream below the last', (s) => [s.headers(5, END), s.headers(3, END)], PROTOCOL_ERROR],
  ]);
  ask('5.1.2', [
    [
      'one stream too many',
      (s) => [SETTINGS([4, 0]), bytes(...Array.from({ length: 101 }, (_, i) => s.headers(2 * i + 1, END)))],
      { stream: ['PROTOCOL_ERROR', 'REFUSED_STREAM'], id: 201 },
    ],
  ]);
  ask('5.3.1', [
    [
      'HEADERS that depend on themselves',
      (s) => [frame(HEADERS, END | END_HEADERS | PRIORITY, 1, uint32(1), 255, s.block())],
      MALFORMED,
    ],
    ['PRIORITY that depends on itself', () => [PRIORITY_FRAME(1, 1)], MALFORMED],
  ]);
  ask('5.4.1', [
    ['a connection error ends the connection', () => [frame(FrameType.PING, 0, 3, 'opaque_8')], 'closes'],
    ['and is told by GOAWAY', () => [frame(FrameType.PING, 0, 3, 'opaque_8')], PROTOCOL_ERROR],
  ]);
  ask('5.5', [
    ['an unknown frame', () => [frame(0xff, 0, 0, 'opaque_8')], 'goes on'],
    [
      'one inside a block',
      (s) => [
        frame(HEADERS, END, 1, s.block()),
        frame(0xff, 1, 0, 'opaque_8'),
        CONTINUATION(1, END_HEADERS, s.block(LONG)),
      ],
      PROTOCOL_ERROR,
    ],
  ]);
});

describe('h2spec http2 6, frame by frame', () => {
  const open: Case[1] = (s) => [s.headers(1, 0, s.request('POST'))];
  ask('6.1, DATA', [
    ['on stream 0', () => [DATA(0, END, 'test')], PROTOCOL_ERROR],
    ['on a stream that is not open', (s) => [s.headers(1, END), DATA(1, END, 'test')], LATE],
    ['padding that is too long', (s) => [...open(s), DATA(1, PADDED | END, 6, 'test')], PROTOCOL_ERROR],
  ]);
  ask('6.2, HEADERS', [
    [
      'PRIORITY before the end of its block',
      (s) => [frame(HEADERS, END, 1, s.block()), PRIORITY_FRAME(1)],
      PROTOCOL_ERROR,
    ],
    ['those of another stream there', (s) => [frame(HEADERS, END, 1, s.block()), s.headers(3, END)], PROTOCOL_ERROR],
    ['on stream 0', (s) => [s.headers(0, END)], PROTOCOL_ERROR],
    [
      'padding that is too long',
      (s) => [frame(HEADERS, END | END_HEADERS | PADDED, 1, 0xff, s.block())],
      PROTOCOL_ERROR,
    ],
  ]);
  ask('6.3, PRIORITY', [
    ['on stream 0', () => [PRIORITY_FRAME(0)], PROTOCOL_ERROR],
    ['too short', (s) => [...open(s), frame(FrameType.PRIORITY, 0, 1, uint32(0))], { stream: ['FRAME_SIZE_ERROR'] }],
  ]);
  ask('6.4, RST_STREAM', [
    ['on stream 0', () => [RST_STREAM(0, 8)], PROTOCOL_ERROR],
    ['on an idle stream', () => [RST_STREAM(1, 8)], PROTOCOL_ERROR],
    ['too short', (s) => [...open(s), frame(FrameType.RST_STREAM, 0, 1, [0, 0, 0])], FRAME_SIZE_ERROR],
  ]);
  ask('6.5, SETTINGS', [
    ['an acknowledgement with a payload', () => [frame(FrameType.SETTINGS, ACK, 0, 0)], FRAME_SIZE_ERROR],
    ['on a stream', () => [frame(FrameType.SETTINGS, 0, 1, [0, 3], uint32(100))], PROTOCOL_ERROR],
    ['a length that is no multiple of 6', () => [frame(FrameType.SETTINGS, 0, 0, [0, 3, 0])], FRAME_SIZE_ERROR],
  ]);
  ask('6.5.2', [
    ['ENABLE_PUSH of 2', () => [SETTINGS([2, 2])], PROTOCOL_ERROR],
    ['INITIAL_WINDOW_SIZE of 2^31', () => [SETTINGS([4, 2 ** 31])], FLOW_CONTROL_ERROR],
    ['MAX_FRAME_SIZE of 16 383', () => [SETTINGS([5, 16_383])], PROTOCOL_ERROR],
    ['MAX_FRAME_SIZE of 2^24', () => [SETTINGS([5, 2 ** 24])], PROTOCOL_ERROR],
    ['an unknown one', () => [SETTINGS([0xff, 1])], 'goes on'],
  ]);
  ask('6.5.3', [
    [
      'INITIAL_WINDOW_SIZE twice: the last counts',
      (s) => [SETTINGS([4, 100], [4, 1]), ACKNOWLEDGED, s.headers(1, END)],
      dataOf(1),
    ],
    ['an acknowledgement comes at once', () => [SETTINGS([2, 0])], ACKNOWLEDGED],
  ]);
  const pongOf =
    (opaque: string) =>
    async (peer: Http2Peer): Promise<void> => {
      await peer.barrier();
      const pongs = peer.heard.flatMap((each) =>
        each.type === FrameType.PING && each.flags === ACK ? [Buffer.from(each.opaque).toString('latin1')] : [],
      );
      expect(pongs.filter((one) => one === opaque)).toHaveLength(opaque === 'invalid\0' ? 0 : 1);
    };
  ask('6.7, PING', [
    ['is answered', () => [PING('h2spec\0\0')], pongOf('h2spec\0\0')],
    ['an answer is not', () => [PING('invalid\0', ACK)], pongOf('invalid\0')],
    ['on a stream', () => [frame(FrameType.PING, 0, 1, 'opaque_8')], PROTOCOL_ERROR],
    ['too short', () => [frame(FrameType.PING, 0, 0, 'opaque')], FRAME_SIZE_ERROR],
  ]);
  ask('6.8, GOAWAY', [['on a stream', () => [frame(FrameType.GOAWAY, 0, 1, uint32(0), uint32(0))], PROTOCOL_ERROR]]);
  ask('6.9, WINDOW_UPDATE', [
    ['by 0', () => [WINDOW_UPDATE(0, 0)], PROTOCOL_ERROR],
    ['of a stream by 0', (s) => [...open(s), WINDOW_UPDATE(1, 0)], MALFORMED],
    ['too short', () => [frame(FrameType.WINDOW_UPDATE, 0, 0, [0, 0, 1])], FRAME_SIZE_ERROR],
  ]);
  ask('6.9.1', [
    ['a window of 1', (s) => [SETTINGS([4, 1]), ACKNOWLEDGED, s.headers(1, END)], dataOf(1)],
    [
      'the window of the connection above 2^31 - 1',
      () => [WINDOW_UPDATE(0, MOST), WINDOW_UPDATE(0, MOST)],
      FLOW_CONTROL_ERROR,
    ],
    [
      'that of a stream',
      (s) => [...open(s), WINDOW_UPDATE(1, MOST), WINDOW_UPDATE(1, MOST)],
      { stream: ['FLOW_CONTROL_ERROR'] },
    ],
  ]);
  ask('6.9.2', [
    [
      'a window that grows behind the request',
      (s) => [SETTINGS([4, 0]), ACKNOWLEDGED, s.headers(1, END), SETTINGS([4, 1]), ACKNOWLEDGED],
      dataOf(1),
    ],
    [
      'a window that turns negative',
      (s) => [
        SETTINGS([4, 3]),
        ACKNOWLEDGED,
        s.headers(1, END),
        dataOf(3),
        SETTINGS([4, 2]),
        ACKNOWLEDGED,
        WINDOW_UPDATE(1, 2),
      ],
      dataOf(1),
    ],
    ['INITIAL_WINDOW_SIZE of 2^31', () => [SETTINGS([4, 2 ** 31])], FLOW_CONTROL_ERROR],
  ]);
  ask('6.10, CONTINUATION', [
    [
      'several',
      (s) => [
        frame(HEADERS, END, 1, s.block()),
        CONTINUATION(1, 0, s.block(LONG)),
        CONTINUATION(1, END_HEADERS, s.block(['x-dummy1', 'y'.repeat(4000)])),
      ],
      { answered: 1 },
    ],
    [
      'another frame behind it',
      (s) => [frame(HEADERS, END, 1, s.block()), CONTINUATION(1, 0, s.block(LONG)), DATA(1, END, 'test')],
      PROTOCOL_ERROR,
    ],
    [
      'on stream 0',
      (s) => [frame(HEADERS, END, 1, s.block()), CONTINUATION(0, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
    ['behind a block that has ended', (s) => [...open(s), CONTINUATION(1, END_HEADERS, s.block(LONG))], PROTOCOL_ERROR],
    [
      'behind CONTINUATION that has ended it',
      (s) => [
        frame(HEADERS, 0, 1, s.block()),
        CONTINUATION(1, END_HEADERS, s.block(LONG)),
        CONTINUATION(1, END_HEADERS, s.block(LONG)),
      ],
      PROTOCOL_ERROR,
    ],
    [
      'behind DATA',
      (s) => [...open(s), DATA(1, 0, 'test'), CONTINUATION(1, END_HEADERS, s.block(LONG))],
      PROTOCOL_ERROR,
    ],
  ]);
});

describe('h2spec http2 7, error codes', () => {
  ask('7', [
    ['GOAWAY with an unknown one', () => [GOAWAY(0, 0xff)], 'closes'],
    ['RST_STREAM with an unknown one', (s) => [s.headers(1, 0, s.request('POST')), RST_STREAM(1, 0xff)], 'goes on'],
  ]);
});

describe('h2spec http2 8, messages', () => {
  const send =
    (change: (list: string[]) => readonly string[]): Case[1] =>
    (s) => [s.headers(1, END, change(s.request()))];
  const without = (name: string): Case[1] => send((list) => list.filter((_, i) => list[i - (i % 2)] !== name));
  const twice = (name: string): Case[1] => send((list) => [...list, name, list[list.indexOf(name) + 1] as string]);
  ask('8.1', [
    [
      'a second HEADERS without END_STREAM',
      (s) => [s.headers(1, 0, s.request('POST')), DATA(1, 0, 'test'), s.headers(1, 0, ['x-test', 'ok'])],
      MALFORMED,
    ],
  ]);
  ask('8.1.2', [['a name in upper case', send((list) => [...list, 'X-TEST', 'ok']), MALFORMED]]);
  ask('8.1.2.1', [
    ['an unknown pseudo-field', send((list) => [...list, ':test', 'ok']), MALFORMED],
    ['one of responses', send((list) => [...list, ':status', '200']), MALFORMED],
    [
      'one in trailers',
      (s) => [s.headers(1, 0, s.request('POST')), DATA(1, 0, 'test'), s.headers(1, END, [':method', 'POST'])],
      MALFORMED,
    ],
    ['one behind a field', send((list) => ['x-test', 'ok', ...list]), MALFORMED],
  ]);
  ask('8.1.2.2', [
    ['a field of the connection', send((list) => [...list, 'connection', 'keep-alive']), MALFORMED],
    [
      'TE of anything but trailers',
      send((list) => [...list, 'trailers', 'test', 'te', 'trailers, deflate;q=0.5']),
      MALFORMED,
    ],
  ]);
  ask('8.1.2.3', [
    ['an empty :path', send((list) => list.map((value) => (value === '/' ? '' : value))), MALFORMED],
    ['no :method', without(':method'), MALFORMED],
    ['no :scheme', without(':scheme'), MALFORMED],
    ['no :path', without(':path'), MALFORMED],
    [':method twice', twice(':method'), MALFORMED],
    [':scheme twice', twice(':scheme'), MALFORMED],
    [':path twice', twice(':path'), MALFORMED],
  ]);
  ask('8.1.2.6', [
    [
      'content-length that is not that of the DATA',
      (s) => [s.headers(1, 0, [...s.request('POST'), 'content-length', '1']), DATA(1, END, 'test')],
      MALFORMED,
    ],
    [
      'nor that of several',
      (s) => [s.headers(1, 0, [...s.request('POST'), 'content-length', '1']), DATA(1, 0, 'test'), DATA(1, END, 'test')],
      MALFORMED,
    ],
  ]);
  ask('8.2', [
    [
      'PUSH_PROMISE of a client',
      (s) => [s.headers(1, 0, s.request('POST')), frame(PUSH_PROMISE, END_HEADERS, 1, uint32(3), s.block())],
      PROTOCOL_ERROR,
    ],
  ]);
});
