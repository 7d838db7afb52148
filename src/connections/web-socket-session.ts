import { asyncScheduler, type Observable, type SchedulerLike, tap } from 'rxjs';
import { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import { checkCloseCode, CloseCode } from '../../operators/websocket/close-code.js';
import { writeClosePayload } from '../../operators/websocket/close-payload.js';
import { WebSocketConnection } from '../../operators/websocket/connection.js';
import { abnormalClosure, closeReasonOf } from '../../operators/websocket/connection-life.js';
import type { WebSocketClosed, WebSocketHooks } from '../../operators/websocket/connection-options.js';
import type { DeflateParameters } from '../../operators/websocket/permessage-deflate.js';
import type { WebSocketState } from '../../operators/websocket/state.js';
import { type Deadline, Deadlines } from './timeouts.js';
import { webSocketMask } from './web-socket-mask.js';
import type { ResolvedWebSocketOptions } from './web-socket-options.js';
import type { WebSocketOutbox } from './web-socket-outbox.js';
import { WebSocketPings } from './web-socket-pings.js';
import type { WebSocketEnded, WebSocketOpen } from './web-socket-status.js';

type Bytes = DuplexSubject<Uint8Array, Uint8Array>;

/** A byte stream whose opening handshake is done. */
export interface OpenedWebSocket {
  readonly role: 'client' | 'server';
  readonly socket: Bytes;
  readonly deflate: DeflateParameters | undefined;
  readonly status: WebSocketOpen;
}

export interface SessionOwner {
  closing(session: WebSocketSession, by: 'local' | 'remote'): void;
  /** For whoever uses it; what is left is between the two ends. Once. */
  over(session: WebSocketSession, ended: WebSocketEnded): void;
  drained(): void;
  /** Both directions have ended. */
  gone(): void;
}

/** One connection from its handshake to its end, with its clocks. */
export class WebSocketSession implements WebSocketHooks {
  readonly connection: WebSocketConnection;
  readonly outbox: WebSocketOutbox;
  readonly #options: ResolvedWebSocketOptions;
  readonly #owner: SessionOwner;
  #pings: WebSocketPings | undefined = undefined;
  #deadlines: Deadlines | undefined = undefined;
  #closeClock: Deadline | undefined = undefined;
  #over = false;

  constructor(
    opened: OpenedWebSocket,
    options: ResolvedWebSocketOptions,
    outbox: WebSocketOutbox,
    owner: SessionOwner,
  ) {
    const { role, socket, deflate } = opened;
    const { scheduler, maxMessageSize, maxFragments, maxQueued, maxQueuedBytes, controlFrames } = options;
    this.#options = options;
    this.#owner = owner;
    this.outbox = outbox;
    const watched = options.pingInterval > 0 ? heard(socket, () => this.#pings?.heard()) : socket;
    const limits = { maxMessageSize, maxFragments, maxQueued, maxQueuedBytes, controlFrames };
    this.connection = new WebSocketConnection(
      watched,
      { role, mask: role === 'client' ? webSocketMask : undefined, deflate, now: clockOf(scheduler), ...limits },
      this,
    );
  }

  /** Sends what waits, and begins to read. */
  open(): void {
    const { pingInterval, pingTimeout } = this.#options;
    if (pingInterval > 0 && this.#closeClock === undefined) {
      this.#pinging().keepAlive(pingInterval, pingTimeout, (error) => this.connection.abort(error));
    }
    this.outbox.attach(this.connection);
    this.connection.open();
  }

  ping(): Observable<number> {
    return this.#pinging().ping();
  }

  /** Begins the closing handshake behind all that was sent. */
  close(code: number | undefined, reason: string): void {
    if (this.#closeClock !== undefined || this.#over) return;
    this.#close('local');
    this.outbox.endWith(() => this.connection.close(code, reason));
  }

  /** Breaks off, and says so to the peer. */
  fail(error: unknown): void {
    this.connection.fail(error);
    this.failed(error);
  }

  /** The connection has failed with this; its end is not waited for. */
  failed(error: unknown): void {
    if (this.connection.state !== 'failing') return; // it has ended, which is told in a moment
    const { code, reason } = closeReasonOf(error);
    this.#end({ state: 'closed', by: 'local', clean: false, code, reason, error });
  }

  // -- the connection's side -------------------------------------------------------------------------------------------

  /** @internal */
  state(state: WebSocketState, error: unknown): void {
    if (state === 'closingLocal' || state === 'shutLocal' || state === 'shutRemote') return;
    if (state === 'closingRemote') this.#close('remote');
    this.outbox.stop(error);
    this.#pings?.stop();
    if (state === 'failing') this.#armClose();
  }

  /** @internal */
  pong(payload: Uint8Array): void {
    this.#pings?.pong(payload);
  }

  /** @internal */
  drained(): void {
    this.outbox.drained();
    this.#owner.drained();
  }

  /** @internal */
  cancelled(): void {
    this.close(CloseCode.NORMAL, '');
  }

  /** @internal */
  closed({ state, clean, code, reason, error }: WebSocketClosed): void {
    this.#closeClock?.disarm();
    const by = state === 'closedRemote' ? 'remote' : state === 'lost' ? 'network' : 'local';
    this.#end({ state: 'closed', by, clean, code, reason, error: clean ? undefined : (error ?? abnormalClosure()) });
    this.#owner.gone();
  }

  // --------------------------------------------------------------------------------------------------------------------

  #close(by: 'local' | 'remote'): void {
    const begun = this.#closeClock !== undefined;
    this.#armClose();
    if (!begun) this.#owner.closing(this, by);
    this.#pings?.stop();
  }

  #armClose(): void {
    const { closeTimeout } = this.#options;
    if (this.#closeClock !== undefined) return;
    this.#closeClock = this.#clocks().create(() => this.connection.abort(new TimeoutError('close', closeTimeout)));
    this.#closeClock.arm(closeTimeout);
  }

  #clocks(): Deadlines {
    return (this.#deadlines ??= new Deadlines(this.#options.scheduler));
  }

  #pinging(): WebSocketPings {
    return (this.#pings ??= new WebSocketPings(this.connection, this.#clocks()));
  }

  #end(ended: WebSocketEnded): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.over(this, ended);
  }
}

/** @throws UsageError `INVALID_CLOSE_CODE`, `INVALID_CLOSE_REASON` */
export function checkClose(role: 'client' | 'server', code: number | undefined, reason: string): void {
  if (code !== undefined) checkCloseCode(code, role);
  writeClosePayload(code, reason);
}

/** Whether one may close with this: errors have codes of all kinds, that of an `AbortError` is 20. */
export function mayClose(role: 'client' | 'server', code: number, reason: string): boolean {
  try {
    checkClose(role, code, reason);
    return true;
  } catch {
    return false;
  }
}

const asyncClock = (): number => asyncScheduler.now();

function clockOf(scheduler: SchedulerLike): () => number {
  return scheduler === asyncScheduler ? asyncClock : () => scheduler.now();
}

/** The same bytes, heard. */
function heard(socket: Bytes, told: () => void): Bytes {
  return new DuplexSubject(socket.pipe(tap(told)), socket, socket.info);
}
