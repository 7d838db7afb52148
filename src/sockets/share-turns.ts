/**
 * What is small waits until all that is ready has been read, and is given together with what others were sent: see {@link turn}.
 *
 * Node reads a socket up to 32 times in a row, 64 KiB each, before others have their turn; and in few bytes a peer can ask for much:
 * thousands of frames, hundreds of requests. So what a connection is sent is given to its reader in slices, for as long as its share
 * of the turn lasts, and the rest in the turns after it.
 *
 * A share is a time, because only that tells what a byte costs. It is twice what the most modest of those read in this turn
 * usually need for what they are sent at once: where all are alike nobody is cut, and where nobody else is read there is no share.
 *
 * Whoever usually needs more than a share is dear. The dear have a part of a share in each turn together, however many they are: what one of
 * them has taken is owed by all, and nobody who waits goes on, or is read again, before it is paid. So the modest come first.
 */
import { turn } from './turn.js';

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

/** A chunk up to this size waits until all that is ready has been read. Bytes. */
const TOGETHER = 4096;
/** This much is never cut. Bytes. */
const SMALL = 256;
/** What a new connection is given at once, and the limits to that. Bytes. */
const FIRST_SLICE = 1024;
const LEAST_SLICE = 64;
const MOST_SLICE = 65_536;
/** Weight of the last chunk in what is usual. */
const WEIGHT = 1 / 8;

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
  /** It is not read until it has gone on. */
  #stopped = false;

  constructor(reader: TurnReader) {
    this.#reader = reader;
  }

  /** Some of what was read waits for a later turn. */
  get waits(): boolean {
    return this.#stopped && this.#rest !== undefined;
  }

  /** It is to have a turn. */
  wait(): void {
    this.#stopped = true;
    turn.rest(this);
  }

  /** Its turn has come. */
  goOn(): void {
    const reader = this.#reader;
    if (this.#rest !== undefined && !reader.ready) {
      this.#stopped = true;
      return;
    }
    const rest = this.takeRest();
    if (rest !== undefined && !this.give(rest)) {
      if (reader.ready) reader.stop();
    } else if (this.#stopped) {
      this.#stopped = false;
      reader.readOn();
    }
  }

  /** Gives what was read just now, or lets it wait for what others are sent in this turn. Whether it may be read on. */
  offer(chunk: Uint8Array): boolean {
    if (chunk.length > TOGETHER || this.#rest !== undefined) return this.give(chunk);
    this.#rest = chunk;
    turn.given(this, chunk.length);
    return true;
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
    const rest = this.takeRest();
    if (rest !== undefined) return this.give(Buffer.concat([rest, chunk]));
    if (this.#turn !== turn.number) this.#begin();
    if (turn.share === Infinity) {
      this.#reader.take(chunk);
      return true;
    }
    if (this.#used < turn.share || chunk.length <= SMALL) return this.#cut(chunk);
    this.#keep(chunk);
    this.wait();
    return false;
  }

  #keep(rest: Uint8Array): void {
    this.#rest = rest;
    this.#stopped = true;
    this.#reader.stop();
  }

  #begin(): void {
    this.#used = 0;
    this.#turn = turn.number;
    turn.reads(this.#usual);
  }

  #cut(chunk: Uint8Array): boolean {
    const { length } = chunk;
    const reader = this.#reader;
    let at = 0;
    let began = turn.taken || (length > SMALL && turn.last) || turn.now(); // to read much takes its time, too
    for (;;) {
      const end = length <= SMALL ? length : Math.min(length, at + this.#slice);
      const takesMore = reader.take(end - at === length ? chunk : chunk.subarray(at, end));
      const now = turn.now();
      this.#took(now - began, end - at);
      began = now;
      if (turn.taken > 0) turn.taken = now;
      else turn.last = now;
      at = end;
      const enough = this.#used >= turn.share && length > SMALL;
      if (at === length) this.#whole();
      else if (takesMore && !enough) continue;
      else this.#keep(chunk.subarray(at));
      const rests = takesMore && enough;
      if (rests) this.wait();
      if (enough && this.#dear) turn.owe(this.#used);
      return at === length && !rests;
    }
  }

  get #dear(): boolean {
    return this.#spent > turn.share || this.#usual > turn.share;
  }

  #took(time: number, bytes: number): void {
    this.#used += time;
    this.#spent += time;
    if (bytes <= SMALL && bytes < this.#slice) return; // the end of a chunk, or a small one
    // Half as much or twice as much at once: the time of one piece may be that of a collector of garbage.
    const { share } = turn;
    const slice = time > share ? this.#slice / 2 : time * 2 < share ? this.#slice * 2 : this.#slice;
    this.#slice = Math.max(LEAST_SLICE, Math.min(slice, MOST_SLICE));
  }

  #whole(): void {
    this.#usual = this.#usual === Infinity ? this.#spent : this.#usual + (this.#spent - this.#usual) * WEIGHT;
    this.#spent = 0;
  }
}
