import { relay } from '../core/deliver.js';

/** Up to here pieces are copied into one buffer; above, each is written as it is, corked. Bytes. */
const JOIN_LIMIT = 16_384;

/** What a connection writes to. */
export interface OutputSink {
  next(bytes: Uint8Array): void;
  cork(): void;
  uncork(): void;
}

/**
 * The outbound side of one HTTP/1 connection: heads and small bodies written while a chunk of input is being processed
 * leave together, in one write. Knows how many bytes the sink has not let go yet.
 */
export class Output {
  readonly #sink: OutputSink;
  /** What is queued: `#spilled`, then `#text` (Latin-1), then `#chunk`. Most output is one text and one chunk. */
  #spilled: (string | Uint8Array)[] | undefined = undefined;
  #text = '';
  #chunk: Uint8Array | undefined = undefined;
  #unsent = 0;
  readonly #drained: (() => void) | undefined;
  readonly #gone = (bytes: Uint8Array): void => {
    this.#unsent -= bytes.length;
    if (this.#unsent === 0 && !this.#writing) this.#drained?.();
  };
  #writing = false;

  /** @param drained called each time the last unsent byte has gone, never from inside {@link flush}. */
  constructor(sink: OutputSink, drained?: () => void) {
    this.#sink = sink;
    this.#drained = drained;
  }

  /** Bytes handed to the sink that it still holds. */
  get unsent(): number {
    return this.#unsent;
  }

  get empty(): boolean {
    return this.#text === '' && this.#chunk === undefined && this.#spilled === undefined;
  }

  text(latin1: string): void {
    if (this.#chunk !== undefined) this.#spill();
    this.#text += latin1;
  }

  bytes(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#chunk !== undefined) this.#spill();
    this.#chunk = chunk;
  }

  flush(): void {
    if (this.#spilled !== undefined) return this.#flushAll(this.#spilled);
    const text = this.#text;
    const chunk = this.#chunk;
    if (chunk === undefined) {
      if (text === '') return;
      this.#text = '';
      this.#write(Buffer.from(text, 'latin1'));
      return;
    }
    this.#text = '';
    this.#chunk = undefined;
    if (text === '') this.#write(chunk);
    else if (text.length + chunk.length > JOIN_LIMIT) this.#writeEach([text, chunk]);
    else {
      const joined = Buffer.allocUnsafe(text.length + chunk.length);
      joined.set(chunk, joined.write(text, 'latin1'));
      this.#write(joined);
    }
  }

  /** Puts what is queued aside, in order. */
  #spill(): void {
    this.#spilled ??= [];
    if (this.#text !== '') this.#spilled.push(this.#text);
    if (this.#chunk !== undefined) this.#spilled.push(this.#chunk);
    this.#text = '';
    this.#chunk = undefined;
  }

  #flushAll(pieces: (string | Uint8Array)[]): void {
    this.#spill();
    this.#spilled = undefined;
    let total = 0;
    for (const piece of pieces) total += piece.length;
    if (total <= JOIN_LIMIT) this.#write(join(pieces, total));
    else this.#writeEach(pieces);
  }

  #writeEach(pieces: readonly (string | Uint8Array)[]): void {
    this.#sink.cork();
    try {
      for (const piece of pieces) this.#write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    } finally {
      this.#sink.uncork();
    }
  }

  #write(bytes: Uint8Array): void {
    const nested = this.#writing;
    this.#unsent += bytes.length;
    this.#writing = true;
    try {
      relay(this.#sink, bytes, this.#gone);
    } finally {
      this.#writing = nested;
    }
  }
}

function join(pieces: readonly (string | Uint8Array)[], total: number): Uint8Array {
  const joined = Buffer.allocUnsafe(total);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += joined.write(piece, at, 'latin1');
    else {
      joined.set(piece, at);
      at += piece.length;
    }
  }
  return joined;
}
