/** The examples of RFC 7541 Appendix C; those of C.1 are in `operators/hpack/integer`. */
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { hex, hexOf, lines, tableOf } from '../operators/hpack/support.js';

interface Step {
  readonly wire: string;
  readonly fields: readonly string[];
  /** The dynamic table afterwards, the newest entry first. */
  readonly table: readonly string[];
  readonly size: number;
}

describe('C.2, representations', () => {
  it.each([
    ['C.2.1, indexed', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header', 55],
    ['C.2.2, without indexing', '040c2f73616d706c652f70617468', ':path: /sample/path', 0],
    ['C.2.3, never indexed', '100870617373776f726406736563726574', 'password: secret', 0],
    ['C.2.4, an index', '82', ':method: GET', 0],
  ])('%s', (name, wire, field, size) => {
    const decoder = new HpackDecoder();
    expect(lines(decoder.decodeList(hex(wire)))).toEqual([field]);
    expect(decoder.neverIndexed).toEqual(name.includes('never') ? [0] : undefined);
    expect(decoder.tableSize).toBe(size);
    expect(tableOf(decoder)).toEqual(size > 0 ? [field] : []);
  });
});

const HOST = ':authority: www.example.com';
const requests: readonly Omit<Step, 'wire'>[] = [
  {
    fields: [':method: GET', ':scheme: http', ':path: /', HOST],
    table: [HOST],
    size: 57,
  },
  {
    fields: [':method: GET', ':scheme: http', ':path: /', HOST, 'cache-control: no-cache'],
    table: ['cache-control: no-cache', HOST],
    size: 110,
  },
  {
    fields: [':method: GET', ':scheme: https', ':path: /index.html', HOST, 'custom-key: custom-value'],
    table: ['custom-key: custom-value', 'cache-control: no-cache', HOST],
    size: 164,
  },
];

const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const LATER = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'location: https://www.example.com';
const PRIVATE = 'cache-control: private';
const GZIP = 'content-encoding: gzip';
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const responses: readonly Omit<Step, 'wire'>[] = [
  {
    fields: [':status: 302', PRIVATE, DATE, LOCATION],
    table: [LOCATION, DATE, PRIVATE, ':status: 302'],
    size: 222,
  },
  {
    fields: [':status: 307', PRIVATE, DATE, LOCATION],
    table: [':status: 307', LOCATION, DATE, PRIVATE],
    size: 222,
  },
  {
    fields: [':status: 200', PRIVATE, LATER, LOCATION, GZIP, COOKIE],
    table: [COOKIE, GZIP, LATER],
    size: 215,
  },
];

const wires: Record<string, readonly [wires: readonly string[], steps: readonly Omit<Step, 'wire'>[], size: number]> = {
  'C.3, requests without Huffman': [
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    requests,
    4096,
  ],
  'C.4, requests with Huffman': [
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
    requests,
    4096,
  ],
  'C.5, responses without Huffman, with eviction': [
    [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
       546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
       6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
       2076 6572 7369 6f6e 3d31`,
    ],
    responses,
    256,
  ],
  'C.6, responses with Huffman, with eviction': [
    [
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
       8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
       dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ],
    responses,
    256,
  ],
};

describe.each(Object.entries(wires))('%s', (_, [blocks, steps, maxTableSize]) => {
  it('decodes to the fields and leaves the table as it is shown', () => {
    const decoder = new HpackDecoder({ maxTableSize });
    for (const [i, { fields, table, size }] of steps.entries()) {
      expect(lines(decoder.decodeList(hex(blocks[i] as string)))).toEqual(fields);
      expect(decoder.tableSize).toBe(size);
      expect(tableOf(decoder)).toEqual(table);
    }
  });
});

it('C.4 is what our encoder writes', () => {
  const encoder = new HpackEncoder();
  const [blocks, steps] = wires['C.4, requests with Huffman'] as (typeof wires)[string];
  for (const [i, { fields, size }] of steps.entries()) {
    const list = fields.flatMap((field) => {
      const colon = field.indexOf(':', 1);
      return [field.slice(0, colon), field.slice(colon + 2)];
    });
    expect(hexOf(encoder.encode(list))).toBe((blocks[i] as string).replaceAll(' ', ''));
    expect(encoder.tableSize).toBe(size);
  }
});
