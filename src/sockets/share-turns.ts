/** Somebody who is read from a socket that Node reads up to 32 times in a row, 64 KiB each, before others have their turn. */
export interface TurnReader {
  /** The turn of the event loop it was read in last. */
  turn: number;
  /** Reading may go on. */
  readOn(): void;
}

/** What one read can bring; less than that, and the socket was empty. Bytes. */
const FULL = 65_536;

let turn = 0;
/** Who was read in this turn, and how many in the one before. */
let readers = 0;
let before = 0;
let resting: TurnReader[] = [];

function next(): void {
  turn++;
  before = readers;
  readers = 0;
  const due = resting;
  resting = [];
  for (const reader of due) reader.readOn();
}

/**
 * Whether a socket has had its share of this turn: it gave a full read, has more, and is not the only one. Then it is to be read no further
 * until `readOn`, in the next turn, so that a peer who sends as fast as it goes makes others wait for one read of its own and not for 32.
 */
export function hadItsShare(reader: TurnReader, bytes: number): boolean {
  if (reader.turn !== turn) {
    reader.turn = turn;
    if (++readers === 1) setImmediate(next);
  }
  if (bytes < FULL || (readers === 1 && before <= 1)) return false;
  resting.push(reader);
  return true;
}
