import { calmError } from '../../operators/http2/http2-error.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import type { ReplyObserver } from './reply.js';
import { isObservableInput, type HandlerResult, type ServerResponse } from './server-response.js';

interface Waiting {
  readonly stream: Http2Stream;
  readonly begin: () => void;
}

/**
 * The handlers of one HTTP/2 connection that are at work, whether or not anybody waits for what they answer: a reset ends a
 * stream, but not what a promise has begun. Requests beyond their number wait; those that are reset meanwhile are never begun.
 */
export class RunningHandlers {
  /** Not yet at their end. Those that answer at once never count. */
  running = 0;
  readonly #most: number;
  readonly #mostWaiting: number;
  #waiting: Waiting[] = [];
  #beginning = false;

  /** @param most at work at a time. @param mostWaiting requests, reset ones included, until the connection ends */
  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** A further request has to wait. */
  get full(): boolean {
    return this.running >= this.#most || this.#waiting.length > 0;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `begin` once there is room, unless the stream is over by then. @throws ProtocolError connection `ENHANCE_YOUR_CALM` */
  wait(stream: Http2Stream, begin: () => void): void {
    if (this.#waiting.length >= this.#mostWaiting) {
      throw calmError('maxBacklog', `over ${this.#mostWaiting} requests wait for ${this.running} handlers`);
    }
    this.#waiting.push({ stream, begin });
  }

  /** Counts a handler that does not answer at once; what its reply is to go by. */
  begun(result: HandlerResult): { readonly result: HandlerResult; readonly observer: ReplyObserver } {
    this.running++;
    const handler = new RunningHandler(() => this.#ended());
    return { result: handler.follow(result), observer: handler };
  }

  #ended(): void {
    this.running--;
    if (this.#beginning) return;
    this.#beginning = true;
    try {
      while (this.running < this.#most) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        if (!next.stream.closed) next.begin();
      }
    } finally {
      this.#beginning = false;
    }
  }
}

/** At its end when its reply is, and when what goes on without it has come to its own. */
class RunningHandler implements ReplyObserver {
  readonly #ended: () => void;
  /** The reply, and the promise if there is one. */
  #parts = 1;
  #answered = false;

  constructor(ended: () => void) {
    this.#ended = ended;
  }

  /** Unsubscribing stops an Observable, but neither a promise nor the step an async iterable is taking. */
  follow(result: HandlerResult): HandlerResult {
    if (typeof result !== 'object' || result === null || !isObservableInput(result)) return result;
    if ('subscribe' in result) return result;
    if ('then' in result && typeof result.then === 'function') {
      this.#parts++;
      const settled = (): void => this.#partEnded();
      result.then(settled, settled);
    } else if (Symbol.asyncIterator in result) {
      this.#parts++;
      return steps(result, () => this.#partEnded());
    }
    return result;
  }

  answered(): void {
    this.#over();
  }

  cancelled(): void {
    this.#over();
  }

  failed(): void {
    this.#over();
  }

  #over(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#partEnded();
  }

  #partEnded(): void {
    if (--this.#parts === 0) this.#ended();
  }
}

async function* steps(source: AsyncIterable<ServerResponse>, ended: () => void): AsyncGenerator<ServerResponse> {
  try {
    yield* source;
  } finally {
    ended();
  }
}
