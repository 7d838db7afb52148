/**
 * Field names that are common or mean something to framing.
 *
 * The reader hashes a name while it checks its bytes, and looks it up here without making a string: common names are
 * never allocated nor lower-cased again.
 */
import { TOKEN_LOWER } from './byte-class.js';

export const CONTENT_LENGTH = 1;
export const TRANSFER_ENCODING = 2;
export const CONNECTION = 3;
export const HOST = 4;
export const EXPECT = 5;
export const UPGRADE = 6;
/** Set in {@link NAME_FLAGS} beside the small number: not allowed in a trailer section. */
export const NOT_IN_TRAILERS = 0x80;

const NOTICED: readonly (readonly [string, number])[] = [
  ['content-length', CONTENT_LENGTH | NOT_IN_TRAILERS],
  ['transfer-encoding', TRANSFER_ENCODING | NOT_IN_TRAILERS],
  ['connection', CONNECTION | NOT_IN_TRAILERS],
  ['host', HOST | NOT_IN_TRAILERS],
  ['expect', EXPECT | NOT_IN_TRAILERS],
  ['upgrade', UPGRADE | NOT_IN_TRAILERS],
  ['te', NOT_IN_TRAILERS],
  ['trailer', NOT_IN_TRAILERS],
  ['keep-alive', NOT_IN_TRAILERS],
  ['proxy-connection', NOT_IN_TRAILERS],
  ['max-forwards', NOT_IN_TRAILERS],
  ['content-encoding', NOT_IN_TRAILERS],
  ['content-type', NOT_IN_TRAILERS],
  ['content-range', NOT_IN_TRAILERS],
];

const COMMON = `accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials
  access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-expose-headers
  access-control-max-age access-control-request-headers access-control-request-method age allow alt-svc authorization
  cache-control content-disposition content-language content-location content-security-policy cookie date dnt etag
  expires forwarded from if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link
  location origin pragma priority proxy-authenticate proxy-authorization range referer referrer-policy retry-after
  sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user
  sec-websocket-accept sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version server
  server-timing set-cookie strict-transport-security timing-allow-origin traceparent tracestate
  upgrade-insecure-requests user-agent vary via www-authenticate x-content-type-options x-forwarded-for
  x-forwarded-host x-forwarded-proto x-frame-options x-powered-by x-real-ip x-request-id x-requested-with
  x-xss-protection`.split(/\s+/);

const SLOTS = 1024;
/** The name in each slot; a name that finds its slot taken goes to the next free one. */
const NAMES: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
const FLAGS = new Uint8Array(SLOTS);
const FORBIDDEN_TRAILERS = new Set(NOTICED.map(([name]) => name));

/** Steps the hash of a name by one lower-cased byte. */
export function hashStep(hash: number, lower: number): number {
  return (Math.imul(hash, 31) + lower) | 0;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function insert(name: string, flags: number): void {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = hashStep(hash, name.charCodeAt(i));
  let slot = slotOf(hash);
  while (NAMES[slot] !== undefined) slot = (slot + 1) & (SLOTS - 1);
  NAMES[slot] = name;
  FLAGS[slot] = flags;
}
for (const [name, flags] of NOTICED) insert(name, flags);
for (const name of COMMON) insert(name, 0);

/** The slot of the known name that stands at `start` in any case, or -1. `hash` is the name's, made by {@link hashStep}. */
export function findName(bytes: Uint8Array, start: number, end: number, hash: number): number {
  const length = end - start;
  for (let slot = slotOf(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
    const name = NAMES[slot];
    if (name === undefined) return -1;
    if (name.length !== length) continue;
    let i = 0;
    while (i < length && TOKEN_LOWER[bytes[start + i] as number] === name.charCodeAt(i)) i++;
    if (i === length) return slot;
  }
}

/** The name in a slot that {@link findName} gave. */
export function nameAt(slot: number): string {
  return NAMES[slot] as string;
}

/** The number and flags of the name in a slot. */
export function flagsAt(slot: number): number {
  return FLAGS[slot] as number;
}

/** Whether a trailer section may not hold this name: it frames, routes or describes what came before it. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN_TRAILERS.has(name);
}
