/**
 * The cases of group 6 of the Autobahn suite, told anew, on real sockets: text is UTF-8, whichever way it is cut, and refused with 1007 at
 * the first byte that cannot be: before its fragment, its frame or its message is over.
 */
import { describe, expect, it } from 'vitest';
import { type Case, chop, heard, lines, type Step } from './autobahn/case.js';
import { runCase, SIDES } from './autobahn/sides.js';
import { chopped, close, encode, type Frame, hex, more, ping, pong, text } from './autobahn/wire.js';

const CLOSED = 'CLOSE 1000';
const REFUSED = 'CLOSE 1007';

/** Five Greek letters, one of them of three bytes. */
const GREEK = 'cebae1bdb9cf83cebcceb5';
const MIXED = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!').toString('hex');

const VALID: Record<string, string[]> = {
  '6.2 letters of one and two bytes': [MIXED],
  '6.5 Greek': [GREEK],
  '6.7 the first of each length': ['00', 'c280', 'e0a080', 'f0908080'],
  '6.9 the last of each length': ['7f', 'dfbf', 'efbfbf', 'f48fbfbf'],
  '6.11 around the surrogates and at the end': ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'],
  // prettier-ignore
  '6.22 noncharacters': [
    'efbfbe', 'efbfbf', 'f09fbfbe', 'f09fbfbf', 'f0afbfbe', 'f0afbfbf', 'f0bfbfbe', 'f0bfbfbf', 'f18fbfbe', 'f18fbfbf', 'f19fbfbe',
    'f19fbfbf', 'f1afbfbe', 'f1afbfbf', 'f1bfbfbe', 'f1bfbfbf', 'f28fbfbe', 'f28fbfbf', 'f29fbfbe', 'f29fbfbf', 'f2afbfbe', 'f2afbfbf',
    'f2bfbfbe', 'f2bfbfbf', 'f38fbfbe', 'f38fbfbf', 'f39fbfbe', 'f39fbfbf', 'f3afbfbe', 'f3afbfbf', 'f3bfbfbe', 'f3bfbfbf', 'f48fbfbe',
    'f48fbfbf',
  ],
  '6.23 specials': ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbbbf'],
};

const INVALID: Record<string, string[]> = {
  '6.3 a surrogate in the middle': [`${GREEK}eda080656469746564`],
  '6.6 Greek cut off inside a letter': [2, 4, 6, 8, 12, 16, 20].map((at) => GREEK.slice(0, at)).filter(incomplete),
  '6.8, 6.10 sequences of five and six bytes': ['f888808080', 'fc8480808080', 'f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'],
  '6.11 above the last': ['f4908080'],
  '6.12 continuation bytes alone': ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', range(0x80, 0xbf, '')], // prettier-ignore
  '6.13 first bytes alone': [range(0xc0, 0xdf, '20'), range(0xe0, 0xef, '20'), range(0xf0, 0xf7, '20'), range(0xf8, 0xfb, '20'), 'fc20fd20'], // prettier-ignore
  '6.14 the last continuation byte is missing': ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'], // prettier-ignore
  '6.15 all of these in a row': ['c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf'],
  '6.16 bytes that never are': ['fe', 'ff', 'fefeffff'],
  '6.17 a slash, too long': ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'],
  '6.18 the highest that are too long': ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'],
  '6.19 NUL, too long': ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'],
  '6.20 surrogates': ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'],
  '6.21 pairs of surrogates': ['eda080edb080', 'eda080edbfbf', 'edadbfedb080', 'edadbfedbfbf', 'edae80edb080', 'edae80edbfbf', 'edafbfedb080', 'edafbfedbfbf'], // prettier-ignore
};

function range(from: number, to: number, between: string): string {
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i).toString(16) + between).join('');
}

function incomplete(digits: string): boolean {
  return Buffer.from(digits, 'hex').toString().endsWith('\ufffd');
}

/** One letter a fragment, and one byte a fragment. */
const fragments = (bytes: Uint8Array): Frame[] =>
  chopped(bytes, 1).map((byte, i) => (i === 0 ? text(byte, bytes.length === 1) : more(byte, i === bytes.length - 1)));

const ways = (id: string, digits: string, hears: Case['hears'], last: Step[]): Case[] => {
  const bytes = hex(digits);
  return [
    { id: `${id}: ${digits.slice(0, 24)}, whole`, sends: [text(bytes), ...last], hears },
    { id: `${id}: ${digits.slice(0, 24)}, a frame in bytes`, sends: [chop(1, text(bytes)), ...last], hears },
    { id: `${id}: ${digits.slice(0, 24)}, fragments of a byte`, sends: [...fragments(bytes), ...last], hears },
  ];
};

const CASES: Case[] = [
  { id: '6.1.1 empty', sends: [text(), close(1000)], hears: [text(), CLOSED] },
  { id: '6.1.2 three empty fragments', sends: [text('', false), more(''), more('', true), close(1000)], hears: [text(), CLOSED] }, // prettier-ignore
  { id: '6.1.3 the middle one is not', sends: [text('', false), more('middle'), more('', true), close(1000)], hears: [text('middle'), CLOSED] }, // prettier-ignore
  ...Object.entries(VALID).flatMap(([id, all]) =>
    all.flatMap((digits) => ways(id, digits, [text(hex(digits)), CLOSED], [close(1000)])),
  ),
  ...Object.entries(INVALID).flatMap(([id, all]) => all.flatMap((digits) => ways(id, digits, [REFUSED], []))),
];

describe.each(SIDES)('$name', (side) => {
  it.each(CASES)('$id', async (each) => {
    expect(await runCase(side, each)).toEqual(lines(each.hears));
  });

  it.each([
    ['6.4.1 a fragment that is wrong as a whole', [text(hex(GREEK), false), more(hex('f4908080'))]],
    ['6.4.2 a fragment that goes on wrongly', [text(hex(`${GREEK}f4`), false), more(hex('90'))]],
  ] satisfies [string, Frame[]][])('%s is refused before the message is over', async (_, frames) => {
    // The last fragment is never sent: the refusal has to come without it.
    expect(await runCase(side, { id: '', sends: frames, hears: [] })).toEqual([REFUSED]);
  });

  it.each([
    ['6.4.3 the wrong bytes', `${GREEK}f4908080`],
    ['6.4.4 the first wrong byte', `${GREEK}f490`],
    ['6.4.4 the first wrong byte behind much', `${'61'.repeat(5000)}f490`],
  ])('%s is refused before its frame is over', async (_, digits) => {
    const payload = hex(`${digits}656469746564`);
    const bytes = encode(text(payload), side.role === 'server');
    const cut = bytes.subarray(0, bytes.length - payload.length + digits.length / 2);
    expect(await runCase(side, { id: '', sends: [cut], hears: [] })).toEqual([REFUSED]);
  });

  it('what is right so far is not refused', async () => {
    const sends = [text(hex(`${GREEK}f4`), false), ping('still there?'), heard(1), more(hex('8080'), false), more(hex('80'), true), close(1000)]; // prettier-ignore
    expect(await runCase(side, { id: '', sends, hears: [] })).toEqual(
      lines([pong('still there?'), text(hex(`${GREEK}f4808080`)), CLOSED]),
    );
  });
});
