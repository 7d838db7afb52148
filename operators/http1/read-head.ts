/** Reads a head as one section, the start line and then the fields, so that one string can be made of all of it. */
import type { FieldSectionReader } from './read-fields.js';

/** Reads a request or status line. */
export interface StartLineReader {
  /** Next byte to read; offsets count from the start of the head. */
  readonly at: number;
  /** A byte of the message itself was read. */
  readonly started: boolean;
  /** Nothing was read, or an empty line that is tolerated. */
  readonly atBoundary: boolean;
  begin(): void;
  read(bytes: Uint8Array, base: number, end: number): boolean;
}

export class HeadReader {
  readonly #line: StartLineReader;
  readonly #fields: FieldSectionReader;
  readonly #maxFields: number;
  #maxBytes = 0;
  #inFields = false;

  constructor(line: StartLineReader, fields: FieldSectionReader, maxFields: number) {
    this.#line = line;
    this.#fields = fields;
    this.#maxFields = maxFields;
  }

  get at(): number {
    return this.#inFields ? this.#fields.at : this.#line.at;
  }

  get started(): boolean {
    return this.#line.started;
  }

  get atBoundary(): boolean {
    return this.#line.atBoundary;
  }

  /** Starts a head whose fields may cost `maxBytes`. */
  begin(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#inFields = false;
    this.#line.begin();
  }

  read(bytes: Uint8Array, base: number, end: number): boolean {
    if (!this.#inFields) {
      if (!this.#line.read(bytes, base, end)) return false;
      this.#fields.begin(this.#line.at, this.#maxBytes, this.#maxFields);
      this.#inFields = true;
    }
    return this.#fields.read(bytes, base, end);
  }
}
