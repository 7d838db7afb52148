/**
 * The negotiation of permessage-deflate (RFC 7692 §5, §7.1): what a client offers, what a server accepts of it, and what a
 * client makes of the answer. Each direction has its own window and its own choice whether it is kept between messages.
 */
import { UsageError } from '../core/protocol-error.js';
import type { WebSocketRole } from './close-code.js';
import type { WebSocketExtension } from './websocket-extensions.js';

export const PERMESSAGE_DEFLATE = 'permessage-deflate';

/** What a side wants. The defaults keep no memory between messages. */
export interface DeflateConfig {
  /** The server begins each message with an empty window; default true. */
  readonly serverNoContextTakeover?: boolean;
  /** So does the client; default true. */
  readonly clientNoContextTakeover?: boolean;
  /** The server's window, as a power of two: 8 to 15; default 15. */
  readonly serverMaxWindowBits?: number;
  /** The client's window; default 15. */
  readonly clientMaxWindowBits?: number;
  /** Messages below this are sent as they are; default 1024. Bytes. */
  readonly threshold?: number;
  /** 0 to 9, as zlib has it. */
  readonly level?: number;
  /** 1 to 9: memory for compressing; default 8. */
  readonly memLevel?: number;
}

/** One direction, as agreed on. */
export interface DeflateDirection {
  readonly contextTakeover: boolean;
  /** 8 to 15. */
  readonly windowBits: number;
}

/** Both directions, and what only this side knows. */
export interface DeflateParameters {
  readonly inbound: DeflateDirection;
  readonly outbound: DeflateDirection;
  readonly threshold: number;
  readonly level: number | undefined;
  readonly memLevel: number | undefined;
}

const LEAST_BITS = 8;
const MOST_BITS = 15;

interface Resolved extends Required<Omit<DeflateConfig, 'level' | 'memLevel'>> {
  readonly level: number | undefined;
  readonly memLevel: number | undefined;
}

/** @throws UsageError `INVALID_DEFLATE_CONFIG` */
function resolve(config: DeflateConfig): Resolved {
  const {
    serverMaxWindowBits = MOST_BITS,
    clientMaxWindowBits = MOST_BITS,
    threshold = 1024,
    level,
    memLevel,
  } = config;
  const { serverNoContextTakeover = true, clientNoContextTakeover = true } = config;
  const inRange = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (
    !inRange(serverMaxWindowBits, LEAST_BITS, MOST_BITS) ||
    !inRange(clientMaxWindowBits, LEAST_BITS, MOST_BITS) ||
    !inRange(level ?? 0, 0, 9) ||
    !inRange(memLevel ?? 1, 1, 9) ||
    !(threshold >= 0)
  ) {
    throw new UsageError('INVALID_DEFLATE_CONFIG', 'window bits are 8 to 15, level 0 to 9, memLevel 1 to 9');
  }
  return {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits,
    threshold,
    level,
    memLevel,
  };
}

/** The parameters of an offer or an answer, checked; undefined where one is unknown, given twice, or out of range. */
interface Given {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  /** 0: without a value, as only an offer may have it. */
  clientMaxWindowBits: number | undefined;
}

function readParams({ params }: WebSocketExtension): Given | undefined {
  const given: Given = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  const seen = new Set<string>();
  for (const [name, value] of params) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    const bits = readBits(value);
    if (name === 'server_no_context_takeover' && value === undefined) given.serverNoContextTakeover = true;
    else if (name === 'client_no_context_takeover' && value === undefined) given.clientNoContextTakeover = true;
    else if (name === 'server_max_window_bits' && bits > 0) given.serverMaxWindowBits = bits;
    else if (name === 'client_max_window_bits' && (bits > 0 || value === undefined)) given.clientMaxWindowBits = bits;
    else return undefined;
  }
  return given;
}

/** 8 to 15 without a leading zero (§7.1.2), else 0. */
function readBits(value: string | undefined): number {
  const bits = Number(value);
  return value === String(bits) && bits >= LEAST_BITS && bits <= MOST_BITS && Number.isInteger(bits) ? bits : 0;
}

/** What a client offers. @throws UsageError `INVALID_DEFLATE_CONFIG` */
export function offerDeflate(config: DeflateConfig): WebSocketExtension {
  const wanted = resolve(config);
  const params: [string, string | undefined][] = [];
  if (wanted.serverNoContextTakeover) params.push(['server_no_context_takeover', undefined]);
  if (wanted.clientNoContextTakeover) params.push(['client_no_context_takeover', undefined]);
  if (wanted.serverMaxWindowBits < MOST_BITS)
    params.push(['server_max_window_bits', String(wanted.serverMaxWindowBits)]);
  const { clientMaxWindowBits: bits } = wanted;
  params.push(['client_max_window_bits', bits < MOST_BITS ? String(bits) : undefined]);
  return { name: PERMESSAGE_DEFLATE, params };
}

/** What a server answers, and what was agreed on by it. */
export interface AcceptedDeflate {
  readonly extension: WebSocketExtension;
  readonly parameters: DeflateParameters;
}

/**
 * The server's side: the first offer that can be accepted, or undefined if none can (§7.1: an offer with an unknown,
 * repeated or invalid parameter is declined, not an error).
 *
 * @throws UsageError `INVALID_DEFLATE_CONFIG`
 */
export function acceptDeflate(
  offers: readonly WebSocketExtension[],
  config: DeflateConfig,
): AcceptedDeflate | undefined {
  const wanted = resolve(config);
  for (const offer of offers) {
    if (offer.name !== PERMESSAGE_DEFLATE) continue;
    const given = readParams(offer);
    if (given === undefined) continue;
    const offered = given.clientMaxWindowBits;
    // The client's window can be bounded only where the client says that it knows how (§7.1.2.2).
    if (wanted.clientMaxWindowBits < MOST_BITS && offered === undefined) continue;
    const server = {
      contextTakeover: !(wanted.serverNoContextTakeover || given.serverNoContextTakeover),
      windowBits: Math.min(wanted.serverMaxWindowBits, given.serverMaxWindowBits ?? MOST_BITS),
    };
    const client = {
      contextTakeover: !(wanted.clientNoContextTakeover || given.clientNoContextTakeover),
      windowBits: Math.min(wanted.clientMaxWindowBits, offered === undefined || offered === 0 ? MOST_BITS : offered),
    };
    const params: [string, string | undefined][] = [];
    if (!server.contextTakeover) params.push(['server_no_context_takeover', undefined]);
    if (!client.contextTakeover) params.push(['client_no_context_takeover', undefined]);
    if (server.windowBits < MOST_BITS || given.serverMaxWindowBits !== undefined) {
      params.push(['server_max_window_bits', String(server.windowBits)]);
    }
    if (client.windowBits < MOST_BITS) params.push(['client_max_window_bits', String(client.windowBits)]);
    return {
      extension: { name: PERMESSAGE_DEFLATE, params },
      parameters: parametersOf('server', server, client, wanted),
    };
  }
  return undefined;
}

/**
 * The client's side: what the answer to {@link offerDeflate} agrees on, or undefined where it may not be so: the handshake
 * has then failed (§5.1, §7.1).
 */
export function readDeflateAnswer(answer: WebSocketExtension, config: DeflateConfig): DeflateParameters | undefined {
  const wanted = resolve(config);
  const given = readParams(answer);
  if (given === undefined || given.clientMaxWindowBits === 0) return undefined;
  if (wanted.serverNoContextTakeover && !given.serverNoContextTakeover) return undefined;
  const { serverMaxWindowBits: serverBits = MOST_BITS, clientMaxWindowBits: clientBits = MOST_BITS } = given;
  if (serverBits > wanted.serverMaxWindowBits) return undefined;
  if (given.clientMaxWindowBits !== undefined && clientBits > wanted.clientMaxWindowBits) return undefined;
  const server = { contextTakeover: !given.serverNoContextTakeover, windowBits: serverBits };
  const client = {
    contextTakeover: !(given.clientNoContextTakeover || wanted.clientNoContextTakeover),
    windowBits: Math.min(clientBits, wanted.clientMaxWindowBits),
  };
  return parametersOf('client', server, client, wanted);
}

function parametersOf(
  role: WebSocketRole,
  server: DeflateDirection,
  client: DeflateDirection,
  { threshold, level, memLevel }: Resolved,
): DeflateParameters {
  const [inbound, outbound] = role === 'server' ? [client, server] : [server, client];
  return { inbound, outbound, threshold, level, memLevel };
}
