import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { Http2ErrorCode, http2ErrorName, type Http2ErrorName } from '../../operators/http2/error-code.js';
import { type OutboundFrame, serializeFrame } from '../../operators/http2/frame.js';
import { FrameDecoder, type Http2Role } from '../../operators/http2/frame-decoder.js';
import { MAX_PAYLOAD_LENGTH } from '../../operators/http2/frame-header.js';
import { endsHeaders, endsStream, FrameFlag, FrameType, frameTypeName } from '../../operators/http2/frame-type.js';
import type { GoawayFrame } from '../../operators/http2/frames/goaway-frame.js';
import { type AssembledFrame, HeaderBlockAssembler } from '../../operators/http2/header-block-assembler.js';
import { clientPreface } from '../../operators/http2/preface.js';

const LOCAL = '127.0.0.1';
/** A test that waits longer than this says what it has heard. Nothing is timed by it. Milliseconds. */
const PATIENCE = 8000;

export type Part = number | string | Uint8Array | readonly number[];

/** Bytes put together: numbers are bytes, text is Latin-1. */
export function bytes(...parts: readonly Part[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      return typeof part === 'number' ? Buffer.of(part) : Buffer.from(part);
    }),
  );
}

/** A number of 32 bits. */
export function uint32(value: number): Uint8Array {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(value >>> 0);
  return four;
}

/** A frame that says what it likes. */
export function frame(type: number, flags: number, streamId: number, ...payload: readonly Part[]): Uint8Array {
  const body = bytes(...payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([head, body]);
}

/** A header block of literals that enter no table and are checked by nobody. */
export function block(...list: readonly string[]): Uint8Array {
  const parts: Part[] = [];
  for (let i = 0; i < list.length; i += 2) parts.push(0, text(list[i] as string), text(list[i + 1] as string));
  return bytes(...parts);
}

function text(value: string): Uint8Array {
  const { length } = value;
  if (length < 0x7f) return bytes(length, value);
  const digits: number[] = [];
  for (let rest = length - 0x7f; ; rest >>>= 7) {
    digits.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) return bytes(0x7f, digits, value);
  }
}

export const END = FrameFlag.END_STREAM;
export const END_HEADERS = FrameFlag.END_HEADERS;
export const PADDED = FrameFlag.PADDED;
export const PRIORITY = FrameFlag.PRIORITY;
export const ACK = FrameFlag.ACK;

export const HEADERS = (streamId: number, flags: number, ...list: readonly string[]): Uint8Array =>
  frame(FrameType.HEADERS, flags | END_HEADERS, streamId, block(...list));
export const DATA = (streamId: number, flags: number, ...parts: readonly Part[]): Uint8Array =>
  frame(FrameType.DATA, flags, streamId, ...parts);
export const RST_STREAM = (streamId: number, code: number): Uint8Array =>
  frame(FrameType.RST_STREAM, 0, streamId, uint32(code));
export const SETTINGS = (...entries: readonly (readonly [id: number, value: number])[]): Uint8Array =>
  frame(FrameType.SETTINGS, 0, 0, ...entries.flatMap(([id, value]) => [0, id, uint32(value)]));
export const SETTINGS_ACK = frame(FrameType.SETTINGS, ACK, 0);
export const PING = (opaque = 'opaque_8', flags = 0): Uint8Array => frame(FrameType.PING, flags, 0, opaque);
export const GOAWAY = (last: number, code = 0): Uint8Array => frame(FrameType.GOAWAY, 0, 0, uint32(last), uint32(code));
export const WINDOW_UPDATE = (streamId: number, increment: number): Uint8Array =>
  frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));

/** The pseudo-fields of a request as good as any. */
export const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/'] as const;
export const POST = [':method', 'POST', ':scheme', 'http', ':authority', 'a', ':path', '/'] as const;

/** A message as it came on one stream. */
export interface Message {
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>> | undefined;
  /** Statuses of the interim responses before it. */
  readonly interim: readonly string[];
}

/** One end of a connection that says any bytes and hears frames; nothing goes out by itself. */
export class Http2Peer {
  readonly socket: Socket;
  /** All that was heard, header blocks in one. */
  readonly heard: AssembledFrame[] = [];
  /** The other side has ended its own, or has broken the connection. */
  closed = false;
  /** What could not be read of it. */
  failure: unknown = undefined;
  readonly #decoder: FrameDecoder;
  readonly #assembler = new HeaderBlockAssembler({ maxContinuations: 1000, maxHeaderBlock: 10_000_000 });
  readonly #hpack = new HpackDecoder({ maxFieldBytes: 10_000_000, maxFields: 10_000 });
  readonly #lists = new WeakMap<AssembledFrame, readonly string[]>();
  /** What was taken of {@link heard}. */
  readonly #taken = new Set<AssembledFrame>();
  #wake: (() => void)[] = [];

  /** @param role of this end */
  constructor(socket: Socket, role: Http2Role) {
    this.socket = socket;
    this.#decoder = new FrameDecoder({ role, maxFrameSize: MAX_PAYLOAD_LENGTH, maxSettings: 1000 });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.closed = true;
        this.#changed();
      });
    }
  }

  /** Says all of this in one write. */
  send(...parts: readonly (Uint8Array | OutboundFrame)[]): this {
    this.socket.write(Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : serializeFrame(part)))));
    return this;
  }

  /** Waits until a frame fits that was not taken yet, and takes it. */
  async take<F extends AssembledFrame>(what: string, fits: (frame: AssembledFrame) => boolean): Promise<F> {
    let found: AssembledFrame | undefined;
    await this.until(what, () => {
      found = this.heard.find((each) => !this.#taken.has(each) && fits(each));
      return found !== undefined;
    });
    this.#taken.add(found as AssembledFrame);
    return found as F;
  }

  /** The next frame of a type, on a stream if one is given. */
  frame<F extends AssembledFrame>(type: number, streamId?: number): Promise<F> {
    const what = `${frameTypeName(type)} on ${streamId ?? 'any stream'}`;
    return this.take<F>(what, (each) => each.type === type && (streamId === undefined || each.streamId === streamId));
  }

  /** Waits for anything. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#changed(true), PATIENCE);
    let late = false;
    try {
      while (!holds()) {
        if (this.failure !== undefined) throw this.failure;
        if (late || this.closed)
          throw new Error(`${late ? 'never' : 'closed before'}: ${what}, after ${this.toString()}`);
        late = await new Promise<boolean>((resolve) => this.#wake.push(resolve as () => void));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The fields of a frame with a header block. */
  list(of: AssembledFrame): readonly string[] {
    return this.#lists.get(of) ?? [];
  }

  fields(of: AssembledFrame): Record<string, string> {
    const list = this.list(of);
    const pairs = list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] as string] as const] : []));
    return Object.fromEntries(pairs);
  }

  /** The whole message on a stream, to END_STREAM. */
  async message(streamId: number): Promise<Message> {
    const mine = (): AssembledFrame[] => this.heard.filter((each) => each.streamId === streamId);
    await this.until(`the end of stream ${streamId}`, () => {
      const broken = mine().find(({ type }) => type === FrameType.RST_STREAM);
      if (broken && !mine().some(endsStream)) throw new Error(`stream ${streamId} was reset: ${this.toString()}`);
      return mine().some(endsStream);
    });
    const frames = mine();
    for (const each of frames) this.#taken.add(each);
    const heads = frames.filter(({ type }) => type === FrameType.HEADERS).map((each) => this.fields(each));
    const interim = heads.map((head) => head[':status'] ?? '').filter((status) => status.startsWith('1'));
    const [fields = {}, trailers] = heads.slice(interim.length);
    const pieces = frames.flatMap((each) => (each.type === FrameType.DATA ? [each.data] : []));
    return { fields, body: Buffer.concat(pieces).toString('latin1'), trailers, interim };
  }

  /** The connection ends with GOAWAY of this code, and the other side closes. */
  async goaway(code: Http2ErrorName): Promise<GoawayFrame> {
    const found = await this.frame<GoawayFrame>(FrameType.GOAWAY);
    if (found.errorCode !== Http2ErrorCode[code]) throw new Error(`not GOAWAY ${code}, but ${this.toString()}`);
    await this.until('the end', () => this.closed);
    return found;
  }

  /** A stream is reset with this code. */
  async reset(streamId: number, code: Http2ErrorName): Promise<void> {
    const found = await this.frame(FrameType.RST_STREAM, streamId);
    if ((found as { errorCode: number }).errorCode !== Http2ErrorCode[code]) {
      throw new Error(`not RST_STREAM ${code}, but ${this.toString()}`);
    }
  }

  /** All that was said is dealt with: a PING behind it has come back. The frames that came meanwhile. */
  async barrier(): Promise<AssembledFrame[]> {
    const from = this.heard.length;
    this.send(PING('barrier!'));
    const pong = await this.take('the answer to a PING', (each) => isPong(each, 'barrier!'));
    return this.heard.slice(from).filter((each) => each !== pong);
  }

  /** The other side has dealt with this, or has closed; inside a header block nobody can tell. */
  async heeded(sent: Uint8Array): Promise<void> {
    const [type = 0, flags = 0] = sent.subarray(3, 5);
    if (BLOCKS.has(type) && (flags & END_HEADERS) === 0) return;
    this.send(PING('heeded? '));
    await this.until('the answer to a PING, or the end', () => {
      const pong = this.heard.find((each) => !this.#taken.has(each) && isPong(each, 'heeded? '));
      if (pong) this.#taken.add(pong);
      return pong !== undefined || this.closed;
    });
  }

  /** What was heard, for people. */
  toString(): string {
    return this.heard.map(shown).join(' · ') || 'nothing';
  }

  #hear(chunk: Uint8Array): void {
    try {
      this.#decoder.push(chunk);
      while (this.#decoder.read()) {
        const whole = this.#assembler.push(this.#decoder.frame);
        if (whole === undefined) continue;
        const { type } = whole;
        if (type === FrameType.HEADERS || type === FrameType.PUSH_PROMISE) {
          this.#lists.set(whole, this.#hpack.decodeList(whole.fragment));
        }
        this.heard.push(whole);
      }
    } catch (error) {
      this.failure ??= error;
    }
    this.#changed();
  }

  #changed(late = false): void {
    const wake = this.#wake as unknown as ((late: boolean) => void)[];
    this.#wake = [];
    for (const each of wake) each(late);
  }
}

/** Types that carry, or go on with, a header block. */
const BLOCKS: ReadonlySet<number> = new Set([FrameType.HEADERS, FrameType.PUSH_PROMISE, FrameType.CONTINUATION]);

function isPong(each: AssembledFrame, opaque: string): boolean {
  return each.type === FrameType.PING && each.flags === ACK && Buffer.from(each.opaque).toString('latin1') === opaque;
}

function shown(each: AssembledFrame): string {
  const code = 'errorCode' in each ? ` ${http2ErrorName(each.errorCode) ?? each.errorCode}` : '';
  const length = each.type === FrameType.DATA ? ` ${each.data.length}` : '';
  const end = endsStream(each) ? ' END' : '';
  const cut = each.type === FrameType.HEADERS && !endsHeaders(each) ? ' …' : '';
  return `${frameTypeName(each.type) ?? each.type} ${each.streamId}${code}${length}${end}${cut}`;
}

/** A raw client on a socket of its own, gone when the test is over. Nothing is said yet. */
export function rawClient(port: number): Http2Peer {
  const socket = connect({ host: LOCAL, port, noDelay: true, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return new Http2Peer(socket, 'client');
}

/** A raw client that has said the preface and these SETTINGS, and acknowledged those of the server. */
export async function greetedClient(
  port: number,
  ...entries: readonly (readonly [id: number, value: number])[]
): Promise<Http2Peer> {
  const peer = rawClient(port).send(clientPreface(), SETTINGS(...entries));
  await peer.frame(FrameType.SETTINGS);
  await peer.take('SETTINGS ACK', ({ type, flags }) => type === FrameType.SETTINGS && flags === ACK);
  peer.send(SETTINGS_ACK);
  return peer;
}

export interface RawHttp2Server {
  readonly port: number;
  readonly url: string;
  /** Connections so far. */
  readonly peers: readonly Http2Peer[];
}

/** A raw server: `talk` has the connection, on which nothing is said yet. Gone when the test is over. */
export async function rawHttp2Server(
  talk: (peer: Http2Peer, index: number) => void | Promise<void>,
): Promise<RawHttp2Server> {
  const peers: Http2Peer[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const peer = new Http2Peer(socket, 'server');
    const index = peers.push(peer) - 1;
    void Promise.resolve(talk(peer, index)).catch((error: unknown) => {
      peer.failure ??= error;
      socket.destroy();
    });
  });
  server.listen(0, LOCAL);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://${LOCAL}:${port}/`, peers };
}
