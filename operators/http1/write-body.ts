/** Writes what stands around the bytes of a body, and counts them (RFC 9112 §7). */
import { UsageError } from '../core/protocol-error.js';
import type { Fields } from '../http/fields.js';
import { isForbiddenTrailer } from './field-name.js';
import { FRAMING_CHUNKED, FRAMING_LENGTH, FRAMING_NONE } from './framing.js';
import { isChunkExtension } from './read-chunk-size.js';

export class BodyEncoder {
  readonly #framing: number;
  readonly #contentLength: number;
  #sent = 0;
  #inChunk = false;

  /** @param contentLength bytes of the body, for `FRAMING_LENGTH`. */
  constructor(framing: number, contentLength: number) {
    this.#framing = framing;
    this.#contentLength = contentLength;
  }

  /**
   * What goes before a piece of the body, Latin-1: for a chunk the end of the last one and its own size line, else
   * nothing. An empty piece has nothing, since a chunk of size 0 would end the body.
   *
   * @param extension chunk extensions without the first semicolon, such as `a=b;c="d e"`; dropped where no chunk is.
   * @throws UsageError `INVALID_CHUNK_EXTENSION`.
   */
  header(length: number, extension = ''): string {
    if (extension !== '' && !isChunkExtension(extension)) {
      throw new UsageError('INVALID_CHUNK_EXTENSION', 'chunk extensions are name[=value], separated by semicolons');
    }
    if (this.#framing !== FRAMING_CHUNKED || length === 0) return '';
    const size = length.toString(16);
    const line = extension === '' ? `${size}\r\n` : `${size};${extension}\r\n`;
    if (this.#inChunk) return `\r\n${line}`;
    this.#inChunk = true;
    return line;
  }

  /**
   * Counts bytes before they are written.
   *
   * @throws UsageError `CONTENT_LENGTH_EXCEEDED`; `BODY_NOT_ALLOWED` for a message without a body.
   */
  sent(length: number): void {
    if (length === 0) return;
    if (this.#framing === FRAMING_NONE) throw new UsageError('BODY_NOT_ALLOWED', 'this message has no body');
    if (this.#framing !== FRAMING_LENGTH) return;
    if (this.#sent + length > this.#contentLength) {
      throw new UsageError('CONTENT_LENGTH_EXCEEDED', `the body is longer than its ${this.#contentLength} bytes`);
    }
    this.#sent += length;
  }

  /**
   * What goes after the body, Latin-1. Trailers need chunks; a body that ends with its connection, or none, loses them.
   *
   * @throws UsageError `CONTENT_LENGTH_SHORT`, `TRAILERS_NEED_CHUNKED` for trailers behind a Content-Length,
   *   `FORBIDDEN_TRAILER` for a field that frames or routes.
   */
  finish(trailers?: Fields): string {
    if (this.#framing === FRAMING_LENGTH) {
      if (this.#sent < this.#contentLength) {
        throw new UsageError('CONTENT_LENGTH_SHORT', `${this.#sent} of ${this.#contentLength} bytes were written`);
      }
      if (trailers !== undefined && trailers.size > 0) {
        throw new UsageError('TRAILERS_NEED_CHUNKED', 'trailers need a chunked body');
      }
    }
    if (this.#framing !== FRAMING_CHUNKED) return '';
    const end = this.#inChunk ? '\r\n0\r\n' : '0\r\n';
    this.#inChunk = false;
    return trailers === undefined ? `${end}\r\n` : `${end}${trailerLines(trailers)}\r\n`;
  }
}

function trailerLines(trailers: Fields): string {
  trailers.forEach(checkTrailer);
  return trailers.toLines();
}

/** @throws UsageError `FORBIDDEN_TRAILER` for a field that frames or routes. */
export function checkTrailer(name: string): void {
  if (name.startsWith(':') || isForbiddenTrailer(name)) {
    throw new UsageError('FORBIDDEN_TRAILER', `${name} may not stand in a trailer section`);
  }
}
