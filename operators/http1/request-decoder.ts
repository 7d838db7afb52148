/** Reads requests (RFC 9112 §3): request line, Host, and what a server must know before it answers. */
import { isAuthority, sameAuthority, splitAuthority } from '../http/authority.js';
import { Fields } from '../http/fields.js';
import { MessageDecoder } from './decoder.js';
import { EXPECT, HOST, UPGRADE } from './field-name.js';
import {
  connectionOptions,
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  framingFields,
  noticedValue,
  OPTION_UPGRADE,
  persists,
} from './framing.js';
import { type Http1Limits, resolveLimits } from './limits.js';
import { RequestLineReader } from './read-request-line.js';
import { refusal } from './refuse.js';
import { parseRequestTarget } from './request-target.js';

export interface RequestHead {
  readonly method: string;
  /** As on the wire. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
}

class DecodedRequestHead implements RequestHead {
  constructor(
    readonly method: string,
    readonly target: string,
    readonly version: '1.0' | '1.1',
    readonly fields: Fields,
  ) {}
}

const SLASH = 0x2f;

/**
 * Reads requests.
 *
 * A request whose target or Host can be taken for another one is refused: `BAD_TARGET`, `BAD_HOST`. After END of a CONNECT
 * request, or of one that does not keep the connection open, `read` gives CLOSED and the rest is got by `takeRest`.
 */
export class RequestDecoder extends MessageDecoder<RequestHead> {
  readonly #line: RequestLineReader;
  /** After HEAD: the value of Upgrade where Connection lists `upgrade` and the version is 1.1, else empty. */
  upgrade = '';
  /** After HEAD: the client waits for 100 before it sends the body. */
  expectContinue = false;
  /** After HEAD: an Expect value other than `100-continue`, to be answered by 417, else empty. */
  expectation = '';

  constructor(limits?: Partial<Http1Limits>) {
    const resolved = resolveLimits('server', limits);
    const line = new RequestLineReader(resolved.maxStartLine);
    super('server', resolved, line);
    this.#line = line;
  }

  protected override beginHead(): number {
    return this.limits.maxFieldBytes;
  }

  protected override completeHead(text: string): void {
    const line = this.#line;
    const { section } = this;
    const { minor } = line;
    const method = commonMethod(text, line.methodStart, line.methodEnd);
    const target = text.substring(line.methodEnd + 1, line.targetEnd);
    const list = section.list(text);
    this.head = new DecodedRequestHead(method, target, minor === 1 ? '1.1' : '1.0', Fields.fromParsed(list));
    const framed = framingFields('server', section, list, text, minor);
    this.#checkTarget(method, target, this.#host(list, minor));
    const options = connectionOptions(section, list);
    const { seen } = section;
    this.contentLength = framed.contentLength;
    this.transferCoding = framed.coding;
    this.keepAlive = persists(minor, options);
    if (framed.chunked) this.framing = FRAMING_CHUNKED;
    else this.framing = framed.contentLength < 0 ? FRAMING_NONE : FRAMING_LENGTH;
    if (method === 'CONNECT') this.#connect();
    const upgrades = minor === 1 && (options & OPTION_UPGRADE) !== 0 && (seen & (1 << UPGRADE)) !== 0;
    this.upgrade = upgrades ? (this.head.fields.getCombined('upgrade') as string) : '';
    this.expectContinue = false;
    this.expectation = '';
    if ((seen & (1 << EXPECT)) !== 0) this.#expect(minor);
  }

  /** The value of Host, or undefined where HTTP/1.0 goes without. */
  #host(list: readonly string[], minor: number): string | undefined {
    const { section } = this;
    if ((section.seen & (1 << HOST)) === 0) {
      if (minor === 1) throw refusal('server', 'BAD_HOST', 'no Host');
      return undefined;
    }
    if ((section.repeated & (1 << HOST)) !== 0) throw refusal('server', 'BAD_HOST', 'more than one Host');
    const host = noticedValue(section, list, HOST);
    if (!isAuthority(host)) throw refusal('server', 'BAD_HOST', 'Host is not host[:port]');
    return host;
  }

  #checkTarget(method: string, target: string, host: string | undefined): void {
    if (target.charCodeAt(0) === SLASH && method !== 'CONNECT') return;
    const parsed = parseRequestTarget(method, target);
    if (parsed === undefined) throw refusal('server', 'BAD_TARGET', 'the request target has no form its method allows');
    if (parsed.form !== 'absolute') return;
    const { authority, scheme } = parsed;
    if (splitAuthority(authority, scheme) === undefined) {
      throw refusal('server', 'BAD_HOST', 'the authority of the request target is not host[:port]');
    }
    if (host !== undefined && !sameAuthority(authority, host, scheme)) {
      throw refusal('server', 'BAD_HOST', 'Host and the authority of the request target differ');
    }
  }

  /** No body, and nothing behind it is HTTP: the tunnel's bytes, or those of a client that did not wait. */
  #connect(): void {
    if (this.framing === FRAMING_CHUNKED) throw refusal('server', 'BAD_TRANSFER_ENCODING', 'CONNECT has no body');
    if (this.contentLength > 0) throw refusal('server', 'BAD_CONTENT_LENGTH', 'CONNECT has no body');
    this.contentLength = -1;
    this.framing = FRAMING_NONE;
    this.keepAlive = false;
  }

  #expect(minor: number): void {
    const value = this.head.fields.getCombined('expect') as string;
    if (value.toLowerCase() === '100-continue') this.expectContinue = minor === 1;
    else this.expectation = value;
  }
}

/** The method, without making a string for the most common ones. */
function commonMethod(text: string, start: number, end: number): string {
  if (end - start === 3 && text.startsWith('GET', start)) return 'GET';
  if (end - start === 4 && text.startsWith('POST', start)) return 'POST';
  return text.substring(start, end);
}
