import type { ServerResponse } from './server-response.js';

/** Who a writer writes for. */
export interface WriterOwner {
  /** Nothing more is to be written. */
  readonly over: boolean;
  /** What was begun cannot be finished. */
  fail(error: unknown): void;
  /** Something of the handler's went wrong. @param sent the head was out */
  report(error: unknown, sent: boolean): void;
}

/** Puts responses on the wire, in whatever version of HTTP the request came. */
export interface ResponseWriter {
  owner: WriterOwner | undefined;
  /** It may write: nothing is before it. */
  readonly hasTurn: boolean;
  /** The final head is out. */
  readonly headSent: boolean;
  /** Writes a response, interim or final, with its body as the client takes it. @throws UsageError for what cannot be sent */
  write(response: ServerResponse): void;
  /** Answers with a status and nothing else. */
  short(status: number): void;
  /** The response cannot be finished: the client is to see it cut. */
  abort(error: unknown): void;
  /** Lets go of the body. */
  stop(): void;
}
