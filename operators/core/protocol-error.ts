/**
 * The four error types of the library and their guards.
 *
 * Each says what rule or limit was met (`code`), and a {@link ProtocolError} also says how far the damage goes
 * (`scope`), who broke the rule (`initiator`) and what belongs on the wire (`wireCode`). Check by `code` or by guard:
 * the guards work across two copies of the package, `instanceof` does not.
 */

const BRAND = Symbol.for('rxweir.error');

/** How far the damage goes: this message, this stream, or the whole connection. */
export type ErrorScope = 'message' | 'stream' | 'connection';

/** Who broke the rule: our caller, the peer, or the library itself. */
export type ErrorInitiator = 'local' | 'remote' | 'library';

export interface ProtocolErrorInit {
  readonly scope?: ErrorScope;
  readonly initiator?: ErrorInitiator;
  /** HTTP/1: the status to answer with; HTTP/2: the error code; WebSocket: the close code. 0 where nothing is sent. */
  readonly wireCode?: number;
  /** Name of the option whose bound was passed, for errors about limits. */
  readonly limit?: string;
  readonly cause?: unknown;
}

abstract class BrandedError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A peer, or a caller through us, broke a rule of the protocol or passed a limit. */
export class ProtocolError extends BrandedError {
  declare readonly name: 'ProtocolError';
  readonly scope: ErrorScope;
  readonly initiator: ErrorInitiator;
  readonly wireCode: number;
  readonly limit: string | undefined;

  constructor(code: string, message: string, init: ProtocolErrorInit = {}) {
    super(code, message, init.cause);
    this.scope = init.scope ?? 'connection';
    this.initiator = init.initiator ?? 'remote';
    this.wireCode = init.wireCode ?? 0;
    this.limit = init.limit;
  }
}

/** The wait that ran out. */
export type TimeoutPhase =
  | 'connect'
  | 'setup'
  | 'queue'
  | 'settings'
  | 'ping'
  | 'head'
  | 'request'
  | 'idle'
  | 'body'
  | 'rate'
  | 'stall'
  | 'total'
  | 'unclaimed'
  | 'close';

/** A time limit passed; `phase` names the clock and `milliseconds` its setting. `code` is `TIMEOUT_<PHASE>`. */
export class TimeoutError extends BrandedError {
  declare readonly name: 'TimeoutError';
  readonly phase: TimeoutPhase;
  readonly milliseconds: number;

  constructor(phase: TimeoutPhase, milliseconds: number, message = `${phase} timeout after ${milliseconds} ms`) {
    super(`TIMEOUT_${phase.toUpperCase()}`, message);
    this.phase = phase;
    this.milliseconds = milliseconds;
  }
}

/** What the socket was doing when the network failed. */
export type NetworkPhase = 'resolve' | 'connect' | 'tls' | 'read' | 'write' | 'listen';

/** The network failed: `code` is Node's (`ECONNREFUSED`, `ECONNRESET`, …), the original error is the `cause`. */
export class NetworkError extends BrandedError {
  declare readonly name: 'NetworkError';
  readonly phase: NetworkPhase;

  constructor(code: string, phase: NetworkPhase, message: string, cause?: unknown) {
    super(code, message, cause);
    this.phase = phase;
  }
}

/** The caller asked for something that cannot be: thrown, or sent down the error channel, before any byte is. */
export class UsageError extends BrandedError {
  declare readonly name: 'UsageError';
}

for (const [type, name] of [
  [ProtocolError, 'ProtocolError'],
  [TimeoutError, 'TimeoutError'],
  [NetworkError, 'NetworkError'],
  [UsageError, 'UsageError'],
] as const) {
  Object.defineProperties(type.prototype, {
    name: { value: name, configurable: true, writable: true },
    [BRAND]: { value: name },
  });
}

function branded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === name;
}

export function isProtocolError(value: unknown): value is ProtocolError {
  return branded(value, 'ProtocolError');
}

export function isTimeoutError(value: unknown): value is TimeoutError {
  return branded(value, 'TimeoutError');
}

export function isNetworkError(value: unknown): value is NetworkError {
  return branded(value, 'NetworkError');
}

export function isUsageError(value: unknown): value is UsageError {
  return branded(value, 'UsageError');
}
