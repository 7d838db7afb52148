/**
 * The cases of groups 12 and 13 of the Autobahn suite, told anew, on real sockets and made smaller: messages of many sizes there and back through
 * permessage-deflate, under every set of parameters. The peer's zlib has exactly the windows that were agreed on.
 */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DeflateConfig } from '../../operators/websocket/permessage-deflate.js';
import { DeflatingPeer } from './autobahn/deflating-peer.js';
import { SIDES } from './autobahn/sides.js';
import { close, frame, OP, text } from './autobahn/wire.js';

const KEEP = { serverNoContextTakeover: false, clientNoContextTakeover: false, threshold: 0 };
const DROP = { threshold: 0 };
const bits = (serverMaxWindowBits: number, clientMaxWindowBits = serverMaxWindowBits): DeflateConfig => ({
  serverMaxWindowBits,
  clientMaxWindowBits,
});

/** Our configuration; what a peer offers as a client, and what our server makes of it; what a peer answers as a server. */
interface Parameters {
  readonly id: string;
  readonly deflate: DeflateConfig;
  readonly offer: string;
  readonly agreed: string;
  readonly answer: string;
}

const P = 'permessage-deflate';
const NO = 'server_no_context_takeover; client_no_context_takeover';
const both = (n: number): string => `server_max_window_bits=${n}; client_max_window_bits=${n}`;

// prettier-ignore
const PARAMETERS: readonly Parameters[] = [
  { id: '13.1 none', deflate: KEEP, offer: P, agreed: P, answer: P },
  { id: '13.2 no context takeover', deflate: KEEP, offer: `${P}; ${NO}`, agreed: `${P}; ${NO}`, answer: `${P}; ${NO}` },
  { id: '13.2 no context takeover, by ours', deflate: DROP, offer: P, agreed: `${P}; ${NO}`, answer: `${P}; ${NO}` },
  { id: '13.3 windows of 512 bytes', deflate: KEEP, offer: `${P}; ${both(9)}`, agreed: `${P}; ${both(9)}`, answer: `${P}; ${both(9)}` },
  { id: '13.3 windows of 512 bytes, by ours', deflate: { ...KEEP, ...bits(9) }, offer: `${P}; client_max_window_bits`, agreed: `${P}; ${both(9)}`, answer: `${P}; ${both(9)}` },
  { id: '13.4 windows of 32 KiB', deflate: KEEP, offer: `${P}; ${both(15)}`, agreed: `${P}; server_max_window_bits=15`, answer: `${P}; ${both(15)}` },
  { id: '13.5 both, 512 bytes', deflate: KEEP, offer: `${P}; ${NO}; ${both(9)}`, agreed: `${P}; ${NO}; ${both(9)}`, answer: `${P}; ${NO}; ${both(9)}` },
  { id: '13.6 both, 32 KiB', deflate: KEEP, offer: `${P}; ${NO}; ${both(15)}`, agreed: `${P}; ${NO}; server_max_window_bits=15`, answer: `${P}; ${NO}; ${both(15)}` },
  { id: '13.7 several offers', deflate: KEEP, offer: `${P}; ${NO}; ${both(9)}, ${P}; ${NO}, ${P}`, agreed: `${P}; ${NO}; ${both(9)}`, answer: `${P}; ${NO}; ${both(9)}` },
  { id: '13.7 several offers, the first unknown', deflate: KEEP, offer: `${P}; level=9, x-other, ${P}; server_max_window_bits=10`, agreed: `${P}; server_max_window_bits=10`, answer: `${P}; server_max_window_bits=10` },
  ...[8, 10, 11, 12, 13, 14].map((n) => ({ id: `13 our window of 2^${n}`, deflate: KEEP, offer: `${P}; server_max_window_bits=${n}`, agreed: `${P}; server_max_window_bits=${n}`, answer: `${P}; client_max_window_bits=${n}` })),
];

const SIZES = [0, 1, 16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
const FRAGMENTS = [256, 1024, 4096, 32_768];
const COUNT = 10;

/** Text that repeats itself at every distance up to more than the largest window. */
const words = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `{"n":${(i * 7919) % 10_007}}`).join('ü'));
/** The start of it, up to the last whole letter. */
const texts = (size: number): Buffer =>
  Buffer.from(
    words
      .subarray(0, size)
      .toString()
      .replace(/\ufffd+$/, ''),
  );

describe.each(SIDES)('$name', (side) => {
  const open = async ({ deflate, offer, agreed, answer }: Parameters): Promise<DeflatingPeer> => {
    const isServer = side.role === 'server';
    const peer = await side.open({ peer: isServer ? offer : answer, deflate });
    if (isServer) expect(peer.extensions).toBe(agreed);
    return new DeflatingPeer(peer, isServer ? 'client' : 'server', isServer ? agreed : answer);
  };

  it.each(PARAMETERS)('12, $id: text and bytes of all sizes', { timeout: 30_000 }, async (parameters) => {
    const peer = await open(parameters);
    for (const size of SIZES) {
      for (const [op, payload] of [
        [OP.TEXT, texts(size)],
        [OP.BINARY, randomBytes(size)],
        [OP.BINARY, Buffer.alloc(size)],
      ] as const) {
        // prettier-ignore
        const { echo, payload: got } = await peer.roundTrip(op, payload);
        expect({ op: echo.op, fin: echo.fin, rsv: echo.rsv }).toEqual({ op, fin: true, rsv: 4 });
        expect(got.equals(payload), `${size} bytes`).toBe(true);
      }
    }
  });

  it.each(PARAMETERS)('12, $id: fragments, many times', { timeout: 30_000 }, async (parameters) => {
    const peer = await open(parameters);
    for (const size of FRAGMENTS) {
      for (let i = 0; i < COUNT; i++) {
        const { payload: got } = await peer.roundTrip(OP.TEXT, texts(40_000 + i), size);
        expect(got.equals(texts(40_000 + i))).toBe(true);
      }
    }
  });

  const agreedOn = { peer: P, deflate: KEEP };
  it.each([
    ['RSV1 on a continuation', [frame(OP.TEXT, 'f248cd', false, 4), frame(OP.CONT, 'c9c90700', true, 4)], 1002],
    ['RSV1 on a ping', [frame(OP.PING, '', true, 4)], 1002],
    ['RSV2 beside RSV1', [frame(OP.TEXT, Buffer.from('f248cdc9c90700', 'hex'), true, 6)], 1002],
    ['what is no deflate', [frame(OP.BINARY, Buffer.from('ffffffff', 'hex'), true, 4)], 1007],
    ['compressed text that is not UTF-8', [frame(OP.TEXT, Buffer.from('faff0000', 'hex'), true, 4)], 1007],
  ] as const)('%s is refused', async (_, frames, code) => {
    const peer = await side.open(agreedOn);
    const heard = await peer.run(frames);
    expect(heard).toEqual([`CLOSE ${code}`]);
  });

  it('a message without RSV1 is taken as it is; a close works as without compression', async () => {
    const peer = await side.open(agreedOn);
    const heard = await peer.run([text('plain'), { heard: 1 }, close(1000)]);
    expect(heard.at(-1)).toBe('CLOSE 1000');
    expect(heard).toHaveLength(2);
  });
});
