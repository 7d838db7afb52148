import { describe, expect, it } from 'vitest';
import { InputQueue, type SectionReader } from '../../../operators/http1/input-queue.js';
import { bytesOf, textOf } from './support.js';

/** Reads up to and with a full stop. */
class Sentence implements SectionReader {
  at = 0;
  /** Bytes it was shown for the first time: all of them once. */
  seen = '';
  read(bytes: Uint8Array, base: number, end: number): boolean {
    for (let i = base + this.at; i < end; i++) {
      this.at++;
      this.seen += String.fromCharCode(bytes[i] as number);
      if (bytes[i] === 0x2e) return true;
    }
    return false;
  }
}

function queueOf(...texts: string[]): InputQueue {
  const queue = new InputQueue();
  for (const text of texts) queue.push(bytesOf(text));
  return queue;
}

function section(queue: InputQueue): string | undefined {
  const reader = new Sentence();
  if (!queue.readSection(reader)) return undefined;
  const text = textOf(queue.section.subarray(queue.sectionBase, queue.sectionBase + reader.at));
  expect(reader.seen).toBe(text);
  queue.forgetSection();
  expect(queue.section.length).toBe(0);
  return text;
}

describe('InputQueue', () => {
  it('gives chunks in order, again and again', () => {
    const queue = queueOf('ab', 'c', 'd');
    const taken: string[] = [];
    for (let round = 0; round < 3; round++) {
      while (queue.load()) taken.push(textOf(queue.take(9)));
      expect(queue.length).toBe(0);
      for (const text of ['e', 'f', 'g']) queue.push(bytesOf(text));
      expect(queue.length).toBe(3);
    }
    expect(taken.join('')).toBe('abcdefgefg');
  });

  it('keeps order when input comes while some is waiting', () => {
    const queue = queueOf('a', 'b', 'c');
    let taken = '';
    for (const text of ['d', 'e', 'f', '', '', '', '']) {
      queue.push(bytesOf(text));
      if (queue.load()) taken += textOf(queue.take(9));
    }
    expect([taken, queue.load()]).toEqual(['abcdef', false]);
  });

  it('takes whole chunks as they are, parts as views', () => {
    const chunk = bytesOf('abcd');
    const queue = new InputQueue();
    queue.push(chunk);
    queue.load();
    expect(queue.take(4)).toBe(chunk);
    queue.push(chunk);
    queue.load();
    const part = queue.take(1);
    expect([part.buffer === chunk.buffer, textOf(part), textOf(queue.take(100)), queue.length]).toEqual([
      true,
      'a',
      'bcd',
      0,
    ]);
  });

  it('reads sections inside a chunk and over borders, and goes on behind them', () => {
    const queue = queueOf('one.two.th', 're', 'e.f', 'our.five', '.rest');
    expect(['one.', 'two.', 'three.', 'four.', 'five.'].map(() => section(queue))).toEqual([
      'one.',
      'two.',
      'three.',
      'four.',
      'five.',
    ]);
    expect([queue.length, section(queue), queue.length]).toEqual([4, undefined, 4]);
    queue.push(bytesOf('.x'));
    expect([section(queue), queue.length, textOf(queue.takeAll()), queue.length]).toEqual(['rest.', 1, 'x', 0]);
  });

  it('a section byte by byte, longer than any step', () => {
    const queue = new InputQueue();
    const text = `${'x'.repeat(5000)}.`;
    const reader = new Sentence();
    for (const char of text) {
      queue.push(bytesOf(char));
      expect(queue.readSection(reader)).toBe(char === '.');
    }
    expect(reader.seen).toBe(text);
    expect(queue.length).toBe(0);
  });

  it('a section that ends anywhere in a large chunk leaves the rest as a view', () => {
    for (const length of [1, 1022, 1023, 1024, 1025, 3000]) {
      const queue = queueOf('a');
      const reader = new Sentence();
      expect(queue.readSection(reader)).toBe(false);
      const chunk = bytesOf(`${'x'.repeat(length)}.${'y'.repeat(70_000)}`);
      queue.push(chunk);
      expect(queue.readSection(reader)).toBe(true);
      expect(reader.seen).toBe(`a${'x'.repeat(length)}.`);
      const rest = queue.take(100_000);
      expect([rest.length, rest.buffer === chunk.buffer]).toEqual([70_000, true]);
    }
  });

  it('takeAll joins what was kept of a section, the chunk, and those behind', () => {
    const queue = queueOf('ab');
    section(queue);
    queue.push(bytesOf('cd'));
    queue.push(bytesOf('ef'));
    expect(textOf(queue.takeAll())).toBe('abcdef');
    expect(queue.takeAll().length).toBe(0);
    const chunk = bytesOf('gh');
    queue.push(chunk);
    expect(queue.takeAll()).toBe(chunk);
  });
});
