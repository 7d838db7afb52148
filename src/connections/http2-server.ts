import type { Observable } from 'rxjs';
import { ProtocolError, TimeoutError } from '../../operators/core/protocol-error.js';
import { Http2Connection } from '../../operators/http2/connection.js';
import type { ConnectionHooks } from '../../operators/http2/connection-hooks.js';
import type { Http2Limits } from '../../operators/http2/connection-options.js';
import { Http2ErrorCode } from '../../operators/http2/error-code.js';
import type { DecodedHead } from '../../operators/http2/head-reader.js';
import type { Settings } from '../../operators/http2/settings.js';
import type { Http2Stream } from '../../operators/http2/stream.js';
import { infoOf } from '../sockets/socket-info.js';
import { inadequateTls } from './adequate-tls.js';
import { Http2Pings, type PingLimits } from './http2-pings.js';
import { SendClock } from './send-clock.js';
import type { ServedConnection, ServedSocket, ServerWait } from './served-connection.js';
import type { ResolvedServerTimeouts } from './server-timeouts.js';
import { SlowDrop } from './slow-drop.js';
import { StreamWatch } from './stream-watch.js';
import type { Deadline, Deadlines } from './timeouts.js';

export interface Http2ServerHooks {
  requested(stream: Http2Stream, head: DecodedHead, ends: boolean, server: Http2Server): void;
  /** Fields pass a limit. */
  overlarge(stream: Http2Stream, error: ProtocolError, server: Http2Server): void;
  timeout(error: TimeoutError, server: ServedConnection): void;
  waits(server: ServedConnection): void;
  closed(error: unknown, server: ServedConnection): void;
}

export interface Http2ServerOptions extends PingLimits {
  readonly limits: Partial<Http2Limits> | undefined;
  readonly settings: Partial<Settings> | undefined;
  readonly timeouts: ResolvedServerTimeouts;
  /** Bytes per second, in both directions; 0 is none. */
  readonly minRate: number;
}

/** Streams that make no progress, after which the connection ends. */
const MOST_STALLED = 3;

/** One HTTP/2 connection in the server role with its clocks. */
export class Http2Server implements ServedConnection, ConnectionHooks {
  readonly socket: ServedSocket;
  readonly connection: Http2Connection;
  readonly #hooks: Http2ServerHooks;
  readonly #options: Http2ServerOptions;
  readonly #deadlines: Deadlines;
  /** For the peer's first SETTINGS, then between streams. */
  readonly #clock: Deadline;
  /** For the acknowledgement of our SETTINGS, then for frames that are not complete. */
  readonly #frameClock: Deadline;
  readonly #watch: StreamWatch<Http2Stream>;
  readonly #send: SendClock | undefined;
  readonly #pings: Http2Pings | undefined;
  #idle = false;
  #settled = false;
  #stalled = 0;
  #wait: ServerWait | undefined = undefined;
  #since = 0;
  /** Frames read when the one that is not complete began. */
  #frames = 0;
  #closesIdle = false;
  #failure: unknown = undefined;
  #drop: SlowDrop | undefined = undefined;
  /** The request a client has upgraded with: it is one when the client has shown that it speaks HTTP/2. */
  #upgraded: { readonly stream: Http2Stream; readonly head: DecodedHead } | undefined = undefined;

  constructor(socket: ServedSocket, deadlines: Deadlines, options: Http2ServerOptions, hooks: Http2ServerHooks) {
    const { timeouts, minRate, limits, settings } = options;
    this.socket = socket;
    this.#deadlines = deadlines;
    this.#options = options;
    this.#hooks = hooks;
    this.connection = new Http2Connection(socket, this, {
      role: 'server',
      limits,
      settings,
      now: () => deadlines.now(),
    });
    this.#clock = deadlines.create(() => this.#expired());
    this.#frameClock = deadlines.create(() => this.#frameExpired());
    this.#watch = new StreamWatch(
      deadlines,
      { request: timeouts.request, rate: timeouts.rate, stall: timeouts.stall, minRate },
      () => this.connection.lanes.streams.all(),
      (stream, error) => this.#tooSlow(stream, error),
    );
    this.#send =
      minRate > 0 && timeouts.stall < Infinity
        ? new SendClock(
            deadlines,
            minRate,
            timeouts.stall,
            () => this.connection.written - this.unsent,
            () => this.#cutOff(new TimeoutError('stall', timeouts.stall)),
          )
        : undefined;
    const { pingInterval, pingTimeout } = options;
    if (pingInterval > 0) {
      this.#pings = new Http2Pings(
        deadlines,
        options,
        (answered) => this.connection.ping(answered),
        () => this.#cutOff(new TimeoutError('ping', pingTimeout)),
      );
    }
  }

  open(bytes?: Observable<Uint8Array>): void {
    this.#clock.arm(this.#options.timeouts.setup);
    this.#frameClock.arm(this.#options.timeouts.settings);
    this.connection.open(bytes);
    const { tls } = infoOf(this.socket.info);
    const inadequate = tls && inadequateTls(tls);
    if (inadequate !== undefined) this.connection.fail(inadequate);
  }

  get active(): number {
    return this.connection.lanes.streams.size;
  }

  get held(): number {
    return this.connection.lanes.credit.held;
  }

  get unsent(): number {
    return this.socket.bufferedBytes ?? this.connection.unsent;
  }

  get waiting(): { readonly who: ServerWait; readonly since: number } | undefined {
    return this.#wait && { who: this.#wait, since: this.#since };
  }

  close(): void {
    this.connection.close();
  }

  destroy(error: unknown): void {
    this.connection.destroy(error);
  }

  // -- the connection's side -------------------------------------------------------------------------------------------

  requested(stream: Http2Stream, head: DecodedHead, ends: boolean): void {
    if (!this.connection.lanes.settings.heard) {
      this.#upgraded = { stream, head };
      return;
    }
    if (this.#idle) {
      this.#idle = false;
      this.#clock.disarm();
    }
    this.#watch.start();
    this.#hooks.requested(stream, head, ends, this);
  }

  refused(stream: Http2Stream, error: ProtocolError): void {
    this.#hooks.overlarge(stream, error, this);
  }

  pushed(): void {}

  /** A stream has ended outside of what is being read: nothing else may come to tell that it is idle now. */
  available(): void {
    if (!this.connection.lanes.sender.busy) this.progress();
  }

  draining(): void {}

  progress(): void {
    const { connection } = this;
    if (connection.state === 'closed') return;
    if (connection.state === 'lingering') return (this.#drop ??= new SlowDrop(this.#deadlines)).dropped();
    if (this.#upgraded !== undefined && connection.lanes.settings.heard) this.#begin(this.#upgraded);
    this.#watchFrames();
    const quiet = connection.lanes.streams.size === 0;
    if (quiet && connection.lanes.settings.heard) {
      if (!this.#idle) {
        this.#idle = true;
        this.#watch.stop();
        this.#clock.arm(this.#options.timeouts.idle);
      }
    } else if (!quiet) {
      this.#clock.disarm(); // a request may come with the settings
      this.#watch.start();
    }
    this.#pings?.busy(!quiet);
    const sending = connection.unsent > 0;
    if (sending) this.#send?.start();
    else this.#send?.stop();
    this.#waits(sending ? 'socket' : quiet ? undefined : this.#waitOf());
  }

  failed(error: unknown): void {
    this.#stop();
    this.#clock.arm(this.#options.timeouts.linger);
    this.#failure = error;
  }

  closed(error: unknown): void {
    this.#stop();
    this.#drop?.stop();
    this.#hooks.closed(error ?? this.#failure, this);
  }

  // --------------------------------------------------------------------------------------------------------------------

  #begin({ stream, head }: { readonly stream: Http2Stream; readonly head: DecodedHead }): void {
    this.#upgraded = undefined;
    if (!stream.closed) this.requested(stream, head, true);
  }

  #stop(): void {
    this.#clock.disarm();
    this.#frameClock.disarm();
    this.#watch.stop();
    this.#send?.stop();
    this.#pings?.stop();
    this.#wait = undefined;
  }

  /** First the acknowledgement is waited for; from then on, the end of a frame or header block that has begun. */
  #watchFrames(): void {
    const { lanes, partial, frames } = this.connection;
    if (!this.#settled) {
      if (lanes.settings.pending > 0) return;
      this.#settled = true;
      this.#frameClock.disarm();
    }
    if (!partial) {
      if (this.#frameClock.armed) this.#frameClock.disarm();
    } else if (!this.#frameClock.armed || frames !== this.#frames) {
      this.#frames = frames;
      this.#frameClock.arm(this.#options.timeouts.head);
    }
  }

  #waitOf(): ServerWait {
    const { sender, credit, streams } = this.connection.lanes;
    if (credit.held > 0) return 'consumer';
    if (sender.waits) return 'peer';
    return streams.all().some((stream) => !stream.remoteEnded) ? 'peer' : 'handler';
  }

  #waits(wait: ServerWait | undefined): void {
    if (wait === this.#wait) return;
    this.#wait = wait;
    if (wait === undefined) return;
    this.#since = this.#deadlines.now();
    if (wait !== 'handler') this.#hooks.waits(this);
  }

  #expired(): void {
    const { timeouts } = this.#options;
    if (this.connection.state === 'lingering') return this.connection.destroy(undefined);
    if (!this.connection.lanes.settings.heard) return this.#cutOff(new TimeoutError('setup', timeouts.setup));
    if (this.#closesIdle) return this.connection.destroy(undefined); // it does not answer
    this.#closesIdle = true;
    this.#hooks.timeout(new TimeoutError('idle', timeouts.idle), this);
    this.connection.close();
    this.#clock.arm(timeouts.linger);
  }

  #frameExpired(): void {
    const { timeouts } = this.#options;
    const error = this.#settled
      ? new TimeoutError('head', timeouts.head)
      : new TimeoutError('settings', timeouts.settings);
    this.#hooks.timeout(error, this);
    this.connection.fail(
      new ProtocolError(this.#settled ? 'ENHANCE_YOUR_CALM' : 'SETTINGS_TIMEOUT', error.message, {
        wireCode: this.#settled ? Http2ErrorCode.ENHANCE_YOUR_CALM : Http2ErrorCode.SETTINGS_TIMEOUT,
        cause: error,
      }),
    );
  }

  #tooSlow(stream: Http2Stream, error: TimeoutError): void {
    this.#hooks.timeout(error, this);
    stream.reset(Http2ErrorCode.CANCEL, error);
    if (error.phase === 'stall' && ++this.#stalled >= MOST_STALLED) {
      this.connection.fail(
        new ProtocolError('ENHANCE_YOUR_CALM', `${MOST_STALLED} streams made no progress`, {
          wireCode: Http2ErrorCode.ENHANCE_YOUR_CALM,
          cause: error,
        }),
      );
    }
  }

  #cutOff(error: TimeoutError): void {
    this.#hooks.timeout(error, this);
    this.connection.destroy(error);
  }
}
