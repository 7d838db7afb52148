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
/** As the modest may only be late, a share grows to a part of the time they have been away. */
const GROWTH = 1 / 16;
/** What the dear have of a share. Little: what they cost is not all seen here, as the threads that collect their garbage run beside. */
const PART = 1 / 4;
/** What one of them has taken is owed up to this, lest one dear request shuts them all out for long. Milliseconds. */
const MOST_DEBT = 1;

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
  /** When the last of those who are sent much, and given it at once, had taken it: what comes next was read since. Milliseconds, or 0. */
  last = 0;
  /** Those who were read in this turn, and the least that is usual among them. */
  #readers = 0;
  #least = Infinity;
  #read: Reader[] = [];
  #bytes = 0;
  #written: Writer[] = [];
  readonly #resting: Reader[] = [];
  /** What the dear have taken beyond their part of the turns so far. */
  #owed = 0;
  #begun = false;
  /** When somebody was read last to whom the share is owed. Milliseconds. */
  #modest = 0;
  readonly #give = (): void => {
    const due = this.#read;
    this.#read = [];
    this.#bytes = 0;
    this.last = 0;
    if (this.share !== Infinity) this.taken = this.now();
    for (const reader of due) attempt(goOn, reader);
    this.taken = 0;
  };
  readonly #end = (): void => {
    this.#begun = false;
    this.last = 0;
    this.#divide();
    this.#send(); // whoever had its share gets its answers before others go on
    this.#goOn();
    this.last = 0;
  };

  /** What time it is. Milliseconds, of no particular origin; not of `performance`, which loads 52 KiB of heap for it. */
  now(): number {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1_000_000;
  }

  /** `reader` was sent so many bytes, and is given them when all that is ready has been read. */
  given(reader: Reader, bytes: number): void {
    if (this.last > 0) this.last = this.now();
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

  /** One of the dear has had so much of this turn. Milliseconds. */
  owe(time: number): void {
    this.#owed += Math.min(MOST_DEBT, time);
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
    const wanted =
      this.#readers + this.#resting.length < 2 ? Infinity : Math.min(MOST, Math.max(LEAST, 2 * this.#least));
    const now = this.now();
    if (wanted > this.share) this.share = Math.min(wanted, Math.max(this.share, (now - this.#modest) * GROWTH));
    else {
      this.share = wanted;
      this.#modest = now;
    }
    if (this.share > MOST) this.share = Infinity;
    this.number++;
    this.#readers = 0;
    this.#least = Infinity;
  }

  #send(): void {
    const due = this.#written;
    this.#written = [];
    for (const writer of due) attempt(flush, writer);
  }

  /** Those who wait go on, or are read again, as soon as what the dear have taken is paid. */
  #goOn(): void {
    this.#owed = Math.max(0, this.#owed) - this.share * PART;
    let due = this.#resting.length; // who begins to wait now has the turn after this
    for (; due > 0 && this.#owed < 0; due--) {
      const owed = this.#owed;
      const began = this.now();
      attempt(goOn, this.#resting.shift() as Reader);
      this.#send(); // its answers are part of what it costs
      this.#owed = owed; // whatever it says itself
      this.owe(this.now() - began);
    }
    if (due > 0) this.#begin();
  }
}

const goOn = (reader: Reader): void => reader.goOn();
const flush = (writer: Writer): void => writer.flush();

/** What one of them throws is nobody's to catch, as with an observer of RxJS, and the others do not lose by it. */
function attempt<T>(act: (one: T) => void, one: T): void {
  try {
    act(one);
  } catch (error) {
    setImmediate(rethrow, error);
  }
}

function rethrow(error: unknown): never {
  throw error;
}

export const turn = new Turn();
