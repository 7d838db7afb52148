import { from, type Observable, type ObservableInput } from 'rxjs';
import { fromReadable, type ReadableLike } from '../core/from-readable.js';
import { UsageError } from '../core/protocol-error.js';
import { pullIterable } from '../core/pull.js';
import { encodeChunks } from './encode-chunks.js';
import { LendingBody } from './lending-body.js';
import { layOutMultipart, readBlob, readSegments } from './multipart.js';
import { onlyOnce } from './only-once.js';

/**
 * What a message body can be made of. Strings are sent as UTF-8; a Node.js `Readable` is an async iterable.
 *
 * Iterables, async iterables and streams are pulled as the peer takes bytes. Observables push: what they emit inside a
 * delivery (a body being read elsewhere) is held, what they emit of their own accord is queued up to a bound.
 */
export type BodySource =
  | string
  | Uint8Array
  | Blob
  | FormData
  | URLSearchParams
  | ObservableInput<string | Uint8Array>
  | ReadableStream<string | Uint8Array>;

/** A {@link BodySource} as the writers see it. Either `bytes` or `stream` is there. */
export interface BodyPlan {
  /** The whole body, if it is known now. */
  readonly bytes: Uint8Array | undefined;
  /** Bytes in all, if known before sending. */
  readonly length: number | undefined;
  /** The content type the source implies; a field of the caller's wins over it. */
  readonly contentType: string | undefined;
  /** The body, chunk by chunk, never an empty one. */
  readonly stream: Observable<Uint8Array> | undefined;
  /** The same in memory that is used again, for a writer that knows when a chunk has left; see `LendingBody`. */
  readonly lend?: LendingBody['lend'] | undefined;
  /**
   * Whether subscribing again gives the same bytes: strings, bytes, Blobs, forms, arrays and other re-iterables, promises,
   * and Observables, which are taken to be cold. Generators, `Readable`s, web streams and async iterables are one-shot: a
   * second subscription fails with `UsageError` `BODY_CONSUMED`.
   */
  readonly replayable: boolean;
  /** Whether the source is pulled as the writer allows; otherwise it pushes. */
  readonly pull: boolean;
}

/**
 * Plans how a body is sent. Sources are recognised by what they can do, not by class.
 *
 * @param boundary makes the boundary of a form: a token that does not occur in its content (random, so given).
 * @throws `UsageError` `INVALID_BODY` for what is no body source. Chunks that are neither text nor bytes fail the stream with
 *   `INVALID_BODY_CHUNK`.
 */
export function planBody(source: BodySource, boundary: () => string): BodyPlan {
  if (typeof source === 'string') return whole(new TextEncoder().encode(source), 'text/plain;charset=UTF-8');
  if (source instanceof Uint8Array) return whole(source, undefined);
  if (typeof source !== 'object' || source === null) return refuse(source);
  const tag = (source as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (tag === 'URLSearchParams') {
    return whole(new TextEncoder().encode((source as URLSearchParams).toString()), FORM_TYPE);
  }
  if (tag === 'FormData') return planForm(source as FormData, boundary());
  if (isBlob(source)) {
    return streamed(readBlob(source), { length: source.size, contentType: source.type || undefined });
  }
  if (source instanceof LendingBody) return { ...streamed(source, { pull: false }), lend: source.lend };
  if (isObservableLike(source) || isPromiseLike(source)) {
    return streamed(from(source as ObservableInput<string | Uint8Array>), { pull: false });
  }
  if ('getReader' in source || Symbol.asyncIterator in source) {
    return streamed(fromReadable(source as ReadableLike<string | Uint8Array>), { replayable: false });
  }
  if (Symbol.iterator in source) return planIterable(source as Iterable<string | Uint8Array>);
  return refuse(source);
}

const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';

function whole(bytes: Uint8Array, contentType: string | undefined): BodyPlan {
  return { bytes, length: bytes.length, contentType, stream: undefined, replayable: true, pull: true };
}

function streamed(chunks: Observable<string | Uint8Array>, facts: Partial<BodyPlan>): BodyPlan {
  const { length, contentType, replayable = true, pull = true } = facts;
  const encoded = chunks.pipe(encodeChunks());
  const stream = replayable ? encoded : encoded.pipe(onlyOnce());
  return { bytes: undefined, length, contentType, stream, replayable, pull };
}

function planForm(form: FormData, boundary: string): BodyPlan {
  const { segments, length, contentType } = layOutMultipart(form, boundary);
  const [first] = segments;
  if (segments.length === 1) return whole(first as Uint8Array, contentType);
  return streamed(readSegments(segments), { length, contentType });
}

function planIterable(source: Iterable<string | Uint8Array>): BodyPlan {
  const oneShot = typeof (source as { next?: unknown }).next === 'function'; // it is its own iterator
  return streamed(pullIterable(source), { replayable: !oneShot });
}

function refuse(source: unknown): never {
  throw new UsageError('INVALID_BODY', `not a body source: ${source === null ? 'null' : typeof source}`);
}

function isBlob(source: object): source is Blob {
  return 'arrayBuffer' in source && 'stream' in source && typeof (source as Blob).size === 'number';
}

function isPromiseLike(source: object): source is PromiseLike<unknown> {
  return typeof (source as { then?: unknown }).then === 'function';
}

/** By the interop key of RxJS 7, a string where no library has made the symbol. */
function isObservableLike(source: object): boolean {
  return ((Symbol.observable as symbol | undefined) ?? '@@observable') in source;
}
