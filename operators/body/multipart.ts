import { concat, defer, type Observable } from 'rxjs';
import { pullIterable, pullReadableStream } from '../core/pull.js';
import { isFieldValue } from '../http/field-syntax.js';

/** A `multipart/form-data` body (RFC 7578): text as bytes, files as they are. */
export interface Multipart {
  /** In order: encoded text, and Blobs still to be read. */
  readonly segments: readonly (Uint8Array | Blob)[];
  /** Bytes in all. */
  readonly length: number;
  readonly contentType: string;
}

/**
 * Lays out a form as the WHATWG's multipart/form-data encoding does: line ends in names and values become CRLF, and CR, LF
 * and `"` in names and file names are percent-escaped, so that no part can end its own head.
 */
export function layOutMultipart(form: FormData, boundary: string): Multipart {
  const encoder = new TextEncoder();
  const segments: (Uint8Array | Blob)[] = [];
  let text = '';
  const cut = (): void => {
    segments.push(encoder.encode(text));
    text = '';
  };
  for (const [name, value] of form as Iterable<[string, string | File]>) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escape(toCrlf(name))}"`;
    if (typeof value === 'string') {
      text += `\r\n\r\n${toCrlf(value)}\r\n`;
      continue;
    }
    const type = value.type !== '' && isFieldValue(value.type) ? value.type : 'application/octet-stream';
    text += `; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
    cut();
    segments.push(value);
    text = '\r\n';
  }
  text += `--${boundary}--\r\n`;
  cut();
  return {
    segments,
    length: segments.reduce((sum, segment) => sum + sizeOf(segment), 0),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** The segments one after the other, each pulled; a Blob is read when its turn has come. */
export function readSegments(segments: readonly (Uint8Array | Blob)[]): Observable<Uint8Array> {
  return concat(
    ...segments.map((segment) => (segment instanceof Uint8Array ? pullIterable([segment]) : readBlob(segment))),
  );
}

/** The bytes of a Blob, pulled; each subscription reads anew. */
export function readBlob(blob: Blob): Observable<Uint8Array> {
  return defer(() => pullReadableStream(blob.stream() as ReadableStream<Uint8Array>));
}

function sizeOf(segment: Uint8Array | Blob): number {
  return segment instanceof Uint8Array ? segment.length : segment.size;
}

function escape(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function toCrlf(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replaceAll('\n', '\r\n');
}
