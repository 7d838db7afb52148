/** UTF-8 in text and reasons: RFC 6455 §5.6, §8.1. */
import { expect, it } from 'vitest';
import { splits } from '../support/every-split.js';
import { hex, maskedWire, more, text } from '../operators/websocket/frames.js';
import { Scene } from '../operators/websocket/socket.js';

const VALID = [
  '48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121',
  'efbfbf',
  'f48fbfbf',
  '00',
  'ed9fbf',
  'ee8080',
];
const INVALID = [
  'cebae1bdb9cf83cebcceb5eda080656469746564',
  'c080',
  'f4908080',
  'f88080808080',
  'fe',
  'edbfbf',
  '80',
  'c3',
];

it.each(VALID)('text %s is taken, whole, in pieces and in fragments', (bytes) => {
  const value = Buffer.from(bytes, 'hex').toString();
  for (const pieces of splits(hex(bytes))) {
    const frames = pieces.map((piece, i) =>
      i === 0 ? text(piece, pieces.length === 1) : more(piece, i === pieces.length - 1),
    );
    expect(new Scene().read().peer(...frames).log).toEqual([`text ${value}`]);
  }
  for (const pieces of splits(maskedWire(text(hex(bytes))))) {
    const scene = new Scene().read();
    for (const piece of pieces) scene.socket.feed(piece);
    expect(scene.log).toEqual([`text ${value}`]);
  }
});

it.each(INVALID)('text %s is refused with 1007, whole, in pieces and in fragments', (bytes) => {
  for (const pieces of splits(hex(bytes))) {
    const frames = pieces.map((piece, i) =>
      i === 0 ? text(piece, pieces.length === 1) : more(piece, i === pieces.length - 1),
    );
    const scene = new Scene().read();
    for (const frame of frames) scene.peer(frame);
    expect(scene.log).toEqual(['failing', 'error INVALID_UTF8 1007']);
  }
});

it('it is refused at the first byte that shows it, before the frame ends', () => {
  const scene = new Scene().read();
  const bytes = maskedWire(text(hex(`${'61'.repeat(200)}ff${'61'.repeat(200)}`)));
  scene.socket.feed(bytes.subarray(0, 300));
  expect(scene.log).toEqual(['failing', 'error INVALID_UTF8 1007']);
});
