import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { Peer } from './peer.js';
import { chopped, frame, type Frame, more, OP } from './wire.js';

const TAIL = Buffer.of(0, 0, 0xff, 0xff);

interface Direction {
  readonly contextTakeover: boolean;
  readonly windowBits: number;
}

/** Both directions, by the extension header that a server sent. */
function agreed(answer: string): { readonly client: Direction; readonly server: Direction } {
  const of = (who: string): Direction => ({
    contextTakeover: !answer.includes(`${who}_no_context_takeover`),
    windowBits: Number(new RegExp(`${who}_max_window_bits=(\\d+)`).exec(answer)?.[1] ?? 15),
  });
  return { client: of('client'), server: of('server') };
}

/** Compresses and decompresses with exactly the windows that were agreed on: what reaches back further is an error of zlib. */
export class DeflatingPeer {
  readonly #peer: Peer;
  readonly #out: Direction;
  readonly #in: Direction;
  #deflate: DeflateRaw | undefined;
  #inflate: InflateRaw | undefined;

  constructor(peer: Peer, role: 'client' | 'server', answer: string) {
    const { client, server } = agreed(answer);
    this.#peer = peer;
    [this.#out, this.#in] = role === 'client' ? [client, server] : [server, client];
    onTestFinished(() => {
      this.#deflate?.close();
      this.#inflate?.close();
    });
  }

  /** Sends a compressed message, in fragments of so many compressed bytes, and gives what comes back. */
  async roundTrip(op: number, payload: Buffer, fragment = Infinity): Promise<{ echo: Frame; payload: Buffer }> {
    const { heard } = this.#peer;
    const before = heard.length;
    const flushed = await this.#pack(payload);
    // After a flush with nothing new to say zlib says nothing: RFC 7692 §7.2.3.6.
    const packed = flushed.length > TAIL.length ? flushed.subarray(0, -TAIL.length) : Buffer.of(0);
    const pieces = chopped(packed, Math.min(fragment, packed.length));
    pieces.forEach((piece, i) => {
      const last = i === pieces.length - 1;
      this.#peer.send(i === 0 ? frame(op, piece, last, 4) : more(piece, last));
    });
    await this.#peer.until(() => heard.length > before);
    const echo = heard[before];
    if (echo === undefined || echo.op === OP.CLOSE) throw new Error(`refused: ${echo?.payload.toString('hex')}`);
    return { echo, payload: await this.#unpack(Buffer.concat([echo.payload, TAIL])) };
  }

  #pack(payload: Buffer): Promise<Buffer> {
    if (!this.#out.contextTakeover) this.#deflate = undefined;
    this.#deflate ??= createDeflateRaw({ windowBits: this.#out.windowBits });
    return through(this.#deflate, payload);
  }

  #unpack(packed: Buffer): Promise<Buffer> {
    if (!this.#in.contextTakeover) this.#inflate = undefined;
    this.#inflate ??= createInflateRaw({ windowBits: this.#in.windowBits });
    return through(this.#inflate, packed);
  }
}

function through(stream: DeflateRaw | InflateRaw, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.removeAllListeners('data').removeAllListeners('error');
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    if (input.length > 0) stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(chunks)));
  });
}
