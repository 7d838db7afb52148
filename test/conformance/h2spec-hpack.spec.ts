/** What h2spec asks of a decoder of header blocks. The numbers are those of the suite, sections of RFC 7541. */
import { describe } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import { END, END_HEADERS, frame } from '../support/http2-peer.js';
import { ask, type Case } from './h2spec-scene.js';

const BROKEN: Case[2] = { connection: ['COMPRESSION_ERROR'] };

describe('h2spec hpack', () => {
  ask('2.3.3', [
    ['an index behind both tables', (s) => [s.withRaw(0xc6)], BROKEN],
    ['a literal whose name is behind both tables', (s) => [s.withRaw([0x7f, 0x09], [0x01, 0x61])], BROKEN],
  ]);
  ask('4.2', [['a table size update at the end of a block', (s) => [s.withRaw(0x21)], BROKEN]]);
  ask('5.2', [
    [
      'Huffman code with more than 7 bits of padding',
      (s) => [s.withRaw(0, [0x86, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0xff], 1, 'a')],
      BROKEN,
    ],
    ['Huffman code padded with zeros', (s) => [s.withRaw(0, [0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xfe], 1, 'a')], BROKEN],
    [
      'Huffman code with the end of strings',
      (s) => [s.withRaw(0, [0x88, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0xff, 0xff, 0xff], 1, 'a')],
      BROKEN,
    ],
  ]);
  ask('6.1', [['index 0', (s) => [s.withRaw(0x80)], BROKEN]]);
  ask('6.3', [
    [
      'a table size above the limit',
      (s) => [frame(FrameType.HEADERS, END | END_HEADERS, 1, [0x3f, 0xe2, 0x1f], s.block())],
      BROKEN,
    ],
  ]);
});
