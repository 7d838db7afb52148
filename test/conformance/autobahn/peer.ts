import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Step } from './case.js';
import { chopped, encode, type Frame, FrameReader, OP, show } from './wire.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The other end of a WebSocket, which does as a case says and breaks what rules it likes. */
export class Peer {
  readonly heard: Frame[] = [];
  /** What ours said of extensions. */
  readonly extensions: string | undefined;
  readonly #stream: Duplex;
  readonly #role: 'client' | 'server';
  readonly #ended: Promise<unknown>;
  #failure: unknown = undefined;
  #over = false;
  #closeSent = false;

  constructor(stream: Duplex, role: 'client' | 'server', extensions: string | undefined) {
    this.#stream = stream;
    this.#role = role;
    this.extensions = extensions;
    const reader = new FrameReader(role === 'server');
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) this.#hear(frame);
      } catch (error) {
        this.#failure = error;
        stream.destroy();
      }
    });
    stream.on('end', () => stream.end());
    this.#ended = Promise.race([once(stream, 'end'), once(stream, 'close')]).then(() => (this.#over = true));
  }

  /** Sends all, and gives every frame that was heard when the byte stream has ended. */
  async run(sends: readonly Step[]): Promise<string[]> {
    for (const step of sends) await this.#step(step);
    await this.#ended;
    if (this.#failure !== undefined) throw this.#failure as Error;
    return this.heard.map(show);
  }

  async until(done: () => boolean): Promise<void> {
    while (!done() && !this.#over) await turn();
  }

  send(frame: Frame): void {
    if (frame.op === OP.CLOSE) this.#closeSent = true;
    this.#write(encode(frame, this.#role === 'client'));
    this.#closeBoth();
  }

  async #step(step: Step): Promise<void> {
    if ('op' in step) this.send(step);
    else if (step instanceof Uint8Array) this.#write(step);
    else if ('heard' in step) await this.until(() => this.heard.length >= step.heard);
    else if ('together' in step) this.#write(Buffer.concat(step.together.map((frame) => this.#encode(frame))));
    else {
      const pieces = chopped(Buffer.concat(step.frames.map((frame) => this.#encode(frame))), step.chop);
      for (const piece of pieces) {
        this.#write(piece);
        if (pieces.length < 2048) await turn();
        else if (this.#stream.writableNeedDrain) await Promise.race([once(this.#stream, 'drain'), this.#ended]);
      }
    }
    this.#closeBoth();
  }

  #encode(frame: Frame): Buffer {
    if (frame.op === OP.CLOSE) this.#closeSent = true;
    return encode(frame, this.#role === 'client');
  }

  #write(bytes: Uint8Array): void {
    if (!this.#over && this.#stream.writable) this.#stream.write(bytes);
  }

  #hear(frame: Frame): void {
    this.heard.push(frame);
    this.#closeBoth();
  }

  /** A server ends the byte stream once both have closed. */
  #closeBoth(): void {
    if (this.#role === 'server' && this.#closeSent && this.heard.at(-1)?.op === OP.CLOSE) this.#stream.end();
  }
}
