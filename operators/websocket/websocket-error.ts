/** The errors of WebSocket: `wireCode` is the code of the Close frame that answers, all are of scope `connection`. */
import { ProtocolError } from '../core/protocol-error.js';
import { CloseCode } from './close-code.js';

type BrokenRule = 'BAD_FRAME' | 'BAD_MASK' | 'BAD_FRAGMENT' | 'BAD_CLOSE_FRAME';

/** The peer broke a rule of framing: close code 1002. */
export function frameError(code: BrokenRule, message: string): ProtocolError {
  return new ProtocolError(code, message, { wireCode: CloseCode.PROTOCOL_ERROR });
}

/** Text, or the reason of a Close frame, is not UTF-8 (RFC 6455 §8.1): close code 1007. */
export function utf8Error(what: string): ProtocolError {
  return new ProtocolError('INVALID_UTF8', `${what} is not UTF-8`, { wireCode: CloseCode.INVALID_PAYLOAD });
}

/** The message would pass `maxMessageSize`: close code 1009. */
export function messageTooLarge(maxMessageSize: number): ProtocolError {
  const init = { wireCode: CloseCode.MESSAGE_TOO_BIG, limit: 'maxMessageSize' };
  return new ProtocolError('MESSAGE_TOO_LARGE', `a message of over ${maxMessageSize} bytes`, init);
}

/** The message came in more than `maxFragments` frames: close code 1008. */
export function tooManyFragments(maxFragments: number): ProtocolError {
  const init = { wireCode: CloseCode.POLICY_VIOLATION, limit: 'maxFragments' };
  return new ProtocolError('FRAGMENT_LIMIT', `a message of over ${maxFragments} frames`, init);
}

/** The peer sent control frames beyond their budget: close code 1008. */
export function tooManyControlFrames(): ProtocolError {
  const init = { wireCode: CloseCode.POLICY_VIOLATION, limit: 'controlFrames' };
  return new ProtocolError('CONTROL_FRAME_LIMIT', 'too many control frames', init);
}

/** A message is not in the coding it claims to be in (RFC 7692): close code 1007. */
export function inflateError(message: string, cause?: unknown): ProtocolError {
  return new ProtocolError('BAD_COMPRESSED_MESSAGE', message, { wireCode: CloseCode.INVALID_PAYLOAD, cause });
}

/** The input ended inside `what`. Nothing can be answered. */
export function truncatedInput(what: string): ProtocolError {
  return new ProtocolError('TRUNCATED_FRAME', `the input ends inside ${what}`, { wireCode: CloseCode.ABNORMAL });
}
