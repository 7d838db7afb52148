import { isNetworkError, NetworkError, UsageError, type NetworkPhase } from '../../operators/core/protocol-error.js';

interface NodeError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

/** Codes Node gives to what its caller asked for, as against what the network did. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'ERR_SOCKET_BAD_PORT',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
  'ERR_INVALID_IP_ADDRESS',
  'ERR_INVALID_ADDRESS_FAMILY',
  'ERR_INVALID_PROTOCOL',
  'ERR_MISSING_ARGS',
  'ERR_TLS_INVALID_PROTOCOL_VERSION',
  'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
  'ERR_TLS_INVALID_CONTEXT',
]);

const PHASE_OF_SYSCALL: Readonly<Record<string, NetworkPhase>> = {
  getaddrinfo: 'resolve',
  queryA: 'resolve',
  queryAaaa: 'resolve',
  connect: 'connect',
  read: 'read',
  write: 'write',
  writev: 'write',
  shutdown: 'write',
  listen: 'listen',
};

/**
 * Node's error as ours: its code, what the socket was doing, itself as the cause. Errors that are ours already pass.
 *
 * @param phase what was going on; the error's own syscall says it better if it has one.
 */
export function networkError(error: unknown, phase: NetworkPhase): Error {
  if (isOurs(error)) return phase === 'tls' ? inHandshake(error) : error;
  const { code, syscall, errors } = (typeof error === 'object' && error !== null ? error : {}) as NodeError;
  const named = typeof code === 'string' ? code : fallbackCode(phase);
  if (USAGE_CODES.has(named)) return new UsageError('INVALID_OPTION', textOf(error), error);
  const told = typeof syscall === 'string' ? PHASE_OF_SYSCALL[syscall] : undefined;
  // A handshake fails as a handshake whatever call reported it, and binding is part of listening.
  const where = phase === 'tls' || phase === 'listen' ? phase : isTlsCode(named) ? 'tls' : (told ?? phase);
  const text = Array.isArray(errors) ? errors.map(textOf).join('; ') : textOf(error);
  return new NetworkError(named, where, text || named, error);
}

/** The peer, or the machine, took the connection away without saying why. */
export function connectionLost(
  phase: NetworkPhase,
  message = 'the connection was closed before its end',
): NetworkError {
  return new NetworkError('ECONNRESET', phase, message);
}

function fallbackCode(phase: NetworkPhase): string {
  if (phase === 'tls') return 'TLS_FAILED';
  return phase === 'resolve' ? 'LOOKUP_FAILED' : 'NETWORK_FAILED';
}

function isTlsCode(code: string): boolean {
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}

/** A carrier that fails during the handshake has failed the handshake. */
function inHandshake(error: Error): Error {
  if (!isNetworkError(error) || error.phase === 'tls') return error;
  return new NetworkError(error.code, 'tls', error.message, error);
}

function isOurs(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && Symbol.for('rxweir.error') in error;
}

function textOf(error: unknown): string {
  const message = (error as NodeError | null | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
