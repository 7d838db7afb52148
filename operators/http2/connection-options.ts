import { UsageError } from '../core/protocol-error.js';
import type { Budget } from './abuse-limits.js';
import type { Http2Role } from './frame-decoder.js';
import type { Settings } from './settings.js';

/** Bounds on what a peer can make one HTTP/2 connection keep, count or do. Bytes where nothing else is said. */
export interface Http2Limits {
  /** Decoded fields of one header block: names, values, and 32 for each. */
  readonly maxFieldBytes: number;
  /** Fields of one header block, each crumb of a cookie being one. */
  readonly maxFields: number;
  /** The same of a trailer section. */
  readonly maxTrailerBytes: number;
  readonly maxTrailers: number;
  /** Interim responses before a final one. */
  readonly maxInterim: number;
  /** CONTINUATION frames behind one HEADERS or PUSH_PROMISE. */
  readonly maxContinuations: number;
  /** An encoded header block. */
  readonly maxHeaderBlock: number;
  /** Entries of one SETTINGS frame. */
  readonly maxSettings: number;
  /** Window of the connection. */
  readonly connectionWindow: number;
  /** What consumers may hold of all streams together, small pieces counted as 256. */
  readonly maxConnectionMemory: number;
  /** What may wait to be sent on one stream, of what was pushed outside a delivery. */
  readonly maxQueued: number;
  /** Replies to PING, SETTINGS and the like that wait for the socket: more end the connection, a quarter stops reading. */
  readonly maxControlReplies: number;
  /** Streams of the peer in the life of a connection; then it is closed gracefully. */
  readonly maxStreams: number;
  /** A server's handlers at work for one connection, those included whose stream was reset; further requests wait. */
  readonly maxHandlers: number;
  /** Requests that wait for a handler: more end the connection. */
  readonly maxBacklog: number;
  /** Resets by the peer, or provoked by it. */
  readonly maxResets: Budget;
  /** Frames that are legal but odd. */
  readonly maxGlitches: Budget;
}

const SERVER: Http2Limits = Object.freeze({
  maxFieldBytes: 16_384,
  maxFields: 128,
  maxTrailerBytes: 8192,
  maxTrailers: 32,
  maxInterim: 16,
  maxContinuations: 8,
  maxHeaderBlock: 32_768,
  maxSettings: 32,
  connectionWindow: 1_048_576,
  maxConnectionMemory: 8_388_608,
  maxQueued: 1_048_576,
  maxControlReplies: 1000,
  maxStreams: Infinity,
  maxHandlers: 100,
  maxBacklog: 100,
  maxResets: Object.freeze({ burst: 200, perSecond: 20 }),
  maxGlitches: Object.freeze({ burst: 1000, perSecond: 100 }),
});

const CLIENT: Http2Limits = Object.freeze({
  ...SERVER,
  maxFieldBytes: 65_536,
  maxFields: 256,
  maxHeaderBlock: 131_072,
  // Four times a server's: whoever downloads chose to, and each WINDOW_UPDATE is a write and wakes the peer.
  connectionWindow: 4_194_304,
});

/** What we announce of our own accord. */
const SERVER_SETTINGS: Partial<Settings> = Object.freeze({
  maxConcurrentStreams: 100,
  initialWindowSize: 262_144,
  maxHeaderListSize: 16_384,
  enableConnectProtocol: true,
  noRfc7540Priorities: true,
});
const CLIENT_SETTINGS: Partial<Settings> = Object.freeze({
  enablePush: false,
  maxConcurrentStreams: 0,
  initialWindowSize: 1_048_576,
  maxHeaderListSize: 65_536,
  noRfc7540Priorities: true,
});

/** The defaults of a role, with what is given in their place. @throws UsageError `INVALID_LIMIT` */
export function resolveHttp2Limits(role: Http2Role, given: Partial<Http2Limits> = {}): Http2Limits {
  const defaults = role === 'server' ? SERVER : CLIENT;
  const resolved: Record<string, number | Budget> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) throw new UsageError('INVALID_LIMIT', `there is no limit ${name}`);
    const budget = typeof resolved[name] === 'object';
    const fits = budget
      ? typeof value === 'object' && value.burst >= 0 && value.perSecond >= 0
      : typeof value === 'number' && value >= 0;
    if (!fits) throw new UsageError('INVALID_LIMIT', `${name}: not ${budget ? 'a budget' : 'a number'} from 0 up`);
    resolved[name] = value;
  }
  return resolved as unknown as Http2Limits;
}

/** Our settings: the defaults of the role, with what is given in their place. */
export function resolveHttp2Settings(
  role: Http2Role,
  limits: Http2Limits,
  given: Partial<Settings> = {},
): Partial<Settings> {
  const own = role === 'server' ? SERVER_SETTINGS : CLIENT_SETTINGS;
  const settings = { ...own, maxHeaderListSize: limits.maxFieldBytes, ...given };
  if (given.enablePush === true && given.maxConcurrentStreams === undefined) settings.maxConcurrentStreams = 100;
  return settings;
}
