import { isNetworkError, isProtocolError, isTimeoutError } from '../../operators/core/protocol-error.js';

/**
 * The status that says whose fault an error is (RFC 9110 §15): what the client sent is malformed, 4xx; who was asked in turn cannot be
 * reached or makes no sense, 502; or does not answer in time, 504. Undefined for what is nobody's fault but ours.
 */
export function errorStatus(error: unknown): number | undefined {
  if (isTimeoutError(error)) return 504;
  if (isNetworkError(error)) return 502;
  if (!isProtocolError(error) || error.initiator !== 'remote') return undefined;
  const { wireCode } = error;
  return wireCode >= 400 && wireCode < 500 ? wireCode : 502;
}
