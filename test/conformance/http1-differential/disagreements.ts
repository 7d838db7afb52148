import { METHODS } from 'node:http';
import type { Outcome, ReadMessage } from './outcome.js';

/** Where two readings of the same bytes part, and by whose error. */
export interface Difference {
  /** We refuse what Node reads; we read what Node refuses; or both read it, and not the same. */
  readonly kind: 'stricter' | 'looser' | 'different';
  /** Our code where we are stricter, Node's where we are looser; also ours there for bytes behind a response. */
  readonly code: string;
}

/** The first difference, or nothing where both read the same messages and agree on whether an error follows. */
export function difference(ours: Outcome, theirs: Outcome): Difference | undefined {
  const both = Math.min(ours.messages.length, theirs.messages.length);
  for (let i = 0; i < both; i++) {
    if (!sameMessage(ours.messages[i] as ReadMessage, theirs.messages[i] as ReadMessage)) {
      return { kind: 'different', code: '' };
    }
  }
  if (theirs.messages.length > both) return { kind: 'stricter', code: ours.error };
  if (ours.messages.length > both) {
    // Whatever Node makes of bytes behind a response, to us they are one thing.
    const behind = ours.error === 'UNSOLICITED_RESPONSE';
    return { kind: 'looser', code: behind ? ours.error : theirs.error };
  }
  if (ours.error !== '' && theirs.error === '') return { kind: 'stricter', code: ours.error };
  if (ours.error === '' && theirs.error !== '') return { kind: 'looser', code: theirs.error };
  return undefined;
}

function sameMessage(a: ReadMessage, b: ReadMessage): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A way in which we and Node's parser differ, why, and the shortest bytes that show it. */
export interface Disagreement extends Difference {
  readonly of: 'request' | 'response';
  readonly why: string;
  readonly example: string;
  /** Narrows the row to the bytes it is about. */
  readonly holds?: (bytes: string) => boolean;
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** An empty line, or a part of one, before a start line or behind the last message. */
const leadingLineEnds = (bytes: string): boolean => /(^|\r\n\r\n)[\r\n]|[\r\n]$/.test(bytes);

/** White space around what separates the parts of a chunk extension. */
const spacedExtension = (bytes: string): boolean => /[\t ][;=]|[;=][\t ]/.test(bytes);

/** Every disagreement there is; the differential test fails on any other. */
export const DISAGREEMENTS: readonly Disagreement[] = [
  // Requests that Node reads and we refuse.
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_HOST',
    why: 'RFC 9112 §3.2: no, two, or an invalid Host is 400. Node asks for one to be there, and takes any number and value.',
    example: `${REQUEST}Host: a\r\n\r\n`,
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_REQUEST_LINE',
    why: 'RFC 9112 §3 has one space between three parts. llhttp takes several, or a line without version as HTTP/0.9.',
    example: 'GET /\r\nHost: a\r\n\r\n',
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_TARGET',
    why: 'RFC 9112 §3.2: `*` goes with OPTIONS, an authority with CONNECT. llhttp does not look at the method.',
    example: 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BARE_LF',
    why: 'One empty line before a request is tolerated, if it is CRLF. llhttp skips any CR and LF there, and ends HTTP/0.9 lines by LF.',
    example: `\n${REQUEST}\r\n`,
    holds: (bytes) =>
      leadingLineEnds(bytes) || !bytes.startsWith('HTTP/', bytes.lastIndexOf(' ', bytes.indexOf('\n')) + 1),
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BARE_CR',
    why: 'The same.',
    example: `\r${REQUEST}\r\n`,
    holds: leadingLineEnds,
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_TRANSFER_ENCODING',
    why: 'Only chunked, perhaps over gzip or deflate, in one field line. llhttp looks at the end of the last line.',
    example: `${REQUEST}Transfer-Encoding: x\r\n${CHUNKED}\r\n0\r\n\r\n`,
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_CONTENT_LENGTH',
    why: 'A tab before the number: llhttp skips it there, and refuses it behind. We refuse both.',
    example: `${REQUEST}Content-Length:\t0\r\n\r\n`,
    holds: (bytes) => bytes.includes('\t'),
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'BAD_CHUNK',
    why: 'Chunk extensions are read by the grammar of RFC 9112 §7.1.1. llhttp lets empty ones pass.',
    example: `${REQUEST}${CHUNKED}\r\n1;;a\r\nx\r\n0\r\n\r\n`,
    holds: (bytes) => bytes.includes(';'),
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'FORBIDDEN_TRAILER',
    why: 'RFC 9110 §6.5.1: fields of framing, routing and content are no trailers. Node hands them out apart.',
    example: `${REQUEST}${CHUNKED}\r\n0\r\nTrailer: x\r\n\r\n`,
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'TRUNCATED_MESSAGE',
    why: 'The first half of an empty line behind a request, and then the end: llhttp does not mind.',
    example: `${REQUEST}\r\n\r`,
    holds: (bytes) => bytes.endsWith('\r'),
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'FIELD_LIMIT',
    why: 'Our limit is per field line too, and counts 32 bytes for each.',
    example: `${REQUEST}${'x:\r\n'.repeat(128)}\r\n`,
  },
  // Requests that Node refuses and we read.
  {
    of: 'request',
    kind: 'looser',
    code: 'HPE_INVALID_METHOD',
    why: 'RFC 9110 §9.1: a method is any token. llhttp knows a list of them.',
    example: 'VERSION / HTTP/1.1\r\nHost: a\r\n\r\n',
    holds: (bytes) => !METHODS.includes(bytes.trimStart().split(' ')[0] as string),
  },
  {
    of: 'request',
    kind: 'looser',
    code: 'HPE_INVALID_URL',
    why: 'RFC 3986 §3.1: a scheme may hold digits, `+`, `-` and `.`. llhttp wants letters.',
    example: 'GET h2-c+x.y://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    holds: (bytes) => bytes.includes('://'),
  },
  {
    of: 'request',
    kind: 'looser',
    code: 'HPE_CLOSED_CONNECTION',
    why: 'Bytes behind a request that ends the connection: we answer the request and never look at them; llhttp reports them.',
    example: `${REQUEST}Connection: close\r\n\r\nx`,
  },
  {
    of: 'request',
    kind: 'looser',
    code: 'HPE_INVALID_CHUNK_SIZE',
    why: 'RFC 9112 §7.1.1: white space may stand before the semicolon of a chunk extension, and is to be parsed.',
    example: `${REQUEST}${CHUNKED}\r\n1 ;a\r\nx\r\n0\r\n\r\n`,
    holds: spacedExtension,
  },
  {
    of: 'request',
    kind: 'looser',
    code: 'HPE_STRICT',
    why: 'The same, inside an extension.',
    example: `${REQUEST}${CHUNKED}\r\n1; a = b\r\nx\r\n0\r\n\r\n`,
    holds: spacedExtension,
  },
  {
    of: 'request',
    kind: 'stricter',
    code: 'VERSION_UNSUPPORTED',
    why: 'HTTP/0.9 has no versions and HTTP/2.0 no request lines. llhttp takes both.',
    example: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  },
  // Responses that Node reads and we refuse.
  {
    of: 'response',
    kind: 'stricter',
    code: 'BAD_STATUS_LINE',
    why: 'RFC 9112 §4: a space behind the code, no control bytes in the reason, nothing before the line. llhttp is lenient in all three.',
    example: 'HTTP/1.1 204\r\n\r\n',
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'VERSION_UNSUPPORTED',
    why: 'As in requests.',
    example: 'HTTP/2.0 204 x\r\n\r\n',
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'BARE_LF',
    why: 'llhttp skips CR and LF before a status line.',
    example: `\n${RESPONSE}\r\n`,
    holds: leadingLineEnds,
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'BARE_CR',
    why: 'llhttp takes a CR for the end of a status line.',
    example: 'HTTP/1.1 200 OK\r\rContent-Length: 0\r\n\r\n',
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'BAD_TRANSFER_ENCODING',
    why: 'An unknown coding: llhttp reads until the end of the connection, or believes the last of several lines.',
    example: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n',
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'BAD_CONTENT_LENGTH',
    why: 'RFC 9110 §8.6: a 1xx response has no Content-Length; and tabs, as in requests. llhttp does not mind.',
    example: `HTTP/1.1 103 x\r\nContent-Length: 3\r\n\r\n${RESPONSE}\r\n`,
    holds: (bytes) => bytes.startsWith('HTTP/1.1 1') || bytes.includes('\t'),
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'BAD_CHUNK',
    why: 'Chunk extensions, as in requests.',
    example: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n1;;a\r\nx\r\n0\r\n\r\n`,
    holds: (bytes) => bytes.includes(';'),
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'FORBIDDEN_TRAILER',
    why: 'As in requests.',
    example: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n0\r\nTrailer: x\r\n\r\n`,
  },
  {
    of: 'response',
    kind: 'stricter',
    code: 'UNSOLICITED_RESPONSE',
    why: 'Any byte behind a response. llhttp skips CR and LF there, and a status line that is cut off.',
    example: `${RESPONSE}\r\n\r\n`,
  },
  // Responses that Node refuses and we read.
  {
    of: 'response',
    kind: 'looser',
    code: 'HPE_INVALID_CHUNK_SIZE',
    why: 'As in requests.',
    example: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n1 ;a\r\nx\r\n0\r\n\r\n`,
    holds: spacedExtension,
  },
  {
    of: 'response',
    kind: 'looser',
    code: 'HPE_STRICT',
    why: 'As in requests.',
    example: `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n1; a = b\r\nx\r\n0\r\n\r\n`,
    holds: spacedExtension,
  },
  {
    of: 'response',
    kind: 'looser',
    code: 'UNSOLICITED_RESPONSE',
    why: 'Bytes behind a whole response: we give the response and then refuse the bytes; a Node client fails the response.',
    example: `${RESPONSE}\r\nx`,
  },
  {
    of: 'response',
    kind: 'looser',
    code: 'HPE_CLOSED_CONNECTION',
    why: 'The same behind a response that ends the connection: we never look at them.',
    example: `${RESPONSE}Connection: close\r\n\r\nx`,
  },
];

/** The row that explains a difference. */
export function explain(of: 'request' | 'response', found: Difference, bytes: string): Disagreement | undefined {
  return DISAGREEMENTS.find(
    (row) => row.of === of && row.kind === found.kind && row.code === found.code && (row.holds?.(bytes) ?? true),
  );
}
