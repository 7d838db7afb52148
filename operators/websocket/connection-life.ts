import { isProtocolError, ProtocolError, UsageError } from '../core/protocol-error.js';
import { ILLEGAL } from '../core/transition-table.js';
import { CloseCode, isCloseCode } from './close-code.js';
import type { CloseReason } from './close-payload.js';
import type { WebSocketClosed, WebSocketHooks } from './connection-options.js';
import {
  type WebSocketInput,
  WebSocketInputCode,
  type WebSocketState,
  WebSocketStateCode,
  webSocketTable,
} from './state.js';

/** Where a connection is in its life, by the table, and what was said on the way out of it. */
export class ConnectionLife {
  /** The Close frame we sent, and the one that came. */
  sent: CloseReason | undefined = undefined;
  received: CloseReason | undefined = undefined;
  /** Why it broke off. */
  error: unknown = undefined;
  #state: number = WebSocketStateCode.open;
  readonly #hooks: Pick<WebSocketHooks, 'state'>;

  constructor(hooks: Pick<WebSocketHooks, 'state'>) {
    this.#hooks = hooks;
  }

  get state(): WebSocketState {
    return webSocketTable.states[this.#state] as WebSocketState;
  }

  get isOpen(): boolean {
    return this.#state === WebSocketStateCode.open;
  }

  /** @throws UsageError `WEBSOCKET_NOT_OPEN` */
  requireOpen(): void {
    if (!this.isOpen) throw new UsageError('WEBSOCKET_NOT_OPEN', `nothing is sent in state ${this.state}`);
  }

  /** Takes the step if the table has it; whether it does. @param error why, where the connection breaks off: the first one counts */
  step(input: WebSocketInput, error?: unknown): boolean {
    const next = webSocketTable.next(this.#state, WebSocketInputCode[input]);
    if (next === ILLEGAL) return false;
    this.error ??= error;
    if (next === this.#state) return true;
    this.#state = next;
    this.#hooks.state?.(this.state, this.error);
    return true;
  }

  /** Whether the table has the step. */
  may(input: WebSocketInput): boolean {
    return webSocketTable.next(this.#state, WebSocketInputCode[input]) !== ILLEGAL;
  }

  /** What to tell of the end. */
  report(): WebSocketClosed {
    const state = this.state as WebSocketClosed['state'];
    const { sent, received, error } = this;
    const clean = state === 'closedLocal' || state === 'closedRemote';
    const { code, reason } = (state === 'closedLocal' ? sent : state === 'closedRemote' ? received : broken(error)) ?? {
      code: CloseCode.ABNORMAL,
      reason: '',
    };
    return { state, clean, code, reason, sent, received, error };
  }
}

/** The code and reason of a Close frame that answers an error. */
export function closeReasonOf(error: unknown): CloseReason {
  if (!isProtocolError(error) || !isCloseCode(error.wireCode)) return { code: CloseCode.INTERNAL_ERROR, reason: '' };
  return { code: error.wireCode, reason: error.message.length < 42 ? error.message : '' };
}

/** The byte stream ended without a Close frame. */
export function abnormalClosure(): ProtocolError {
  return new ProtocolError('ABNORMAL_CLOSURE', 'the connection ended without a Close frame', {
    wireCode: CloseCode.ABNORMAL,
  });
}

/** For one that was broken off: what its error says, if it says anything. */
function broken(error: unknown): CloseReason | undefined {
  return isProtocolError(error) && isCloseCode(error.wireCode) ? closeReasonOf(error) : undefined;
}
