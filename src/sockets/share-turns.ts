/**
 * Node reads a socket up to 32 times in a row, 64 KiB each, before others have their turn; and in few bytes a peer can ask for much:
 * thousands of frames, hundreds of requests. So what a connection is sent is given to its reader in slices, for as long as its share
 * of the turn lasts, and the rest in the turns after it.
 *
 * A share is a time, because only that tells what a byte costs. It is twice what the most modest of those read in this turn
 * usually need for what they are sent at once: where all are alike nobody is cut, and where nobody else is read there is no share.
 * Those who wait have half a share of each turn together, however many they are: the modest come first.
 */
import { performance } from 'node:perf_hooks';
import { flushTurn } from './write-turn.js';

/** Somebody who is read from a socket. */
export interface TurnReader {
  /** It takes something now. */
  readonly ready: boolean;
  /** Takes a piece of what was read; whether it takes more now. */
  take(piece: Uint8Array): boolean;
  /** What it was sent waits: it is not to be read until `readOn`. */
  stop(): void;
  readOn(): void;
}

/** This much is never cut. Bytes. */
const SMALL = 256;
/** What a new connection is given at once, and the limits to that. Bytes. */
const FIRST_SLICE = 1024;
const LEAST_SLICE = 64;
const MOST_SLICE = 65_536;
/** The least share of a turn; from the most on there is none. Milliseconds. */
const LEAST = 0.02;
const MOST = 10;
/** As the modest may only be late, a share grows by a quarter in a turn. */
const GROWTH = 1.25;
/** What is taken beyond a share is taken off the next ones: up to this, lest one dear request shuts anybody out. Milliseconds. */
const MOST_DEBT = 1;
/** Weight of the last chunk in what is usual. */
const WEIGHT = 1 / 8;

let turn = 0;
let scheduled = false;
/** Who was read in this turn, and the least that is usual among them. */
let readers = 0;
let least = Infinity;
let share = Infinity;
const resting: TurnShare[] = [];

function next(): void {
  scheduled = false;
  const wanted = readers < 2 ? Infinity : Math.min(MOST, Math.max(LEAST, 2 * least));
  share = Math.min(wanted, share * GROWTH);
  if (share > MOST) share = Infinity;
  turn++;
  readers = 0;
  least = Infinity;
  flushTurn(); // whoever had its share gets its answers before others go on
  let due = resting.length; // who begins to wait now has the turn after this
  if (due === 0) return;
  const until = performance.now() + share / 2;
  do resting.shift()?.goOn();
  while (--due > 0 && performance.now() < until);
  if (due > 0) schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(next);
}

/** What one reader has of the turns of the event loop. */
export class TurnShare {
  readonly #reader: TurnReader;
  /** The one it was read in last, and what it had of that. */
  #turn = -1;
  #used = 0;
  #slice = FIRST_SLICE;
  /** What the chunk being given has taken so far, and what they usually take. */
  #spent = 0;
  #usual = Infinity;
  #rest: Uint8Array | undefined = undefined;

  constructor(reader: TurnReader) {
    this.#reader = reader;
  }

  /** Some of what was read has not been given. */
  get waits(): boolean {
    return this.#rest !== undefined;
  }

  /** It is to have a turn. */
  wait(): void {
    resting.push(this);
    schedule();
  }

  /** Its turn has come. */
  goOn(): void {
    if (this.#rest !== undefined && !this.#reader.ready) return;
    const rest = this.takeRest();
    if (rest === undefined || this.give(rest)) this.#reader.readOn();
  }

  /** More to give, behind what waits. */
  add(chunk: Uint8Array): void {
    if (this.#rest === undefined) this.wait();
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** What was not given. */
  takeRest(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  /** Gives the reader a chunk, or what was left of one, as far as its share goes. Whether it may be read on. */
  give(chunk: Uint8Array): boolean {
    if (this.#turn !== turn) this.#begin();
    if (share === Infinity) {
      this.#reader.take(chunk);
      return true;
    }
    if (this.#used < share || chunk.length <= SMALL) return this.#cut(chunk);
    this.#keep(chunk);
    this.wait();
    return false;
  }

  #keep(rest: Uint8Array): void {
    this.#rest = rest;
    this.#reader.stop();
  }

  #begin(): void {
    this.#used = Math.min(MOST_DEBT, Math.max(0, this.#used - share * (turn - this.#turn)));
    this.#turn = turn;
    readers++;
    if (this.#usual < least) least = this.#usual;
    schedule();
  }

  #cut(chunk: Uint8Array): boolean {
    const { length } = chunk;
    const reader = this.#reader;
    let at = 0;
    let began = performance.now();
    for (;;) {
      const end = length <= SMALL ? length : Math.min(length, at + this.#slice);
      const takesMore = reader.take(end - at === length ? chunk : chunk.subarray(at, end));
      const now = performance.now();
      this.#took(now - began, end - at);
      began = now;
      at = end;
      const enough = this.#used >= share && length > SMALL;
      if (at === length) this.#whole();
      else if (takesMore && !enough) continue;
      else this.#keep(chunk.subarray(at));
      const rests = takesMore && enough;
      if (rests) this.wait();
      return at === length && !rests;
    }
  }

  #took(time: number, bytes: number): void {
    this.#used += time;
    this.#spent += time;
    if (bytes <= SMALL && bytes < this.#slice) return; // the end of a chunk, or a small one
    // Half as much or twice as much at once: the time of one piece may be that of a collector of garbage.
    const slice = time > share ? this.#slice / 2 : time * 2 < share ? this.#slice * 2 : this.#slice;
    this.#slice = Math.max(LEAST_SLICE, Math.min(slice, MOST_SLICE));
  }

  #whole(): void {
    this.#usual = this.#usual === Infinity ? this.#spent : this.#usual + (this.#spent - this.#usual) * WEIGHT;
    this.#spent = 0;
  }
}
