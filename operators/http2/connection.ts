/** One HTTP/2 connection in either role: the junction, where what arrives may cause something to be sent (RFC 9113). */
import type { Observable, Subscription } from 'rxjs';
import { hold, type Release, undelivered } from '../core/deliver.js';
import type { DuplexSubject } from '../core/duplex-subject.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import type { ConnectionHooks, Http2ConnectionOptions, StreamHooks } from './connection-hooks.js';
import { ControlFrames } from './control-frames.js';
import { type OutboundFrame, serializeFrame } from './frame.js';
import { FrameDecoder, type Http2Role } from './frame-decoder.js';
import { type DispatchHooks, FrameDispatch } from './frame-dispatch.js';
import { FrameOutput } from './frame-output.js';
import { FrameTap, type Http2FrameEvent } from './frame-tap.js';
import type { GoawayFrame } from './frames/goaway-frame.js';
import type { DecodedHead } from './head-reader.js';
import { clientPreface } from './preface.js';
import { type Http2ConnectionState, Shutdown } from './shutdown.js';
import type { SettingsState } from './settings-exchange.js';
import type { Settings } from './settings.js';
import type { Http2Stream, StreamSink } from './stream.js';
import { StreamLanes } from './stream-lanes.js';

/**
 * An HTTP/2 connection over any duplex of bytes. It has no clock and no policy: time comes in through `now`, waits belong to
 * whoever runs it.
 */
export class Http2Connection implements StreamHooks, DispatchHooks {
  readonly socket: DuplexSubject<Uint8Array, Uint8Array>;
  readonly role: Http2Role;
  readonly lanes: StreamLanes;
  readonly #hooks: ConnectionHooks;
  readonly #tap: FrameTap;
  readonly #output: FrameOutput;
  readonly #decoder: FrameDecoder;
  readonly #dispatch: FrameDispatch;
  readonly #control: ControlFrames;
  readonly #shutdown: Shutdown;
  #subscription: Subscription | undefined = undefined;
  #pumping = false;
  /** Bytes of the chunk being read. */
  #within = 0;
  #received = 0;
  #frames = 0;
  /** Let the socket read on. */
  #resume: Release[] | undefined = undefined;
  readonly #work = (): void => this.#pump();

  /** @throws UsageError `INVALID_LIMIT` */
  constructor(socket: DuplexSubject<Uint8Array, Uint8Array>, hooks: ConnectionHooks, options: Http2ConnectionOptions) {
    const { role } = options;
    this.socket = socket;
    this.role = role;
    this.#hooks = hooks;
    this.#tap = new FrameTap(role);
    this.#output = new FrameOutput(this.#tap.before(socket), () => this.#drained());
    this.lanes = new StreamLanes(this.#output, this, options);
    const { limits, settings, sender, streams, heads, credit } = this.lanes;
    this.#decoder = new FrameDecoder({ role, maxSettings: limits.maxSettings, splitData: true });
    this.#control = new ControlFrames(settings, sender, streams, heads, credit, limits);
    this.#dispatch = new FrameDispatch(this.lanes, this.#control, this.#tap, this);
    this.#shutdown = new Shutdown(role, this.lanes, this.#control, socket, hooks);
  }

  get state(): Http2ConnectionState {
    return this.#shutdown.state;
  }

  /** Every frame, in and out; costs nothing while nobody subscribes. */
  get frames$(): Observable<Http2FrameEvent> {
    return this.#tap.frames$;
  }

  /** The settings of both sides: now, and at each change. */
  get settings$(): Observable<SettingsState> {
    return this.lanes.settings.state$;
  }

  /** Bytes on their way that the socket has not taken. */
  get unsent(): number {
    return this.#output.unsent;
  }

  /** Bytes given to the socket so far. */
  get written(): number {
    return this.#output.written;
  }

  /** Bytes read from the socket so far. */
  get received(): number {
    return this.#received;
  }

  /** Frames read so far. */
  get frames(): number {
    return this.#frames;
  }

  /** A frame, or a header block, has begun and not ended. */
  get partial(): boolean {
    return this.#decoder.partial || this.#dispatch.partial;
  }

  /** Another stream of ours may begin now. */
  get mayOpen(): boolean {
    const { settings, streams } = this.lanes;
    return this.state === 'open' && streams.local < settings.remote.maxConcurrentStreams && !streams.ids.exhausted;
  }

  /**
   * Sends the preface of this side and starts reading.
   *
   * @param bytes what comes in, where somebody has looked at the first of it
   */
  open(bytes: Observable<Uint8Array> = this.socket): void {
    if (this.role === 'client') this.#output.raw(clientPreface());
    this.lanes.announce(this.lanes.own);
    this.lanes.credit.open();
    this.lanes.sender.flush();
    this.#subscription = bytes.subscribe({
      next: (chunk) => this.#read(chunk),
      error: (error: unknown) => this.#gone(error),
      complete: () => this.#ended(),
    });
    if (this.state === 'closed') this.#subscription.unsubscribe();
  }

  /**
   * Begins a stream of ours with the head of a request.
   *
   * @param pseudo `:method` and the like, as a flat list
   * @throws UsageError `STREAM_LIMIT` where {@link mayOpen} is false; `INVALID_FIELD_VALUE`, `HEADER_LIST_TOO_LARGE`
   */
  request(
    sink: StreamSink,
    fields: Fields | readonly string[],
    pseudo: readonly string[],
    endStream: boolean,
  ): Http2Stream {
    if (!this.mayOpen) throw new UsageError('STREAM_LIMIT', 'the connection takes no further stream now');
    return this.lanes.request(sink, fields, pseudo, endStream);
  }

  /** Announces changes of our settings; they are in force when acknowledged. @throws UsageError `INVALID_SETTING` */
  changeSettings(changes: Partial<Settings>): void {
    this.lanes.announce(changes);
    this.lanes.sender.flush();
  }

  /** Sends a PING. @param answered called when its answer has come. @throws UsageError `PING_LIMIT` */
  ping(answered: () => void): void {
    if (this.state === 'lingering' || this.state === 'closed') return;
    this.#output.ping(this.#control.pings.add(answered), false);
    this.lanes.sender.flush();
  }

  /** Sends any frame as it is: what it does to the state of its stream is the caller's affair. */
  write(frame: OutboundFrame): void {
    if (this.state === 'closed') return;
    this.#output.raw(serializeFrame(frame, this.lanes.sender.maxFrameSize));
    this.lanes.sender.flush();
  }

  /** Takes no further streams, and closes when those in use are over. */
  close(): void {
    this.#shutdown.close();
  }

  /** Ends it with GOAWAY for this error: all streams fail. What still comes is dropped. */
  fail(error: unknown): void {
    if (this.state === 'lingering' || this.state === 'closed') return;
    this.#dispatch.clear();
    this.#readOn();
    this.#shutdown.fail(error);
  }

  /** Ends it now. */
  destroy(error: unknown): void {
    if (this.state === 'closed') return;
    this.socket.error(error);
    this.#gone(error);
  }

  // -- what streams bring about ----------------------------------------------------------------------------------------

  requested(stream: Http2Stream, head: DecodedHead, ends: boolean): void {
    this.#hooks.requested(stream, head, ends);
    const { limits, streams } = this.lanes;
    if (streams.opened >= limits.maxStreams) this.close();
  }

  refused(stream: Http2Stream, error: ProtocolError): void {
    this.#hooks.refused(stream, error);
  }

  pushed(parent: Http2Stream, promised: Http2Stream, head: DecodedHead): void {
    this.#hooks.pushed(parent, promised, head);
  }

  goawayReceived(frame: GoawayFrame): void {
    this.#shutdown.goawayReceived(frame);
  }

  settingsReceived(): void {
    this.#hooks.available();
  }

  abused(error: unknown): void {
    this.fail(error);
  }

  ended(): void {
    if (this.state === 'closing') this.#shutdown.finishIfDone();
    else this.#hooks.available();
  }

  // --------------------------------------------------------------------------------------------------------------------

  #read(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.state === 'lingering') return this.#hooks.progress();
    this.#decoder.push(chunk);
    if (this.#pumping) return; // re-entered from below: the loop there goes on
    this.#within = chunk.length;
    this.#decoder.splitData = !this.#tap.watched; // who watches sees frames as they are
    undelivered(this.#work); // what a stream holds is the stream's affair, not the socket's
    if (this.#control.backedUp && this.unsent > 0) (this.#resume ??= []).push(hold());
  }

  #pump(): void {
    const { sender, credit, settings } = this.lanes;
    this.#pumping = sender.busy = true;
    this.#decoder.maxFrameSize = settings.most('maxFrameSize');
    try {
      while (this.state !== 'lingering' && this.#decoder.read()) {
        this.#frames++;
        this.#dispatch.frame(this.#decoder.frame, this.#within);
        this.#output.flushEnough();
      }
      credit.replenish();
    } catch (error) {
      this.fail(error);
    } finally {
      this.#pumping = sender.busy = false;
    }
    if (this.state !== 'closed') sender.flush();
    if (this.unsent === 0) this.#control.drained();
    this.#hooks.progress();
  }

  #drained(): void {
    if (this.unsent === 0) {
      this.#control.drained();
      this.#readOn();
    }
    if (this.state !== 'closed') this.lanes.sender.flush();
    this.#hooks.progress();
  }

  #readOn(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    if (resume) for (const release of resume) release();
  }

  /** The peer has ended its side. */
  #ended(): void {
    try {
      this.#decoder.finish();
      this.#dispatch.finish();
    } catch (error) {
      return this.#over(error);
    }
    const cut = this.lanes.streams.size > 0;
    this.#over(cut ? new ProtocolError('CONNECTION_CLOSED', 'the peer closed the connection') : undefined);
  }

  #over(error: unknown): void {
    this.#output.flush();
    this.socket.complete();
    this.#gone(error);
  }

  #gone(error: unknown): void {
    if (this.state === 'closed') return;
    const known = this.state === 'lingering';
    this.#shutdown.state = 'closed';
    this.#subscription?.unsubscribe();
    this.#output.clear();
    this.#dispatch.clear();
    this.#control.pings.clear();
    this.#readOn();
    this.lanes.failAll(error ?? new ProtocolError('CONNECTION_CLOSED', 'the peer closed the connection'));
    this.lanes.settings.complete();
    this.#tap.complete();
    this.#hooks.closed(known ? undefined : error);
  }
}
