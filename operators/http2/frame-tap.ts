import { Observable, Subject } from 'rxjs';
import type { Frame } from './frame.js';
import { FrameDecoder, type Http2Role } from './frame-decoder.js';
import type { OutputSink } from './frame-output.js';

/** A frame on a connection. */
export interface Http2FrameEvent {
  /** `in`: read from the peer; `out`: written to it. */
  readonly direction: 'in' | 'out';
  /** Header blocks are in pieces, as on the wire. Payloads are views: copy what you keep. */
  readonly frame: Frame;
}

/** Every frame of a connection for whoever watches; while nobody does, it costs a test. */
export class FrameTap {
  readonly frames$: Observable<Http2FrameEvent> = new Observable((subscriber) => {
    const first = !this.#frames.observed;
    subscriber.add(this.#frames.subscribe(subscriber));
    if (first) this.#decoder = undefined;
  });
  readonly #frames = new Subject<Http2FrameEvent>();
  readonly #reader: Http2Role;
  #decoder: FrameDecoder | undefined;
  #begun = false;

  /** @param role of this side */
  constructor(role: Http2Role) {
    this.#reader = role === 'client' ? 'server' : 'client'; // what we write, the other side reads
  }

  /** Somebody looks. */
  get watched(): boolean {
    return this.#frames.observed;
  }

  /** A way to the sink that passes by here. */
  before(sink: OutputSink): OutputSink {
    return {
      next: (bytes) => {
        this.out(bytes);
        sink.next(bytes);
      },
      cork: () => sink.cork(),
      uncork: () => sink.uncork(),
      flush: () => sink.flush(),
    };
  }

  in(frame: Frame): void {
    if (this.#frames.observed) this.#frames.next({ direction: 'in', frame });
  }

  /** Bytes of whole frames, or of parts that follow each other. */
  out(bytes: Uint8Array): void {
    const fromStart = !this.#begun;
    this.#begun = true;
    if (!this.#frames.observed) return;
    const decoder = (this.#decoder ??= new FrameDecoder({
      role: this.#reader,
      preface: fromStart,
      lenient: true, // what is written by hand may be wrong
    }));
    decoder.push(bytes);
    while (decoder.read()) this.#frames.next({ direction: 'out', frame: decoder.frame });
  }

  complete(): void {
    this.#frames.complete();
  }
}
