import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import {
  block,
  DATA,
  END,
  END_HEADERS,
  frame,
  GET,
  greetedClient,
  HEADERS,
  type Part,
  SETTINGS,
} from '../support/http2-peer.js';
import {
  COMPRESSION_ERROR,
  FRAME_SIZE_ERROR,
  get,
  PROTOCOL_ERROR,
  type Rows,
  scene,
  serverMeets,
} from './http2-scene.js';

/** A request with a block given byte by byte. */
const BLOCK = (...parts: readonly Part[]): Uint8Array => frame(FrameType.HEADERS, END | END_HEADERS, 1, ...parts);
const REQUEST = block(...GET);
const BIG = 'x'.repeat(16_385);

describe('RFC 9113 §4.1 and §4.2, frames', () => {
  const rows: Rows = [
    ['an unknown type', [frame(0xff, 0, 0, 'x'.repeat(8))], ['fine']],
    ['unknown flags of DATA', [HEADERS(1, 0, ...get('/echo')), frame(FrameType.DATA, 0xf6, 1, 'a')], ['fine']],
    ['unknown flags of SETTINGS', [frame(FrameType.SETTINGS, 0xfe, 0)], ['fine']],
    ['the reserved bit', [frame(FrameType.PING, 0, 0x8000_0000, 'opaque_8')], ['fine']],
    ['DATA of 2^14 bytes', [HEADERS(1, 0, ...get('/never')), DATA(1, END, BIG.slice(1))], ['fine']],
    ['DATA over 2^14 bytes', [HEADERS(1, 0, ...get('/never')), DATA(1, END, BIG)], FRAME_SIZE_ERROR],
    ['HEADERS over 2^14 bytes', [HEADERS(1, END, ...GET, 'a', BIG)], FRAME_SIZE_ERROR],
    ['SETTINGS over 2^14 bytes', [frame(FrameType.SETTINGS, 0, 0, BIG)], FRAME_SIZE_ERROR],
    ['an unknown frame over 2^14 bytes', [frame(0xff, 0, 0, BIG)], FRAME_SIZE_ERROR],
    ['CONTINUATION over 2^14 bytes', [frame(1, END, 1, REQUEST), frame(9, END_HEADERS, 1, BIG)], FRAME_SIZE_ERROR],
  ];
  it.each(rows)('unknown parts are ignored, and sizes are kept to: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );
});

describe('RFC 9113 §4.3, header compression on the wire', () => {
  const rows: Rows = [
    ['an index behind both tables', [BLOCK(REQUEST, 0x80 | 70)], COMPRESSION_ERROR],
    ['index 0', [BLOCK(REQUEST, 0x80)], COMPRESSION_ERROR],
    ['a name at an index behind both tables', [BLOCK(REQUEST, [0x40 | 62, 1], 'a')], COMPRESSION_ERROR],
    ['a literal cut off', [BLOCK(REQUEST, [0x40, 5], 'ab')], COMPRESSION_ERROR],
    ['an integer without an end', [BLOCK(REQUEST, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])], COMPRESSION_ERROR],
    [
      'Huffman code with more than 7 bits of padding',
      [BLOCK(REQUEST, [0x00, 0x01], 'a', [0x82, 0x1f, 0xff])],
      COMPRESSION_ERROR,
    ],
    ['Huffman code padded by zeros', [BLOCK(REQUEST, [0x00, 0x01], 'a', [0x81, 0x18])], COMPRESSION_ERROR],
    ['Huffman code with EOS', [BLOCK(REQUEST, [0, 1], 'a', [0x84, 0xff, 0xff, 0xff, 0xff])], COMPRESSION_ERROR],
    ['a table size above the one allowed', [BLOCK([0x3f, 0xe2, 0x1f], REQUEST)], COMPRESSION_ERROR],
    ['a table size behind a field', [BLOCK(REQUEST, [0x20])], COMPRESSION_ERROR],
    ['the largest table size allowed', [BLOCK([0x3f, 0xe1, 0x1f], REQUEST)], ['fine']],
    ['two table sizes', [BLOCK([0x20, 0x3f, 0xe1, 0x1f], REQUEST)], ['fine']],
    ['a broken block on a stream that would be refused', [HEADERS(1, 0), BLOCK(0x80)], COMPRESSION_ERROR],
    ['a broken block behind PRIORITY on itself', [frame(1, 0x25, 1, [0, 0, 0, 1, 0, 0x80])], COMPRESSION_ERROR],
    ['a broken block on stream 0', [frame(1, 5, 0, [0x80])], PROTOCOL_ERROR],
  ];
  it.each(rows)('a block that does not decode is COMPRESSION_ERROR: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('the blocks of one connection share a table, in the order they come', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    const indexed = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]; // :authority: a enters
    peer.send(frame(1, 5, 1, [...indexed, 0x40, 1], 'k', 1, 'v'), frame(1, 5, 3, [0x82, 0x86, 0x84, 0xbf, 0xbe]));
    expect([(await peer.message(1)).body, (await peer.message(3)).body]).toEqual(['fine', 'fine']);
    expect(requests.map(({ authority, fields }) => [authority, fields.get('k')])).toEqual([
      ['a', 'v'],
      ['a', 'v'],
    ]);
  });

  it('§4.3.1: a server tells a smaller table at the beginning of its next block', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port, [1, 0]);
    peer.send(HEADERS(1, END, ...GET));
    const head = await peer.frame<never>(FrameType.HEADERS, 1);
    expect((head as { fragment: Uint8Array }).fragment[0]).toBe(0x20);
    peer.send(SETTINGS([1, 100]), HEADERS(3, END, ...GET));
    const next = await peer.frame<never>(FrameType.HEADERS, 3);
    expect([...(next as { fragment: Uint8Array }).fragment.subarray(0, 2)]).toEqual([0x3f, 100 - 31]);
    expect(peer.failure).toBeUndefined();
  });

  it('§4.3.1: a client that was told of a smaller table has to say so in its next block', async () => {
    const { port } = await scene({ http2: { settings: { headerTableSize: 0 } } });
    const peer = await greetedClient(port);
    peer.send(BLOCK([0x20], REQUEST));
    expect((await peer.message(1)).body).toBe('fine');
    const other = await greetedClient(port);
    other.send(BLOCK(REQUEST));
    await other.goaway('COMPRESSION_ERROR');
  });
});
