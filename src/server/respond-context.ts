import type { ServerEvents } from './server-events.js';
import type { DateLine } from './date-line.js';
import type { PlainHead } from './plain-head.js';
import type { HandlerResult } from './server-response.js';
import type { ServerRequest } from './server-request.js';

/** What the answers of one server share. */
export interface RespondContext {
  readonly date: DateLine;
  readonly plainHead: PlainHead;
  readonly events: ServerEvents;
  /** Codes streamed bodies as the client's TE asks. */
  readonly transferCoding: boolean;
  /** Bytes a pushing body may be ahead of the client. */
  readonly maxQueued: number | undefined;
  readonly boundary: () => string;
}

export type Handler = (request: ServerRequest) => HandlerResult;
