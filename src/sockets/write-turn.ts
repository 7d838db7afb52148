/** Something that has bytes to write when this turn of the event loop is over. */
export interface TurnWriter {
  flush(): void;
}

let writers: TurnWriter[] = [];

function flushAll(): void {
  const due = writers;
  writers = [];
  for (let i = 0; i < due.length; i++) due[i]?.flush();
}

/**
 * Has `writer.flush` called when all sockets that were ready have been read: small writes of many connections then leave
 * in one go. A peer that sleeps is so woken once for all of them; measured, that is worth more than the moment lost.
 */
export function flushAfterTurn(writer: TurnWriter): void {
  if (writers.push(writer) === 1) setImmediate(flushAll);
}
