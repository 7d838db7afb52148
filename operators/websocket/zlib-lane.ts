/**
 * Puts pieces through a raw zlib stream, one at a time: each is flushed, and done once all that came of it is out. zlib works
 * on a thread of its own, so this is the one asynchronous stage of WebSocket.
 */
import { nodeZlib } from '../core/node-zlib.js';
import { type ContextKind, dropContext, giveContext, takeContext, type ZlibContext } from './zlib-contexts.js';
import type { ZlibGate } from './zlib-gate.js';

export interface ZlibLaneConfig {
  readonly kind: ContextKind;
  /** The window is kept between messages. */
  readonly contextTakeover: boolean;
  readonly gate: ZlibGate;
}

export interface ZlibLaneHooks {
  /** A chunk has come out; while it runs the lane may be paused, or closed. */
  output(chunk: Uint8Array): void;
  /** All of the piece is out, or zlib says what is wrong with it. */
  done(error: unknown): void;
}

export class ZlibLane {
  readonly #config: ZlibLaneConfig;
  readonly #hooks: ZlibLaneHooks;
  #context: ZlibContext | undefined = undefined;
  #working = false;
  #inside = false;
  #paused = false;
  #flushed = false;
  #final = false;
  #closed = false;
  #cancel: (() => void) | undefined = undefined;

  constructor(config: ZlibLaneConfig, hooks: ZlibLaneHooks) {
    this.#config = config;
    this.#hooks = hooks;
  }

  /** A piece is being worked on. */
  get working(): boolean {
    return this.#working;
  }

  /** A zlib context is kept. */
  get hasContext(): boolean {
    return this.#context !== undefined;
  }

  /** Takes a piece, and the one behind it that belongs to it. @param final the message ends with it */
  run(piece: Uint8Array, behind: Uint8Array | undefined, final: boolean): void {
    if (this.#closed) return;
    this.#working = true;
    this.#flushed = false;
    this.#final = final;
    this.#cancel = this.#config.gate.enter(() => {
      this.#cancel = undefined;
      this.#inside = true;
      const context = (this.#context ??= this.#open());
      context.write(piece);
      if (behind !== undefined) context.write(behind);
      context.flush(nodeZlib().constants.Z_SYNC_FLUSH, this.#onFlush);
    });
  }

  /** No output until {@link resume}; another may use the thread meanwhile. */
  pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#context?.pause();
    this.#leave();
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.#context?.resume();
    this.#settle();
  }

  /** Frees everything. Nothing is heard of the piece under way. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#working = false;
    this.#cancel?.();
    const context = this.#context;
    this.#context = undefined;
    if (context !== undefined) dropContext(context);
    this.#leave();
  }

  #open(): ZlibContext {
    const context = takeContext(this.#config.kind);
    context.on('data', (chunk: Uint8Array) => {
      if (this.#closed) return;
      this.#hooks.output(chunk);
      if (this.#flushed) this.#settle();
    });
    context.on('error', (error: unknown) => this.#finish(error));
    return context;
  }

  readonly #onFlush = (): void => {
    this.#flushed = true;
    this.#settle();
  };

  #settle(): void {
    const context = this.#context;
    if (this.#closed || !this.#flushed || this.#paused || context === undefined || context.readableLength > 0) return;
    this.#flushed = false;
    // A context that has seen the end of a deflate stream (BFINAL) takes no more: RFC 7692 §7.2.3.4.
    if (context.readableEnded) {
      this.#context = undefined;
      dropContext(context);
    } else if (this.#final && !this.#config.contextTakeover) {
      this.#context = undefined;
      context.removeAllListeners('data').removeAllListeners('error');
      giveContext(this.#config.kind, context);
    }
    this.#finish(undefined);
  }

  #finish(error: unknown): void {
    if (this.#closed) return;
    this.#working = false;
    this.#leave();
    if (error !== undefined) this.close();
    this.#hooks.done(error);
  }

  #leave(): void {
    if (!this.#inside) return;
    this.#inside = false;
    this.#config.gate.leave();
  }
}
