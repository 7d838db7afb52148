/** The cases of group 7 of the Autobahn suite, told anew, on real sockets: the closing handshake, its payload and its codes. */
import { describe, expect, it } from 'vitest';
import { type Case, chop, heard, lines, together } from './autobahn/case.js';
import { runCase, SIDES } from './autobahn/sides.js';
import { close, frame, hex, more, OP, ping, text } from './autobahn/wire.js';

const CLOSED = 'CLOSE 1000';
const REFUSED = 'CLOSE 1002';
const LARGE = 'BAsd7&jh23'.repeat(26_214);
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const NO_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

/** In one write, and frame by frame. */
const twofold = (id: string, frames: ReturnType<typeof text>[], hears: Case['hears']): Case[] => [
  { id: `${id}, in one write`, sends: [together(...frames)], hears },
  { id: `${id}, frame by frame`, sends: frames, hears },
  { id: `${id}, byte by byte`, sends: [chop(1, ...frames)], hears },
];

const CASES: Case[] = [
  ...twofold('7.1.1 a message, then Close', [text('Hello World!'), close(1000)], [text('Hello World!'), CLOSED]),
  ...twofold('7.1.2 two Close frames', [close(1000), close(1000)], [CLOSED]),
  ...twofold('7.1.3 a ping behind Close', [close(1000), ping('late')], [CLOSED]),
  ...twofold('7.1.4 a message behind Close', [close(1000), text('late')], [CLOSED]),
  ...twofold('7.1.5 Close inside a message', [text('a', false), close(1000), more('b', true)], [CLOSED]),
  { id: '7.1.6 256 KiB, Close and a ping', sends: [together(text(LARGE), close(1000), ping())], hears: [text(LARGE), CLOSED] }, // prettier-ignore
  { id: '7.1.6 pieces of it, its echo awaited', sends: [chop(1000, text(LARGE)), heard(1), close(1000)], hears: [text(LARGE), CLOSED] }, // prettier-ignore
  { id: '7.3.1 without a payload', sends: [close()], hears: ['CLOSE'] },
  { id: '7.3.2 with half a code', sends: [frame(OP.CLOSE, 'a')], hears: [REFUSED] },
  { id: '7.3.3 with a code', sends: [close(1000)], hears: [CLOSED] },
  { id: '7.3.4 with a reason', sends: [close(1000, 'Hello World!')], hears: [CLOSED] },
  { id: '7.3.5 with one of 123 bytes', sends: [close(1000, '*'.repeat(123))], hears: [CLOSED] },
  { id: '7.3.6 with one of 124 bytes', sends: [close(1000, '*'.repeat(124))], hears: [REFUSED] },
  { id: '7.5.1 with a reason that is not UTF-8', sends: [close(1000, hex('cebae1bdb9cf83cebcceb5eda080656469746564'))], hears: ['CLOSE 1007'] }, // prettier-ignore
  { id: '7.5.1 with one that is cut off', sends: [close(1000, hex('cebae1bd'))], hears: ['CLOSE 1007'] },
  ...CODES.flatMap((code): Case[] => [
    { id: `7.7 ${code}`, sends: [close(code)], hears: [`CLOSE ${code}`] },
    { id: `7.7 ${code} with a reason`, sends: [close(code, 'why')], hears: [`CLOSE ${code}`] },
  ]),
  ...NO_CODES.flatMap((code): Case[] => [
    { id: `7.9, 7.13 ${code}`, sends: [close(code)], hears: [REFUSED] },
    { id: `7.9, 7.13 ${code} with a reason`, sends: [close(code, 'why')], hears: [REFUSED] },
  ]),
  { id: '7.13.2 a code of more than two bytes is a reason too', sends: [frame(OP.CLOSE, hex('0001 0000'))], hears: [REFUSED] }, // prettier-ignore
];

describe.each(SIDES)('$name', (side) => {
  it.each(CASES)('$id', async (each) => {
    expect(await runCase(side, each)).toEqual(lines(each.hears));
  });

  it('7.3.4 the reason is sent back as it came', async () => {
    const peer = await side.open({ peer: undefined, deflate: undefined });
    await peer.run([close(3001, 'grüß Gott')]);
    expect(peer.heard.map(({ payload }) => payload.toString('hex'))).toEqual([
      close(3001, 'grüß Gott').payload.toString('hex'),
    ]);
  });
});
