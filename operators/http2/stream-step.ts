/** Steps in the tables of `stream-state.ts`: small integers in, small integers or a typed error out. */
import { type ProtocolError, UsageError } from '../core/protocol-error.js';
import { ILLEGAL } from '../core/transition-table.js';
import type { Http2ErrorName } from './error-code.js';
import { connectionError, streamError } from './http2-error.js';
import { STREAM_VERDICTS, type StreamInput, type StreamState, streamTable } from './stream-state.js';

type Numbers<Name extends string> = Readonly<Record<Name, number>>;

/** The integer of each state. */
export const StreamStateCode: Numbers<StreamState> = numbered(streamTable.states);
/** The integer of each input. */
export const StreamInputCode: Numbers<StreamInput> = numbered(streamTable.inputs);

/** What {@link receiveStep} returns for a frame to be dropped: the state stays as it is. */
export const IGNORED = 254;

/**
 * The state after something was received, or {@link IGNORED}.
 *
 * @throws ProtocolError of the scope and code that RFC 9113 §5.1 gives
 * @example
 * ```ts
 * import { receiveStep, StreamInputCode, StreamStateCode } from 'rxweir/operators';
 * receiveStep(StreamStateCode.open, StreamInputCode.recvEndStream, 1) === StreamStateCode.halfClosedRemote; // true
 * ```
 */
export function receiveStep(state: number, input: number, streamId: number): number {
  const next = streamTable.next(state, input);
  return next === ILLEGAL ? judge(state, input, streamId) : next;
}

/**
 * The state after something was sent.
 *
 * @throws UsageError `ILLEGAL_STREAM_STATE`: nothing may be sent then
 */
export function sendStep(state: number, input: number, streamId: number): number {
  const next = streamTable.next(state, input);
  if (next !== ILLEGAL) return next;
  throw new UsageError('ILLEGAL_STREAM_STATE', describe(state, input, streamId));
}

/** Whether something may be sent in this state. */
export function maySend(state: number, input: number): boolean {
  return streamTable.next(state, input) !== ILLEGAL;
}

/** Whether a stream counts against MAX_CONCURRENT_STREAMS: open, or half closed (RFC 9113 §5.1.2). */
export function isActive(state: number): boolean {
  return state >= StreamStateCode.open && state <= StreamStateCode.halfClosedRemote;
}

/** Whether a stream is over, by whatever cause. */
export function isClosed(state: number): boolean {
  return state >= StreamStateCode.closed;
}

function judge(state: number, input: number, streamId: number): number {
  const name = streamTable.states[state] as StreamState;
  const verdict = STREAM_VERDICTS[name][streamTable.inputs[input] as keyof (typeof STREAM_VERDICTS)[StreamState]];
  if (verdict === 'ignore') return IGNORED;
  throw verdictError(verdict ?? 'connection PROTOCOL_ERROR', describe(state, input, streamId));
}

function verdictError(verdict: string, message: string): ProtocolError {
  const [scope, code] = verdict.split(' ') as ['stream' | 'connection', Http2ErrorName];
  return (scope === 'stream' ? streamError : connectionError)(code, message);
}

function describe(state: number, input: number, streamId: number): string {
  return `stream ${streamId}: no ${streamTable.inputs[input]} in state ${streamTable.states[state]}`;
}

function numbered<Name extends string>(names: readonly Name[]): Numbers<Name> {
  return Object.freeze(Object.fromEntries(names.map((name, at) => [name, at]))) as Numbers<Name>;
}
