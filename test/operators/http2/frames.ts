/** Readable frames for tests: hex in, hex and transcripts out. */
import { isProtocolError, isUsageError } from '../../../operators/core/protocol-error.js';
import { type Frame, type OutboundFrame, serializeFrame } from '../../../operators/http2/frame.js';
import { FrameDecoder, type FrameDecoderOptions } from '../../../operators/http2/frame-decoder.js';
import { frameTypeName } from '../../../operators/http2/frame-type.js';
import { MALFORMED } from '../../../operators/http2/frames/malformed-frame.js';
import { UNKNOWN } from '../../../operators/http2/frames/unknown-frame.js';

export const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'latin1'));
export const hex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value.replaceAll(' ', ''), 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const joined = (parts: Iterable<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat([...parts]));
export const wire = (...frames: OutboundFrame[]): Uint8Array => joined(frames.map((frame) => serializeFrame(frame)));

/** A frame with any header and payload, right or wrong. */
export function raw(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return joined([header, payload]);
}

/** What an error is, for comparison: code, scope, wire code, limit. */
export function describeError(error: unknown): string {
  if (isUsageError(error)) return `usage ${error.code}`;
  if (!isProtocolError(error)) throw error;
  return `${error.scope} ${error.code} ${error.wireCode}${error.limit === undefined ? '' : ` ${error.limit}`}`;
}

export function thrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return describeError(error);
  }
  return 'nothing';
}

/** A frame as a line: name, stream, flags, and all else. */
export function describeFrame(frame: Frame): string {
  const { type, flags, streamId, ...rest } = frame;
  if (type === MALFORMED) {
    return `malformed ${frameTypeName(frame.frameType)} ${streamId} ${describeError(frame.error)}`;
  }
  const name = type === UNKNOWN ? 'UNKNOWN' : frameTypeName(type);
  const shown = Object.entries(rest).map(([key, value]: [string, unknown]) => {
    return `${key}=${value instanceof Uint8Array ? toHex(value) : JSON.stringify(value)}`;
  });
  return [name, streamId, `0x${flags.toString(16)}`, ...shown].join(' ');
}

/** Reads pieces with a decoder: a line per frame, and the error if there is one. */
export function transcribe(pieces: Iterable<Uint8Array>, options: FrameDecoderOptions, finish = true): string[] {
  const decoder = new FrameDecoder(options);
  const said: string[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      while (decoder.read()) said.push(describeFrame(decoder.frame));
    }
    if (finish) decoder.finish();
  } catch (error) {
    said.push(describeError(error));
  }
  return said;
}
