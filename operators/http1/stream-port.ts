import type { DuplexDestination } from '../core/duplex-subject.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import type { ByteSubject, DetachedSubject } from './detach.js';
import type { Http1Event } from './event.js';
import { FRAMING_LENGTH, FRAMING_NONE, FRAMING_TUNNEL } from './framing.js';
import { HeldQueue } from './held-queue.js';
import type { Http1StreamPort } from './http1-stream.js';
import type { Lane } from './lane.js';
import { completeEvent, type OutboundEvent } from './outbound-event.js';
import type { Http1State } from './state.js';
import { StreamInbound } from './stream-inbound.js';
import type { BodyFraming, BodyLength } from './write-framing.js';

/** What a stream needs of the connection it is on. */
export interface StreamHost {
  readonly socket: ByteSubject;
  /** Somebody looks at the events of the connection. */
  readonly observed: boolean;
  report(direction: 'in' | 'out', stream: number, event: Http1Event): void;
  /** The stream that HTTP was left in, unless somebody else has taken it. */
  claimSwitched(): DetachedSubject | undefined;
}

/** A head that was checked, ready to be written. */
export interface PreparedHead extends BodyFraming {
  /** Latin-1, with its empty line. */
  readonly text: string;
}

interface Waiting {
  readonly event: OutboundEvent;
  readonly head: PreparedHead | undefined;
}

/**
 * What both roles of a stream do alike: order is checked when an event is given, it is written when it is the stream's
 * turn, and until then it is held.
 */
export abstract class StreamPort implements Http1StreamPort, DuplexDestination<OutboundEvent> {
  readonly id: number;
  readonly inbound: StreamInbound;
  /** Nothing more is sent. */
  protected over = false;
  protected readonly outLane: Lane;
  protected readonly inLane: Lane;
  protected readonly host: StreamHost;
  readonly #queue = new HeldQueue<Waiting>();
  #mayWrite = false;
  #draining = false;
  #switched: ByteSubject | undefined;
  /** Our direction of the other protocol is to end as soon as it has begun. */
  #completed = false;

  constructor(host: StreamHost, id: number, outLane: Lane, inLane: Lane) {
    this.host = host;
    this.id = id;
    this.outLane = outLane;
    this.inLane = inLane;
    this.inbound = new StreamInbound({
      cancelled: () => {
        if (this.#switched === undefined) this.left();
      },
      switched: () => host.claimSwitched(),
      received: (event) => this.observe('in', event),
    });
  }

  get sending(): Http1State {
    return this.outLane.state;
  }

  get receiving(): Http1State {
    return this.inLane.state;
  }

  next(event: OutboundEvent): void {
    if (this.over) return;
    const before = this.outLane.state;
    const head = this.#admit(event);
    if (!this.#mayWrite || this.#draining) {
      this.#queue.push({ event, head });
      if (!this.#mayWrite) this.askTurn();
      return;
    }
    try {
      this.#write(event, head);
    } catch (error) {
      this.outLane.restore(before);
      throw error;
    }
  }

  complete(): void {
    if (this.over) return;
    const state = this.sending;
    if (state === 'SWITCHED') {
      this.#completed = true;
      this.#switched?.complete();
    } else if (state === 'IDLE') this.unused();
    else if (state === 'SEND_BODY' || state === 'SEND_LAST_BODY') {
      try {
        this.next({ type: 'end' });
      } catch (error) {
        this.reset(error); // shorter than announced
      }
    }
  }

  error(error: unknown): void {
    this.reset(error);
  }

  cork(): void {
    this.host.socket.cork();
  }

  uncork(): void {
    this.host.socket.uncork();
  }

  flush(): void {
    this.host.socket.flush();
  }

  reset(error: unknown = new ProtocolError('CANCELLED', 'the exchange was cancelled', { initiator: 'local' })): void {
    const socket = this.over ? undefined : this.#switched;
    socket?.error(error);
    this.fail(error);
    if (!this.#switched) this.giveUp(error);
  }

  /** Ends both directions of this stream; what was waiting is dropped. */
  fail(error: unknown): void {
    this.over = true;
    this.outLane.try('fail');
    if (!this.inbound.ended) this.inLane.try('fail');
    this.#queue.clear();
    this.inbound.error(error);
  }

  /** Checks a head and makes it ready. `undefined`: this role does not send such. */
  protected abstract prepare(event: OutboundEvent): PreparedHead | undefined;
  /** Calls {@link mayWrite}, now or when earlier exchanges are written. */
  protected abstract askTurn(): void;
  protected abstract writeHead(event: OutboundEvent, head: PreparedHead): void;
  protected abstract writeData(chunk: Uint8Array, extension: string | undefined): void;
  protected abstract writeEnd(trailers: Fields | undefined): void;
  /** The consumer left before the end. */
  protected abstract left(): void;
  /** `complete` came before any head. */
  protected abstract unused(): void;
  /** Ends the exchange on the wire, if it has got there. */
  protected abstract giveUp(error: unknown): void;

  /** What came before has been written. */
  protected mayWrite(): void {
    this.#mayWrite = true;
    this.#draining = true;
    this.#queue.drain(({ event, head }) => {
      if (this.over) return;
      try {
        this.#write(event, head);
      } catch (error) {
        this.reset(error);
      }
    });
    this.#draining = false;
    if (this.#completed) this.#switched?.complete();
  }

  /** Waits again: the exchange it wrote to is no more, another will take its place. */
  protected mayNotWrite(): void {
    this.#mayWrite = false;
  }

  /** Passes an event of the peer on, inside the delivery of its bytes. */
  protected receive(event: Http1Event): void {
    this.observe('in', event);
    this.inbound.next(event);
  }

  /** HTTP was left: what follows is `data` of the other protocol. */
  protected switchTo(socket: DetachedSubject): void {
    this.#switched = socket;
    this.outLane.try('upgrade');
    this.inLane.try('upgrade');
    this.receive({ type: 'upgrade', leftover: socket.unread });
  }

  protected observe(direction: 'in' | 'out', event: Http1Event): void {
    if (this.host.observed) this.host.report(direction, this.id, event);
  }

  /** Takes the step in the table; the head, if the event is one. Throws, and has then changed nothing. */
  #admit(event: OutboundEvent): PreparedHead | undefined {
    const { type } = event;
    const before = this.sending;
    if (type === 'data' || type === 'end') {
      this.outLane.step(type);
      return undefined;
    }
    if (type === 'upgrade') {
      // One that was read elsewhere may be sent on, once here too HTTP is left.
      if (before !== 'SWITCHED') throw new UsageError('ILLEGAL_EVENT', `no upgrade in state ${before}`);
      return undefined;
    }
    const input = type === 'informational' ? type : 'head';
    this.outLane.step(input);
    this.outLane.restore(before);
    const head = this.prepare(event);
    if (head === undefined) throw new UsageError('ILLEGAL_EVENT', `${type} is for the other side to send`);
    this.outLane.step(input === 'head' && head.close ? 'lastHead' : input);
    if (head.framing === FRAMING_TUNNEL) this.outLane.step('upgrade');
    return head;
  }

  #write(event: OutboundEvent, head: PreparedHead | undefined): void {
    if (this.host.observed) this.observe('out', completeEvent(event, head && bodyLengthOf(head)));
    if (head) return this.writeHead(event, head);
    if (event.type === 'data') {
      if (this.#switched) this.#switched.next(event.chunk);
      else this.writeData(event.chunk, event.extension);
    } else if (event.type === 'end') {
      this.writeEnd(event.trailers === undefined ? undefined : Fields.from(event.trailers));
    } else if (event.type === 'upgrade' && event.leftover) this.#switched?.next(event.leftover);
  }
}

/** What a decoder would say of the body of this head. */
function bodyLengthOf({ framing, contentLength }: BodyFraming): BodyLength {
  if (framing === FRAMING_NONE || framing === FRAMING_TUNNEL) return null;
  return framing === FRAMING_LENGTH ? contentLength : undefined;
}
