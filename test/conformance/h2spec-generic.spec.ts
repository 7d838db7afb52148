/** What h2spec calls generic: a server does what every client wants of it. The numbers are those of the suite. */
import { describe } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import { clientPreface } from '../../operators/http2/preface.js';
import {
  ACK,
  bytes,
  DATA,
  END,
  END_HEADERS,
  frame,
  GOAWAY,
  PADDED,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { ACKNOWLEDGED, ask, type Case, CONTINUATION, ENDED, LONG, PRIORITY_FRAME } from './h2spec-scene.js';

const { HEADERS } = FrameType;
const CLOSED_WINDOW = SETTINGS([4, 0]);
const dataOnOne: Case[2] = (peer) => peer.frame(FrameType.DATA, 1);
const ANSWERED: Case[2] = { answered: 1 };

describe('h2spec generic 1, starting', () => {
  ask('1', [['a preface', () => [clientPreface(), SETTINGS()], (peer) => peer.frame(FrameType.SETTINGS)]], false);
});

describe('h2spec generic 2, states of a stream', () => {
  ask('2', [
    ['PRIORITY on an idle stream', () => [PRIORITY_FRAME(1)], 'goes on'],
    [
      'WINDOW_UPDATE on a half closed (remote) stream',
      (s) => [CLOSED_WINDOW, s.headers(1, END), WINDOW_UPDATE(1, 1)],
      dataOnOne,
    ],
    [
      'PRIORITY on a half closed (remote) stream',
      (s) => [CLOSED_WINDOW, s.headers(1, END), PRIORITY_FRAME(1), WINDOW_UPDATE(1, 1)],
      dataOnOne,
    ],
    ['RST_STREAM on a half closed (remote) stream', (s) => [s.headers(1, END), RST_STREAM(1, 8)], 'goes on'],
    ['PRIORITY on a closed stream', (s) => [s.headers(1, END), ENDED, PRIORITY_FRAME(1)], 'goes on'],
  ]);
});

describe('h2spec generic 3, frames', () => {
  ask('3.1, DATA', [
    ['one', (s) => [s.headers(1, 0, s.request('POST')), DATA(1, END, 'test')], ANSWERED],
    ['two', (s) => [s.headers(1, 0, s.request('POST')), DATA(1, 0, 'test'), DATA(1, END, 'test')], ANSWERED],
    [
      'padded',
      (s) => [s.headers(1, 0, s.request('POST')), DATA(1, PADDED | END, 6, 'test', bytes(6).fill(0), 0, 0, 0, 0, 0)],
      ANSWERED,
    ],
  ]);
  ask('3.2, HEADERS', [
    ['one', (s) => [s.headers(1, END)], ANSWERED],
    ['padded', (s) => [frame(HEADERS, END | END_HEADERS | PADDED, 1, 6, s.block(), [0, 0, 0, 0, 0, 0])], ANSWERED],
    ['with priority', (s) => [frame(HEADERS, END | END_HEADERS | PRIORITY, 1, uint32(0), 255, s.block())], ANSWERED],
  ]);
  ask('3.3, PRIORITY', [
    ['weight 1', (s) => [PRIORITY_FRAME(1, 0, 0), s.headers(1, END)], ANSWERED],
    ['weight 256', (s) => [PRIORITY_FRAME(1, 0, 255), s.headers(1, END)], ANSWERED],
    ['a dependency', (s) => [PRIORITY_FRAME(1, 0), PRIORITY_FRAME(3, 1), s.headers(1, END)], ANSWERED],
    ['an exclusive one', (s) => [PRIORITY_FRAME(1, 0, 255, true), s.headers(1, END)], ANSWERED],
    ['for an idle stream above the one that opens', (s) => [PRIORITY_FRAME(5), s.headers(3, END)], { answered: 3 }],
  ]);
  ask('3.4 to 3.9, the others', [
    ['3.4, RST_STREAM', (s) => [s.headers(1, 0, s.request('POST')), RST_STREAM(1, 8)], 'goes on'],
    [
      '3.5, SETTINGS, one of each',
      () => [SETTINGS([1, 4096], [2, 1], [3, 100], [4, 65_535], [5, 16_384], [6, 100])],
      ACKNOWLEDGED,
    ],
    [
      '3.7, PING',
      () => [PING('h2spec\0\0')],
      (peer) => peer.take('its answer', ({ type, flags }) => type === FrameType.PING && flags === ACK),
    ],
    ['3.8, GOAWAY: what is left to do is nothing', () => [GOAWAY(0)], 'closes'],
    ['3.9, WINDOW_UPDATE of the connection', () => [WINDOW_UPDATE(0, 1)], 'goes on'],
    ['3.9, WINDOW_UPDATE of a stream', (s) => [s.headers(1, END), WINDOW_UPDATE(1, 1)], ANSWERED],
  ]);
  ask('3.10, CONTINUATION', [
    ['one', (s) => [frame(HEADERS, END, 1, s.block()), CONTINUATION(1, END_HEADERS, s.block(LONG))], ANSWERED],
    [
      'several',
      (s) => [
        frame(HEADERS, END, 1, s.block()),
        CONTINUATION(1, 0, s.block(LONG)),
        CONTINUATION(1, END_HEADERS, s.block(['x-dummy1', 'y'.repeat(4000)])),
      ],
      ANSWERED,
    ],
  ]);
});

describe('h2spec generic 4, messages', () => {
  ask('4', [
    ['GET', (s) => [s.headers(1, END)], ANSWERED],
    ['HEAD', (s) => [s.headers(1, END, s.request('HEAD'))], ANSWERED],
    ['POST', (s) => [s.headers(1, 0, s.request('POST')), DATA(1, END, 'test')], ANSWERED],
    [
      'POST with trailers',
      (s) => [
        s.headers(1, 0, [...s.request('POST'), 'trailer', 'x-test']),
        DATA(1, 0, 'test'),
        s.headers(1, END, ['x-test', 'ok']),
      ],
      ANSWERED,
    ],
  ]);
});

describe('h2spec generic 5, HPACK', () => {
  const plain = 'user-agent';
  const literal = (first: number) => (s: { withRaw: (...raw: (number | string)[]) => Uint8Array }) => [
    s.withRaw(first, plain.length, plain, 6, 'rxweir'),
  ];
  const coded =
    (first: number) => (s: { withRaw: (...raw: (number | readonly number[] | string)[]) => Uint8Array }) => [
      s.withRaw(first, [0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff], 6, 'rxweir'), // x-test, Huffman-coded
    ];
  const indexed =
    (first: number) => (s: { withRaw: (...raw: (number | readonly number[] | string)[]) => Uint8Array }) => [
      s.withRaw(first, 6, 'rxweir'),
    ];
  ask('5', [
    ['an indexed field', (s) => [s.withRaw(0xba)], ANSWERED],
    ['a literal that enters the table: a name of the table', indexed(0x40 | 58), ANSWERED],
    ['a literal that enters the table: a name of its own', literal(0x40), ANSWERED],
    ['a literal that enters the table: Huffman code', coded(0x40), ANSWERED],
    ['a literal that does not: a name of the table', (s) => [s.withRaw(0x0f, 58 - 15, 6, 'rxweir')], ANSWERED],
    ['a literal that does not: a name of its own', literal(0), ANSWERED],
    ['a literal that does not: Huffman code', coded(0), ANSWERED],
    ['one that never does: a name of the table', (s) => [s.withRaw(0x1f, 58 - 15, 6, 'rxweir')], ANSWERED],
    ['one that never does: a name of its own', literal(0x10), ANSWERED],
    ['one that never does: Huffman code', coded(0x10), ANSWERED],
    ['a table size update', (s) => [frame(HEADERS, END | END_HEADERS, 1, 0x20, s.block())], ANSWERED],
    ['two of them', (s) => [frame(HEADERS, END | END_HEADERS, 1, 0x20, [0x3f, 0xe1, 0x1f], s.block())], ANSWERED],
  ]);
});
