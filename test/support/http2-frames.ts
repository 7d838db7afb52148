/** The other side of an HTTP/2 connection, frame by frame: says what the test says, right or wrong, and keeps what it hears. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { SchedulerLike } from 'rxjs';
import { onTestFinished, vi } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { Http2Connection } from '../../operators/http2/connection.js';
import { type Frame, type OutboundFrame, serializeFrame } from '../../operators/http2/frame.js';
import { FrameDecoder } from '../../operators/http2/frame-decoder.js';
import { endsStream, FrameFlag, FrameType, frameTypeName } from '../../operators/http2/frame-type.js';
import { dataFrame } from '../../operators/http2/frames/data-frame.js';
import type { GoawayFrame } from '../../operators/http2/frames/goaway-frame.js';
import { headersFrame } from '../../operators/http2/frames/headers-frame.js';
import type { RstStreamFrame } from '../../operators/http2/frames/rst-stream-frame.js';
import { type SettingEntry, settingsAckFrame, settingsFrame } from '../../operators/http2/frames/settings-frame.js';
import type { WindowUpdateFrame } from '../../operators/http2/frames/window-update-frame.js';
import { http2ErrorName } from '../../operators/http2/error-code.js';
import { clientPreface } from '../../operators/http2/preface.js';
import { settingEntries, type Settings } from '../../operators/http2/settings.js';
import type { ByteDuplex } from '../../src/sockets/byte-duplex.js';

export type PeerRole = 'client' | 'server';
type Pairs = Readonly<Record<string, string>>;

/** The message received on one stream. */
export interface Message {
  /** Header blocks in the order they came, pseudo-fields among them. */
  readonly heads: Record<string, string>[];
  body: Buffer;
  ended: boolean;
  /** Code of the RST_STREAM that ended it. */
  reset: string | undefined;
}

/** Frames in and frames out; has no socket of its own. */
export class FramePeer {
  readonly role: PeerRole;
  /** Everything heard, payloads copied. */
  readonly frames: Frame[] = [];
  readonly encoder = new HpackEncoder();
  /** Acknowledges SETTINGS and PING as they come. */
  polite = true;
  /** When the other side ended or broke the connection: what it was. */
  over: 'end' | 'error' | undefined = undefined;
  /** Called for each frame, after it has been entered. */
  onFrame: ((frame: Frame) => void) | undefined = undefined;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #decoder: FrameDecoder;
  readonly #hpack = new HpackDecoder({ maxFieldBytes: 1_000_000, maxFields: 10_000 });
  readonly #messages = new Map<number, Message>();
  /** Fragments of a block that is not whole. */
  #fragments: Uint8Array[] = [];
  #next: number;

  constructor(role: PeerRole, write: (bytes: Uint8Array) => void) {
    this.role = role;
    this.#write = write;
    this.#decoder = new FrameDecoder({ role, maxFrameSize: 16_777_215, maxSettings: Infinity });
    this.#next = role === 'client' ? 1 : 2;
  }

  /** The preface of its role, with these settings. */
  begin(settings: Partial<Settings> = {}): this {
    if (this.role === 'client') this.#write(clientPreface());
    return this.send(settingsFrame(settingEntries(settings)));
  }

  send(...frames: OutboundFrame[]): this {
    this.#write(Buffer.concat(frames.map((frame) => serializeFrame(frame))));
    return this;
  }

  raw(...bytes: Uint8Array[]): this {
    this.#write(Buffer.concat(bytes));
    return this;
  }

  settings(...entries: SettingEntry[]): this {
    return this.send(settingsFrame(entries));
  }

  /** The identifier of the next stream of its own. */
  nextId(): number {
    const id = this.#next;
    this.#next += 2;
    return id;
  }

  /** A request head as a frame. */
  requestFrame(
    id: number,
    path = '/',
    fields: Pairs = {},
    method = 'GET',
    endStream = method === 'GET',
  ): OutboundFrame {
    const list = [':method', method, ':scheme', 'http', ':authority', 'server', ':path', path];
    for (const [name, value] of Object.entries(fields)) list.push(name, value);
    return headersFrame(id, this.encoder.encode(list), { endStream });
  }

  /** Sends a request without a body; its stream. */
  get(path = '/', fields: Pairs = {}): number {
    const id = this.nextId();
    this.send(this.requestFrame(id, path, fields));
    return id;
  }

  /** Sends the head of a request that a body follows; its stream. */
  post(path = '/', fields: Pairs = {}): number {
    const id = this.nextId();
    this.send(this.requestFrame(id, path, fields, 'POST'));
    return id;
  }

  data(id: number, body: Uint8Array | string, endStream = false): this {
    return this.send(dataFrame(id, Buffer.from(body as string), { endStream }));
  }

  /** A header block of a server: a response, or trailers where there is no status. */
  headers(id: number, fields: Pairs, endStream = false): this {
    return this.send(headersFrame(id, this.encoder.encode(Object.entries(fields).flat()), { endStream }));
  }

  respond(id: number, body = '', fields: Pairs = {}): this {
    this.headers(id, { ':status': '200', ...fields }, body === '');
    return body === '' ? this : this.data(id, body, true);
  }

  received(chunk: Uint8Array): void {
    this.#decoder.push(Buffer.from(chunk));
    while (this.#decoder.read()) this.#hear(this.#decoder.frame);
  }

  of(id: number): Message {
    let message = this.#messages.get(id);
    if (message === undefined) {
      message = { heads: [], body: Buffer.alloc(0), ended: false, reset: undefined };
      this.#messages.set(id, message);
    }
    return message;
  }

  /** Streams of which something was heard. */
  get ids(): number[] {
    return [...this.#messages.keys()];
  }

  /** The final statuses by stream. */
  get statuses(): (string | undefined)[] {
    return this.ids.map(
      (id) => this.of(id).heads.find((head) => !(head[':status'] ?? '1').startsWith('1'))?.[':status'],
    );
  }

  get goaways(): GoawayFrame[] {
    return this.frames.filter((frame): frame is GoawayFrame => frame.type === FrameType.GOAWAY);
  }

  /** The name of the error it was told goodbye with. */
  get goaway(): string | undefined {
    const last = this.goaways.at(-1);
    return last && http2ErrorName(last.errorCode);
  }

  get resets(): RstStreamFrame[] {
    return this.frames.filter((frame): frame is RstStreamFrame => frame.type === FrameType.RST_STREAM);
  }

  /** Bytes of credit it was given, of a stream or the connection (0). */
  credit(streamId: number): number {
    const updates = this.frames.filter(
      (frame): frame is WindowUpdateFrame => frame.type === FrameType.WINDOW_UPDATE && frame.streamId === streamId,
    );
    return updates.reduce((sum, { increment }) => sum + increment, 0);
  }

  /** What was heard, a word for each frame. */
  get words(): string[] {
    return this.frames.map(({ type, flags, streamId }) => {
      const ends = endsStream({ type, flags }) ? ' end' : '';
      const ack =
        (type === FrameType.SETTINGS || type === FrameType.PING) && (flags & FrameFlag.ACK) !== 0 ? ' ack' : '';
      return `${frameTypeName(type)} ${streamId}${ends}${ack}`;
    });
  }

  #hear(frame: Frame): void {
    this.frames.push(frame);
    const ack = (frame.flags & FrameFlag.ACK) !== 0;
    if (frame.type === FrameType.SETTINGS && this.polite && !ack) this.send(settingsAckFrame());
    if (frame.type === FrameType.PING && this.polite && !ack) this.send({ ...frame, flags: FrameFlag.ACK });
    if (frame.type === FrameType.HEADERS || frame.type === FrameType.CONTINUATION) this.#block(frame);
    if (frame.type === FrameType.PUSH_PROMISE) this.#block(frame);
    if (frame.type === FrameType.DATA) {
      const message = this.of(frame.streamId);
      message.body = Buffer.concat([message.body, frame.data]);
    }
    if (endsStream(frame)) this.of(frame.streamId).ended = true;
    if (frame.type === FrameType.RST_STREAM) this.of(frame.streamId).reset = http2ErrorName(frame.errorCode);
    this.onFrame?.(frame);
  }

  #block(frame: Extract<Frame, { fragment: Uint8Array }>): void {
    this.#fragments.push(frame.fragment);
    if ((frame.flags & FrameFlag.END_HEADERS) === 0) return;
    const list = this.#hpack.decodeList(Buffer.concat(this.#fragments));
    this.#fragments = [];
    const head: Record<string, string> = {};
    for (let i = 0; i < list.length; i += 2) head[list[i] as string] = list[i + 1] as string;
    this.of(frame.streamId).heads.push(head);
  }
}

/** A frame with any header and payload, right or wrong. */
export function anyFrame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([header, payload]);
}

/** A peer over a TCP socket. */
export class SocketPeer extends FramePeer {
  readonly socket: Socket;
  /** The socket is gone. */
  readonly closed: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(role: PeerRole, socket: Socket) {
    super(role, (bytes) => {
      if (!socket.destroyed && socket.writable) socket.write(bytes);
    });
    this.socket = socket;
    socket.on('error', () => {
      this.over = 'error';
    });
    socket.on('end', () => {
      this.over ??= 'end';
      socket.end();
    });
    socket.on('data', (chunk: Buffer) => {
      this.received(chunk);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#wake();
        resolve();
      });
    });
    onTestFinished(() => void socket.destroy());
  }

  /** Waits for what was heard to be as wanted; that the connection has closed ends the wait with an error. */
  async until(condition: () => boolean, what = 'what was waited for'): Promise<this> {
    while (!condition()) {
      if (this.socket.destroyed) throw new Error(`closed before ${what}: ${this.words.slice(-20).join(', ')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A client of frames on a real socket. */
export function framesTo(port: number, settings: Partial<Settings> | null = {}): SocketPeer {
  const peer = new SocketPeer('client', connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }));
  return settings === null ? peer : peer.begin(settings);
}

/** A server of frames on a real socket: `talk` is called for each connection, before anything is heard. */
export async function frameServer(
  talk: (peer: SocketPeer, index: number) => void,
): Promise<{ readonly port: number; readonly url: string; readonly peers: SocketPeer[] }> {
  const peers: SocketPeer[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const peer = new SocketPeer('server', socket);
    talk(peer, peers.push(peer) - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  return { port, url: `http://127.0.0.1:${port}/`, peers };
}

/** Every connection of ours that is opened while the test runs, in either role. */
export function watchConnections(opens: (connection: Http2Connection) => void = () => undefined): Http2Connection[] {
  const seen: Http2Connection[] = [];
  const open = Reflect.get(Http2Connection.prototype, 'open');
  const spy = vi.spyOn(Http2Connection.prototype, 'open').mockImplementation(function (this: Http2Connection, bytes) {
    seen.push(this);
    opens(this);
    open.call(this, bytes);
  });
  onTestFinished(() => spy.mockRestore());
  return seen;
}

/** What went past every error handler of the process while the test ran. */
export function watchProcess(): unknown[] {
  const seen: unknown[] = [];
  const note = (error: unknown): void => void seen.push(error);
  process.on('uncaughtExceptionMonitor', note);
  process.on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('uncaughtExceptionMonitor', note);
    process.off('unhandledRejection', note);
  });
  return seen;
}

/** A peer at one end of a connection in memory, under the clock of a scheduler. */
export class VirtualPeer extends FramePeer {
  readonly socket: ByteDuplex;
  /** When the other side ended or broke the connection. Milliseconds. */
  closedAt: number | undefined = undefined;
  /** What was heard and when: a word for each frame. */
  readonly log: string[] = [];

  constructor(role: PeerRole, socket: ByteDuplex, scheduler: SchedulerLike) {
    super(role, (bytes) => socket.next(bytes));
    this.socket = socket;
    this.onFrame = () => this.log.push(`${scheduler.now()} ${this.words.at(-1)}`);
    socket.subscribe({
      next: (chunk) => this.received(chunk),
      error: () => {
        this.over = 'error';
        this.closedAt = scheduler.now();
      },
      complete: () => {
        this.over = 'end';
        this.closedAt = scheduler.now();
        socket.complete();
      },
    });
  }

  /** When a frame was heard first of which this is the word. Milliseconds. */
  heardAt(word: string): number | undefined {
    const found = this.log.find((line) => line.endsWith(` ${word}`));
    return found === undefined ? undefined : Number(found.split(' ')[0]);
  }
}
