import { performance } from 'node:perf_hooks';

/** What was read for it waits. */
interface Reader {
  goOn(): void;
}

/** What it is to write waits. */
interface Writer {
  flush(): void;
}

/** What was read and is not given yet, for all sockets together. Bytes. */
const MOST_READ = 262_144;
/** The least share of a turn; from the most on there is none. Milliseconds. */
const LEAST = 0.02;
const MOST = 10;
/** As the modest may only be late, a share grows by a quarter in a turn. */
const GROWTH = 1.25;

/**
 * A turn of the event loop, as all sockets have it together: they are read, one after the other, by Node; what was read is given to those
 * who read it; what they write is sent. To do each for all of them costs less than to do all for each: a system call leaves a processor
 * that has forgotten what the program was about.
 */
class Turn {
  /** How many there have been. */
  number = 0;
  /** What each reader may take of one: see `TurnShare`. Milliseconds; `Infinity` where nobody else reads. */
  share = Infinity;
  /** When the last of those who are given something one after the other had taken it; 0 at other times. Milliseconds. */
  taken = 0;
  /** Those who were read in this turn, and the least that is usual among them. */
  #readers = 0;
  #least = Infinity;
  #read: Reader[] = [];
  #bytes = 0;
  #written: Writer[] = [];
  readonly #resting: Reader[] = [];
  #begun = false;
  readonly #give = (): void => {
    const due = this.#read;
    this.#read = [];
    this.#bytes = 0;
    if (this.share !== Infinity) this.taken = this.now();
    each(due, goOn);
    this.taken = 0;
  };
  readonly #end = (): void => {
    this.#begun = false;
    this.taken = 0; // also where somebody failed
    this.#divide();
    this.#send(); // whoever had its share gets its answers before others go on
    this.#goOn();
  };

  /** What time it is. Milliseconds, of no particular origin. */
  now(): number {
    return performance.now();
  }

  /** `reader` was sent so many bytes, and is given them when all that is ready has been read. */
  given(reader: Reader, bytes: number): void {
    this.#bytes += bytes;
    this.#read.push(reader);
    if (this.#bytes > MOST_READ) this.#give();
    else this.#begin();
  }

  /** `writer` sends what it has when all who were read have been given what they were sent. */
  sent(writer: Writer): void {
    this.#written.push(writer);
    this.#begin();
  }

  /** `reader` has had its share, and goes on in a later turn. */
  rest(reader: Reader): void {
    this.#resting.push(reader);
    this.#begin();
  }

  /** Somebody is read in this turn who usually takes so long. Milliseconds. */
  reads(usual: number): void {
    this.#readers++;
    if (usual < this.#least) this.#least = usual;
    this.#begin();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    setImmediate(this.#give);
    setImmediate(this.#end); // after the promises of those who were given something
  }

  #divide(): void {
    const wanted = this.#readers < 2 ? Infinity : Math.min(MOST, Math.max(LEAST, 2 * this.#least));
    this.share = Math.min(wanted, this.share * GROWTH);
    if (this.share > MOST) this.share = Infinity;
    this.number++;
    this.#readers = 0;
    this.#least = Infinity;
  }

  #send(): void {
    const due = this.#written;
    this.#written = [];
    each(due, flush);
  }

  /** Those who wait have half a share together. */
  #goOn(): void {
    let due = this.#resting.length; // who begins to wait now has the turn after this
    if (due === 0) return;
    const until = this.now() + this.share / 2;
    do this.#resting.shift()?.goOn();
    while (--due > 0 && this.now() < until);
    if (due > 0) this.#begin();
  }
}

const goOn = (reader: Reader): void => reader.goOn();
const flush = (writer: Writer): void => writer.flush();

/** For each of them, although it fails for one. */
function each<T>(all: readonly T[], act: (one: T) => void): void {
  let at = 0;
  try {
    while (at < all.length) act(all[at++] as T);
  } finally {
    if (at < all.length) setImmediate(each, all.slice(at), act);
  }
}

export const turn = new Turn();
