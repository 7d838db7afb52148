/** How many of a process's messages are being compressed or decompressed at a time: each takes a thread and a window. */

type Job = () => void;

/** Lets so many in at a time, the others wait in order. */
export class ZlibGate {
  readonly #most: number;
  #inside = 0;
  readonly #waiting: Job[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs the job now or later; whoever runs calls {@link leave} once. The returned function takes a waiting job back. */
  enter(job: Job): () => void {
    if (this.#inside < this.#most) {
      this.#inside++;
      job();
      return () => undefined;
    }
    this.#waiting.push(job);
    return () => {
      const at = this.#waiting.indexOf(job);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  leave(): void {
    const job = this.#waiting.shift();
    if (job === undefined) this.#inside--;
    else job();
  }
}

/** The default, for all connections of the process: 8. */
export const zlibGate = new ZlibGate(8);
