import { ClosedStreams } from './closed-streams.js';
import type { Http2Role } from './frame-decoder.js';
import type { Http2Stream } from './stream.js';
import { StreamIds } from './stream-ids.js';
import { StreamStateCode } from './stream-step.js';
import { StreamTable } from './stream-table.js';

/** The streams of one connection: those in use, and what is known of the others. */
export class Streams {
  readonly ids: StreamIds;
  /** Streams of ours, and of the peer, that are in use. */
  local = 0;
  peer = 0;
  /** Streams of the peer so far. */
  opened = 0;
  readonly #table = new StreamTable<Http2Stream>();
  readonly #closed = new ClosedStreams();

  /** @param upgraded stream 1 is in use */
  constructor(role: Http2Role, upgraded = false) {
    this.ids = new StreamIds(role, upgraded && role === 'client' ? 1 : 0);
  }

  get size(): number {
    return this.#table.size;
  }

  get(id: number): Http2Stream | undefined {
    return this.#table.get(id);
  }

  add(stream: Http2Stream): void {
    this.#table.add(stream);
    if (stream.local) this.local++;
    else {
      this.peer++;
      this.opened++;
    }
  }

  /** The stream has come to its end. */
  remove(stream: Http2Stream): void {
    const before = this.#table.size;
    this.#table.delete(stream);
    if (this.#table.size === before) return;
    this.#closed.add(stream.id, stream.state);
    if (stream.local) this.local--;
    else this.peer--;
  }

  /** An identifier that was refused before it became a stream. */
  refuse(id: number): void {
    this.opened++;
    this.#closed.add(id, StreamStateCode.resetLocal);
  }

  /** The state of any identifier. */
  stateOf(id: number): number {
    const stream = this.#table.get(id);
    if (stream !== undefined) return stream.state;
    return this.ids.isIdle(id) ? StreamStateCode.idle : this.#closed.stateOf(id);
  }

  all(): Http2Stream[] {
    return this.#table.all();
  }
}
