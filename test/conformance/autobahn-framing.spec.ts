/**
 * The cases of the Autobahn suite, told anew by what each is about, on real sockets: 1 framing, 2 pings and pongs, 3 reserved bits,
 * 4 opcodes, 5 fragmentation. Where that suite takes a looser answer too, the strict one is asked for.
 */
import { describe, expect, it } from 'vitest';
import { type Case, chop, heard, lines, together } from './autobahn/case.js';
import { runCase, SIDES } from './autobahn/sides.js';
import { binary, close, frame, more, OP, ping, pong, text } from './autobahn/wire.js';

const CLOSED = 'CLOSE 1000';
const REFUSED = 'CLOSE 1002';
const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];
const letters = (length: number): string => '*'.repeat(length);
const octets = (length: number): Buffer => Buffer.alloc(length, 0xfe);
const PINGS = Array.from({ length: 10 }, (_, i) => ping(`payload-${i}`));
const PONGS = PINGS.map(({ payload }) => pong(payload));

const FRAMING: Case[] = [
  ...SIZES.flatMap((size): Case[] => [
    { id: `1.1 text of ${size}`, sends: [text(letters(size)), close(1000)], hears: [text(letters(size)), CLOSED] },
    { id: `1.2 binary of ${size}`, sends: [binary(octets(size)), close(1000)], hears: [binary(octets(size)), CLOSED] },
  ]),
  { id: '1.1.8 text in pieces of 997', sends: [chop(997, text(letters(65_536))), close(1000)], hears: [text(letters(65_536)), CLOSED] }, // prettier-ignore
  { id: '1.2.8 binary in pieces of 997', sends: [chop(997, binary(octets(65_536))), close(1000)], hears: [binary(octets(65_536)), CLOSED] }, // prettier-ignore
];

const PINGING: Case[] = [
  { id: '2.1 without payload', sends: [ping(), close(1000)], hears: [pong(), CLOSED] },
  { id: '2.2 with text', sends: [ping('Hello, world!'), close(1000)], hears: [pong('Hello, world!'), CLOSED] },
  { id: '2.3 with bytes', sends: [ping(octets(8)), close(1000)], hears: [pong(octets(8)), CLOSED] },
  { id: '2.4 of 125 bytes', sends: [ping(octets(125)), close(1000)], hears: [pong(octets(125)), CLOSED] },
  { id: '2.5 of 126 bytes', sends: [ping(octets(126)), close(1000)], hears: [REFUSED] },
  { id: '2.6 byte by byte', sends: [chop(1, ping(octets(125))), close(1000)], hears: [pong(octets(125)), CLOSED] },
  { id: '2.7 a pong nobody asked for', sends: [pong(), close(1000)], hears: [CLOSED] },
  { id: '2.8 with payload', sends: [pong('unsolicited'), close(1000)], hears: [CLOSED] },
  { id: '2.9 and a ping behind it', sends: [pong('unsolicited'), ping('ours'), close(1000)], hears: [pong('ours'), CLOSED] }, // prettier-ignore
  { id: '2.10 ten of them', sends: [together(...PINGS), close(1000)], hears: [...PONGS, CLOSED] },
  { id: '2.11 ten, byte by byte', sends: [chop(1, ...PINGS), close(1000)], hears: [...PONGS, CLOSED] },
];

const BITS = [1, 2, 3, 4, 5, 6, 7];
const RESERVED: Case[] = BITS.flatMap((rsv): Case[] => {
  const bad = frame(OP.TEXT, 'b', true, rsv);
  return [
    { id: `3 text, bits ${rsv}`, sends: [bad, ping()], hears: [REFUSED] },
    { id: `3 binary, bits ${rsv}`, sends: [frame(OP.BINARY, 'b', true, rsv)], hears: [REFUSED] },
    { id: `3 ping, bits ${rsv}`, sends: [frame(OP.PING, 'b', true, rsv)], hears: [REFUSED] },
    { id: `3 close, bits ${rsv}`, sends: [frame(OP.CLOSE, '', true, rsv)], hears: [REFUSED] },
    { id: `3 behind a message, one write, bits ${rsv}`, sends: [together(text('a'), bad, ping())], hears: [text('a'), REFUSED] }, // prettier-ignore
    { id: `3 behind a message, frame by frame, bits ${rsv}`, sends: [text('a'), bad, ping()], hears: [text('a'), REFUSED] }, // prettier-ignore
    { id: `3 behind a message, byte by byte, bits ${rsv}`, sends: [chop(1, text('a'), bad, ping())], hears: [text('a'), REFUSED] }, // prettier-ignore
  ];
});

const OPCODES: Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((op): Case[] => [
  { id: `4 opcode ${op}`, sends: [frame(op)], hears: [REFUSED] },
  { id: `4 opcode ${op} with payload`, sends: [frame(op, 'reserved')], hears: [REFUSED] },
  { id: `4 opcode ${op} behind a message`, sends: [text('a'), frame(op), ping()], hears: [text('a'), REFUSED] },
  { id: `4 opcode ${op}, byte by byte`, sends: [chop(1, text('a'), frame(op, 'x'), ping())], hears: [text('a'), REFUSED] }, // prettier-ignore
]);

const TWO = [text('fragment1', false), more('fragment2', true)];
const PINGED = [text('fragment1', false), ping('pinged'), more('fragment2', true)];
const FIVE = [text('fragment1', false), more('fragment2'), ping('pongme 1'), more('fragment3'), more('fragment4'), ping('pongme 2'), more('fragment5', true)]; // prettier-ignore
const WHOLE = text('fragment1fragment2');
const FIVE_HEARD = [pong('pongme 1'), pong('pongme 2'), text('fragment1fragment2fragment3fragment4fragment5')];

/** A case in one write, frame by frame, and byte by byte. */
const threefold = (
  id: string,
  frames: ReturnType<typeof text>[],
  hears: Case['hears'],
  last = [close(1000)],
): Case[] => [
  { id: `${id}, in one write`, sends: [together(...frames), ...last], hears },
  { id: `${id}, frame by frame`, sends: [...frames, ...last], hears },
  { id: `${id}, byte by byte`, sends: [chop(1, ...frames), ...last], hears },
];

const FRAGMENTS: Case[] = [
  { id: '5.1 a ping in two', sends: [ping('a', false), more('b', true)], hears: [REFUSED] },
  { id: '5.2 a pong in two', sends: [pong('a', false), more('b', true)], hears: [REFUSED] },
  ...threefold('5.3 to 5.5 text in two', TWO, [WHOLE, CLOSED]),
  ...threefold('5.6 to 5.8 a ping between', PINGED, [pong('pinged'), WHOLE, CLOSED]),
  { id: '5.6 the ping is answered before the message is complete', sends: [text('a', false), ping('p'), heard(1), more('b', true), close(1000)], hears: [pong('p'), text('ab'), CLOSED] }, // prettier-ignore
  ...threefold('5.9 to 5.11 a last fragment of nothing', [more('x', true), text('a')], [REFUSED], []),
  ...threefold('5.12 to 5.14 a fragment of nothing', [more('x', false), text('a')], [REFUSED], []),
  ...threefold(
    '5.15 a message, then a fragment of nothing',
    [...TWO, more('x', false), text('a')],
    [WHOLE, REFUSED],
    [],
  ),
  ...threefold(
    '5.16 fragments of nothing around a message',
    [more('1'), text('2', false), more('3', true)],
    [REFUSED],
    [],
  ),
  ...threefold(
    '5.17 the last of nothing around a message',
    [more('1', true), text('2', false), more('3', true)],
    [REFUSED],
    [],
  ),
  ...threefold('5.18 a message inside another', [text('a', false), text('b', true)], [REFUSED], []),
  ...threefold('5.19, 5.20 five fragments, two pings', FIVE, [...FIVE_HEARD, CLOSED]),
  { id: '5.19 with a pause', sends: [...FIVE.slice(0, 3), heard(1), ...FIVE.slice(3), close(1000)], hears: [...FIVE_HEARD, CLOSED] }, // prettier-ignore
];

describe.each(SIDES)('$name', (side) => {
  it.each([...FRAMING, ...PINGING, ...RESERVED, ...OPCODES, ...FRAGMENTS])('$id', async (each) => {
    expect(await runCase(side, each)).toEqual(lines(each.hears));
  });

  it('5.1 masks: a frame that breaks the rule of its sender is refused', async () => {
    const wrong = side.role === 'server' ? '8101 61' : '8181 00000000 61';
    expect(await runCase(side, { id: '', sends: [Buffer.from(wrong.replace(/ /g, ''), 'hex')], hears: [] })).toEqual([REFUSED]); // prettier-ignore
  });
});
