/**
 * The life of a stream as two tables (RFC 9113 §5.1): what may follow what, and what becomes of a frame that may not come.
 *
 * The first does not know who sends and who reads: with `send` and `recv`, local and remote swapped it is the same table.
 * A HEADERS frame and its CONTINUATIONs are one input; END_STREAM is an input of its own behind the frame that carries it.
 */
import { compileTransitions, type TransitionLiteral } from '../core/transition-table.js';
import type { Http2ErrorName } from './error-code.js';

export type StreamState =
  | 'idle'
  | 'reservedLocal' // promised by us
  | 'reservedRemote' // promised to us
  | 'open'
  | 'halfClosedLocal' // we have ended our half
  | 'halfClosedRemote' // the peer has ended its half
  | 'closed' // both halves ended
  | 'resetLocal' // closed: we sent RST_STREAM
  | 'resetRemote' // closed: the peer did
  | 'passed'; // closed without having been used: a higher identifier was

export type StreamInput = `${'send' | 'recv'}${StreamEvent}`;
type StreamEvent =
  | 'Headers'
  | 'Data'
  | 'EndStream'
  | 'Reset'
  | 'WindowUpdate'
  | 'Priority'
  | 'PushPromise' // on the request's stream
  | 'Reserve'; // on the promised stream

export const STREAM_STATES: readonly StreamState[] = [
  'idle',
  'reservedLocal',
  'reservedRemote',
  'open',
  'halfClosedLocal',
  'halfClosedRemote',
  'closed',
  'resetLocal',
  'resetRemote',
  'passed',
];

export const STREAM_INPUTS: readonly StreamInput[] = [
  'sendHeaders',
  'sendData',
  'sendEndStream',
  'sendReset',
  'sendWindowUpdate',
  'sendPriority',
  'sendPushPromise',
  'sendReserve',
  'recvHeaders',
  'recvData',
  'recvEndStream',
  'recvReset',
  'recvWindowUpdate',
  'recvPriority',
  'recvPushPromise',
  'recvReserve',
];

const TRANSITIONS: TransitionLiteral<StreamState, StreamInput> = {
  idle: {
    sendHeaders: 'open',
    recvHeaders: 'open',
    sendReserve: 'reservedLocal',
    recvReserve: 'reservedRemote',
    sendPriority: 'idle',
    recvPriority: 'idle',
  },
  reservedLocal: {
    sendHeaders: 'halfClosedRemote',
    sendReset: 'resetLocal',
    sendPriority: 'reservedLocal',
    recvReset: 'resetRemote',
    recvWindowUpdate: 'reservedLocal',
    recvPriority: 'reservedLocal',
  },
  reservedRemote: {
    recvHeaders: 'halfClosedLocal',
    recvReset: 'resetRemote',
    recvPriority: 'reservedRemote',
    sendReset: 'resetLocal',
    sendWindowUpdate: 'reservedRemote',
    sendPriority: 'reservedRemote',
  },
  open: {
    sendHeaders: 'open',
    sendData: 'open',
    sendEndStream: 'halfClosedLocal',
    sendReset: 'resetLocal',
    sendWindowUpdate: 'open',
    sendPriority: 'open',
    sendPushPromise: 'open',
    recvHeaders: 'open',
    recvData: 'open',
    recvEndStream: 'halfClosedRemote',
    recvReset: 'resetRemote',
    recvWindowUpdate: 'open',
    recvPriority: 'open',
    recvPushPromise: 'open',
  },
  halfClosedLocal: {
    sendReset: 'resetLocal',
    sendWindowUpdate: 'halfClosedLocal',
    sendPriority: 'halfClosedLocal',
    recvHeaders: 'halfClosedLocal',
    recvData: 'halfClosedLocal',
    recvEndStream: 'closed',
    recvReset: 'resetRemote',
    recvWindowUpdate: 'halfClosedLocal',
    recvPriority: 'halfClosedLocal',
    recvPushPromise: 'halfClosedLocal',
  },
  halfClosedRemote: {
    recvReset: 'resetRemote',
    recvWindowUpdate: 'halfClosedRemote',
    recvPriority: 'halfClosedRemote',
    sendHeaders: 'halfClosedRemote',
    sendData: 'halfClosedRemote',
    sendEndStream: 'closed',
    sendReset: 'resetLocal',
    sendWindowUpdate: 'halfClosedRemote',
    sendPriority: 'halfClosedRemote',
    sendPushPromise: 'halfClosedRemote',
  },
  closed: { sendPriority: 'closed', recvPriority: 'closed' },
  resetLocal: { sendPriority: 'resetLocal', recvPriority: 'resetLocal' },
  resetRemote: { sendPriority: 'resetRemote', recvPriority: 'resetRemote' },
  passed: { sendPriority: 'passed', recvPriority: 'passed' },
};

/** What becomes of a frame that the first table does not list. */
export type Verdict = 'ignore' | `${'stream' | 'connection'} ${Http2ErrorName}`;
type RecvInput = Extract<StreamInput, `recv${string}`>;

const BROKEN = 'connection PROTOCOL_ERROR';
const LATE = 'stream STREAM_CLOSED';
const DEAD = 'connection STREAM_CLOSED';

/** No sender can be excused for what does not hang on timing; what does is ignored, for both may be right. */
export const STREAM_VERDICTS: { readonly [S in StreamState]: { readonly [I in RecvInput]?: Verdict } } = {
  idle: {
    recvData: BROKEN,
    recvEndStream: BROKEN,
    recvReset: BROKEN,
    recvWindowUpdate: BROKEN,
    recvPushPromise: BROKEN,
  },
  reservedLocal: {
    recvHeaders: BROKEN,
    recvData: BROKEN,
    recvEndStream: BROKEN,
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
  reservedRemote: {
    recvData: BROKEN,
    recvEndStream: BROKEN,
    recvWindowUpdate: BROKEN,
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
  open: { recvReserve: BROKEN },
  halfClosedLocal: { recvReserve: BROKEN },
  halfClosedRemote: {
    recvHeaders: LATE,
    recvData: LATE,
    recvEndStream: LATE,
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
  // The peer may not know yet that we have ended our half; that it has ended its own it knows.
  closed: {
    recvHeaders: DEAD,
    recvData: DEAD,
    recvEndStream: DEAD,
    recvReset: 'ignore',
    recvWindowUpdate: 'ignore',
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
  // Anything may have been on its way. DATA still counts for the connection's window, blocks still pass through HPACK,
  // and a stream promised is reserved all the same.
  resetLocal: {
    recvHeaders: 'ignore',
    recvData: 'ignore',
    recvEndStream: 'ignore',
    recvReset: 'ignore',
    recvWindowUpdate: 'ignore',
    recvPushPromise: 'ignore',
    recvReserve: BROKEN,
  },
  // RST_STREAM is never answered by RST_STREAM (§5.4.2).
  resetRemote: {
    recvHeaders: LATE,
    recvData: LATE,
    recvEndStream: LATE,
    recvReset: 'ignore',
    recvWindowUpdate: LATE,
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
  passed: {
    recvHeaders: BROKEN,
    recvData: DEAD,
    recvEndStream: DEAD,
    recvReset: DEAD,
    recvWindowUpdate: DEAD,
    recvPushPromise: BROKEN,
    recvReserve: BROKEN,
  },
};

export const streamTable = compileTransitions(STREAM_STATES, STREAM_INPUTS, TRANSITIONS);
