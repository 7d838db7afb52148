/**
 * The life of a connection as a table (RFC 6455 §4, §5.5.1, §7): what may follow what. The states of the end say who
 * began it. The table does not know which role we have; a pair that is not listed is illegal.
 */
import { compileTransitions, type TransitionLiteral } from '../core/transition-table.js';

export type WebSocketState =
  | 'connecting' // the opening handshake is not over
  | 'open'
  | 'closingLocal' // we sent a Close frame; the peer's has not come
  | 'closingRemote' // the peer's Close frame has come; ours is not sent
  | 'shutLocal' // both were exchanged, we began: the byte stream is ending
  | 'shutRemote' // both were exchanged, the peer began
  | 'failing' // we broke off: what comes is dropped, the byte stream is ending
  | 'closedLocal' // over, cleanly, and we began
  | 'closedRemote' // over, cleanly, and the peer began
  | 'failed' // over, because we broke off
  | 'lost'; // over: the byte stream ended without both Close frames

export type WebSocketInput =
  | 'accept' // the opening handshake succeeded
  | 'sendData'
  | 'sendPing'
  | 'sendPong'
  | 'sendClose'
  | 'recvData'
  | 'recvPing'
  | 'recvPong'
  | 'recvClose'
  | 'fail' // a rule was broken, or the owner gives up: a Close frame may still leave
  | 'recvEnd' // the byte stream ended, or failed
  | 'abort'; // the byte stream is cut off by us

export const WEBSOCKET_STATES: readonly WebSocketState[] = [
  'connecting',
  'open',
  'closingLocal',
  'closingRemote',
  'shutLocal',
  'shutRemote',
  'failing',
  'closedLocal',
  'closedRemote',
  'failed',
  'lost',
];

export const WEBSOCKET_INPUTS: readonly WebSocketInput[] = [
  'accept',
  'sendData',
  'sendPing',
  'sendPong',
  'sendClose',
  'recvData',
  'recvPing',
  'recvPong',
  'recvClose',
  'fail',
  'recvEnd',
  'abort',
];

const TRANSITIONS: TransitionLiteral<WebSocketState, WebSocketInput> = {
  connecting: { accept: 'open', fail: 'failed', recvEnd: 'lost', abort: 'failed' },
  open: {
    sendData: 'open',
    sendPing: 'open',
    sendPong: 'open',
    sendClose: 'closingLocal',
    recvData: 'open',
    recvPing: 'open',
    recvPong: 'open',
    recvClose: 'closingRemote',
    fail: 'failing',
    recvEnd: 'lost',
    abort: 'failed',
  },
  closingLocal: {
    sendPong: 'closingLocal', // §5.5.2: pings are answered until the peer's Close frame
    recvData: 'closingLocal',
    recvPing: 'closingLocal',
    recvPong: 'closingLocal',
    recvClose: 'shutLocal',
    fail: 'failing',
    recvEnd: 'lost',
    abort: 'failed',
  },
  closingRemote: {
    sendData: 'closingRemote', // §5.5.1: a message that was begun may be finished first
    sendClose: 'shutRemote',
    fail: 'failing',
    recvEnd: 'lost',
    abort: 'failed',
  },
  shutLocal: { recvEnd: 'closedLocal', abort: 'closedLocal' },
  shutRemote: { recvEnd: 'closedRemote', abort: 'closedRemote' },
  failing: { recvEnd: 'failed', abort: 'failed' },
  closedLocal: {},
  closedRemote: {},
  failed: {},
  lost: {},
};

export const webSocketTable = compileTransitions(WEBSOCKET_STATES, WEBSOCKET_INPUTS, TRANSITIONS);

const codes = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.freeze(Object.fromEntries(names.map((name, code) => [name, code])) as Record<Name, number>);

/** The integers of the states, and of the inputs. */
export const WebSocketStateCode = codes(WEBSOCKET_STATES);
export const WebSocketInputCode = codes(WEBSOCKET_INPUTS);

/** The state in four words, as the `readyState` of browsers has it. */
export type WebSocketPhase = 'connecting' | 'open' | 'closing' | 'closed';

const PHASES: Readonly<Record<WebSocketState, WebSocketPhase>> = {
  connecting: 'connecting',
  open: 'open',
  closingLocal: 'closing',
  closingRemote: 'closing',
  shutLocal: 'closing',
  shutRemote: 'closing',
  failing: 'closing',
  closedLocal: 'closed',
  closedRemote: 'closed',
  failed: 'closed',
  lost: 'closed',
};

export function phaseOf(state: WebSocketState): WebSocketPhase {
  return PHASES[state];
}
