/** The static table (RFC 7541 Appendix A), both ways: by index for decoders, by name and value for encoders. */

const LINES = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

/** How many entries; the dynamic table's indexes come behind them. */
export const STATIC_LENGTH = 61;
/** Names by index, from 1. */
export const STATIC_NAMES: string[] = [''];
/** Values by index, from 1. */
export const STATIC_VALUES: string[] = [''];

/** What the static table knows of a name. */
export interface StaticName {
  /** The lowest index with that name. */
  readonly index: number;
  /** The value there. */
  readonly value: string;
  /** Index by value, of further entries; undefined where there are none. */
  others: Map<string, number> | undefined;
}

const NAMES = new Map<string, StaticName>();

for (const line of LINES.split('\n')) {
  const space = line.indexOf(' ');
  const name = space < 0 ? line : line.slice(0, space);
  const value = space < 0 ? '' : line.slice(space + 1);
  const index = STATIC_NAMES.push(name) - 1;
  STATIC_VALUES.push(value);
  const known = NAMES.get(name);
  if (known === undefined) NAMES.set(name, { index, value, others: undefined });
  else (known.others ??= new Map<string, number>()).set(value, index);
}

/** The entries of that name, or undefined. */
export function staticName(name: string): Readonly<StaticName> | undefined {
  return NAMES.get(name);
}

/** The lowest index of that pair, or 0. */
export function staticPair(known: Readonly<StaticName>, value: string): number {
  return known.value === value ? known.index : (known.others?.get(value) ?? 0);
}
