/**
 * The cases of groups 9 and 10 of the Autobahn suite, told anew, on real sockets and made smaller: large messages, in fragments and in pieces
 * of any size, many messages there and back, and a sender that cuts its messages by itself.
 */
import { describe, expect, it } from 'vitest';
import { type Case, chop, heard, lines, type Step } from './autobahn/case.js';
import { runCase, SIDES } from './autobahn/sides.js';
import { binary, chopped, close, type Frame, more, text } from './autobahn/wire.js';

const CLOSED = 'CLOSE 1000';
const KIB = 1024;
const MIB = KIB * KIB;
const letters = (length: number): string => 'x'.repeat(length);
const octets = (length: number): Buffer => Buffer.alloc(length, 0xfe);

function fragments(op: typeof text, payload: Uint8Array, size: number): Frame[] {
  const pieces = chopped(payload, size);
  return pieces.map((piece, i) => (i === 0 ? op(piece, pieces.length === 1) : more(piece, i === pieces.length - 1)));
}

/** So many messages, each sent when the one before has come back. */
const roundTrips = (message: Frame, count: number): Case['sends'] =>
  Array.from({ length: count }, (_, i): Step[] => [message, heard(i + 1)]).flat();

const CASES: Case[] = [
  ...[64 * KIB, 256 * KIB, MIB, 4 * MIB].flatMap((size): Case[] => [
    { id: `9.1 text of ${size}`, sends: [text(letters(size)), close(1000)], hears: [text(letters(size)), CLOSED] },
    { id: `9.2 binary of ${size}`, sends: [binary(octets(size)), close(1000)], hears: [binary(octets(size)), CLOSED] },
  ]),
  ...[64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB].flatMap((size): Case[] => [
    { id: `9.3 text in fragments of ${size}`, sends: [...fragments(text, Buffer.from(letters(256 * KIB)), size), close(1000)], hears: [text(letters(256 * KIB)), CLOSED] }, // prettier-ignore
    { id: `9.4 binary in fragments of ${size}`, sends: [...fragments(binary, octets(256 * KIB), size), close(1000)], hears: [binary(octets(256 * KIB)), CLOSED] }, // prettier-ignore
  ]),
  ...[64, 128, 256, 512, KIB, 2 * KIB].flatMap((size): Case[] => [
    { id: `9.5 text in pieces of ${size}`, sends: [chop(size, text(letters(256 * KIB))), close(1000)], hears: [text(letters(256 * KIB)), CLOSED] }, // prettier-ignore
    { id: `9.6 binary in pieces of ${size}`, sends: [chop(size, binary(octets(256 * KIB))), close(1000)], hears: [binary(octets(256 * KIB)), CLOSED] }, // prettier-ignore
  ]),
  ...[0, 16, 64, 256, KIB, 2 * KIB].flatMap((size): Case[] => [
    { id: `9.7 text of ${size} there and back, 100 times`, sends: [...roundTrips(text(letters(size)), 100), close(1000)], hears: [...Array<Frame>(100).fill(text(letters(size))), CLOSED] }, // prettier-ignore
    { id: `9.8 binary of ${size} there and back, 100 times`, sends: [...roundTrips(binary(octets(size)), 100), close(1000)], hears: [...Array<Frame>(100).fill(binary(octets(size))), CLOSED] }, // prettier-ignore
  ]),
  { id: '10.1 64 KiB in fragments of 1300', sends: [...fragments(text, Buffer.from(letters(64 * KIB)), 1300), close(1000)], hears: [text(letters(64 * KIB)), CLOSED] }, // prettier-ignore
];

describe.each(SIDES)('$name', (side) => {
  it.each(CASES)('$id', { timeout: 60_000 }, async (each) => {
    expect(await runCase(side, each)).toEqual(lines(each.hears));
  });
});
