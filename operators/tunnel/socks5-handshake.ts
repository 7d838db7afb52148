/** SOCKS 5 (RFC 1928) with user and password (RFC 1929) as an engine: CONNECT requests out, replies in, both of bounded length. */
import { ByteQueue } from '../core/byte-queue.js';
import { ProtocolError, UsageError } from '../core/protocol-error.js';
import type { Handshake } from './handshake.js';
import { ipFromBytes, ipToBytes } from './ip-bytes.js';

/** What the proxy bound for the connection (RFC 1928 §6). */
export interface Socks5Bound {
  /** An address, or a name in ASCII. */
  readonly host: string;
  readonly port: number;
}

export interface Socks5Target {
  /** An IPv4 or IPv6 address, or a name, which the proxy then resolves. */
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const VERSION = 5;
const AUTH_VERSION = 1;
const NO_AUTH = 0;
const PASSWORD = 2;
const NONE_ACCEPTED = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const LONGEST = 255;

/** RFC 1928 §6, by reply code. */
const REPLIES: readonly (readonly [code: string, meaning: string])[] = [
  ['', ''],
  ['SOCKS_FAILURE', 'general failure'],
  ['SOCKS_NOT_ALLOWED', 'not allowed by its rules'],
  ['SOCKS_NETWORK_UNREACHABLE', 'network unreachable'],
  ['SOCKS_HOST_UNREACHABLE', 'host unreachable'],
  ['SOCKS_CONNECTION_REFUSED', 'connection refused'],
  ['SOCKS_TTL_EXPIRED', 'TTL expired'],
  ['SOCKS_COMMAND_UNSUPPORTED', 'command not supported'],
  ['SOCKS_ADDRESS_UNSUPPORTED', 'address type not supported'],
];

type Step = 'method' | 'password' | 'reply' | 'open';

export class Socks5Handshake implements Handshake {
  readonly #credentials: Uint8Array | undefined;
  readonly #request: Uint8Array;
  readonly #input = new ByteQueue();
  #step: Step = 'method';
  /** Once it is open. */
  bound: Socks5Bound | undefined;

  constructor({ host, port, username, password }: Socks5Target) {
    this.#request = connectRequest(host, port);
    if (username !== undefined || password !== undefined) this.#credentials = login(username ?? '', password ?? '');
  }

  get open(): boolean {
    return this.#step === 'open';
  }

  begin(): Uint8Array {
    if (this.#credentials === undefined) return Uint8Array.of(VERSION, 1, NO_AUTH);
    return Uint8Array.of(VERSION, 2, NO_AUTH, PASSWORD);
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#input.push(chunk);
    if (this.#step === 'reply') {
      this.#readReply();
      return undefined;
    }
    const next = this.#step === 'method' ? this.#readMethod() : this.#readVerdict();
    if (next !== undefined && this.#input.length > 0) throw bad('it goes on before it was asked');
    return next;
  }

  rest(): Uint8Array {
    return this.#input.takeAll();
  }

  finish(): never {
    throw new ProtocolError('TUNNEL_CLOSED', 'the SOCKS proxy closed the connection without an answer');
  }

  #readMethod(): Uint8Array | undefined {
    this.#expect(VERSION, 'the method');
    if (this.#input.length < 2) return undefined;
    const method = this.#input.peek(1);
    this.#input.skip(2);
    if (method === NONE_ACCEPTED) {
      throw new ProtocolError('SOCKS_AUTH_REQUIRED', 'the SOCKS proxy accepts none of the ways offered to log in');
    }
    if (method === PASSWORD && this.#credentials !== undefined) {
      this.#step = 'password';
      return this.#credentials;
    }
    if (method !== NO_AUTH) throw bad('a method that was not offered');
    this.#step = 'reply';
    return this.#request;
  }

  #readVerdict(): Uint8Array | undefined {
    this.#expect(AUTH_VERSION, 'the answer to the password');
    if (this.#input.length < 2) return undefined;
    const verdict = this.#input.peek(1);
    this.#input.skip(2);
    if (verdict !== 0) {
      throw new ProtocolError('SOCKS_AUTH_REJECTED', 'the SOCKS proxy rejected user and password');
    }
    this.#step = 'reply';
    return this.#request;
  }

  #readReply(): void {
    const input = this.#input;
    this.#expect(VERSION, 'the reply');
    const code = input.peek(1);
    if (code > 0) {
      const [name, meaning] = REPLIES[code] ?? (['SOCKS_FAILURE', `reply code ${code}`] as const);
      throw new ProtocolError(name, `the SOCKS proxy answered: ${meaning}`);
    }
    if (input.peek(2) > 0) throw bad('a reserved byte that is not zero');
    const type = input.peek(3);
    if (type < 0) return;
    if (type !== IPV4 && type !== IPV6 && type !== NAME) throw bad('an unknown type of address');
    const length = type === IPV4 ? 4 : type === IPV6 ? 16 : input.peek(4);
    const start = type === NAME ? 5 : 4;
    if (length < 0 || input.length < start + length + 2) return;
    input.skip(start);
    const host = input.take(length);
    const port = input.take(2);
    this.bound = {
      host: type === NAME ? Buffer.from(host).toString('latin1') : ipFromBytes(host),
      port: ((port[0] as number) << 8) | (port[1] as number),
    };
    this.#step = 'open';
  }

  /** The first byte of an answer is its version; a wrong one is refused as soon as it is there. */
  #expect(version: number, what: string): void {
    if (this.#input.length > 0 && this.#input.peek() !== version) throw bad(`${what} is of another version`);
  }
}

function connectRequest(host: string, port: number): Uint8Array {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError('INVALID_TARGET', 'a tunnel goes to a port from 1 to 65535');
  }
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const address = ipToBytes(bare);
  const name = Buffer.from(bare, 'latin1');
  if (address === undefined && (name.length === 0 || name.length > LONGEST || !isAscii(bare))) {
    throw new UsageError('INVALID_TARGET', `a name for SOCKS has from 1 to ${LONGEST} ASCII characters`);
  }
  const type = address === undefined ? [NAME, name.length] : [address.length === 4 ? IPV4 : IPV6];
  return Uint8Array.from([VERSION, CONNECT, 0, ...type, ...(address ?? name), port >> 8, port & 0xff]);
}

function login(username: string, password: string): Uint8Array {
  const user = Buffer.from(username, 'utf8');
  const secret = Buffer.from(password, 'utf8');
  if (user.length < 1 || user.length > LONGEST || secret.length < 1 || secret.length > LONGEST) {
    throw new UsageError('INVALID_CREDENTIALS', `user and password for SOCKS have from 1 to ${LONGEST} bytes`);
  }
  return Uint8Array.from([AUTH_VERSION, user.length, ...user, secret.length, ...secret]);
}

/** Visible, so that no control byte ends up in a resolver. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) <= 0x20 || text.charCodeAt(i) >= 0x7f) return false;
  return true;
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_SOCKS_REPLY', `the SOCKS proxy answered wrongly: ${what}`);
}
