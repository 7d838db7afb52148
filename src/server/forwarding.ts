import { UsageError } from '../../operators/core/protocol-error.js';
import { isAuthority } from '../../operators/http/authority.js';
import type { Fields } from '../../operators/http/fields.js';
import { parseForwarded, parseForwardedNode } from '../../operators/http/forwarded.js';
import type { Address } from '../sockets/byte-duplex.js';
import { ipAddress } from '../sockets/socket-info.js';
import { TrustedPeers } from '../sockets/trusted-peers.js';
import type { ServerRequest } from './server-request.js';

export interface ForwardingConfig {
  /** Whose word counts: addresses, subnets (`10.0.0.0/8`), and `unix` for UNIX sockets. */
  readonly trusted: readonly string[];
  /**
   * What these proxies set: `Forwarded` (RFC 7239), or `X-Forwarded-For`, `-Proto` and `-Host`. Only that is read: what a
   * proxy does not set it passes on, and it would be the client's word.
   */
  readonly fields: 'forwarded' | 'x-forwarded';
}

/** Where a request came from, as far as those who carried it can be believed. */
export interface Forwarding {
  /** The first that is not a trusted proxy. `port` is 0 where it is not told. */
  readonly client: Address;
  readonly scheme: 'http' | 'https';
  /** `host[:port]` the client asked for. */
  readonly authority: string;
  /** Something a trusted proxy said is in it. */
  readonly forwarded: boolean;
}

interface Told {
  readonly clients: readonly string[];
  readonly scheme: string | undefined;
  readonly host: string | undefined;
}

/**
 * Reads what proxies say of the requests they forward, where the peer is one that is trusted; else the facts of the
 * connection. The addresses are followed from the last proxy back to the first one nobody vouches for. A malformed field
 * is as good as none.
 *
 * @throws `UsageError` `INVALID_OPTION`
 * @example
 * ```ts
 * import { forwarding, serve } from 'rxweir';
 * const origin = forwarding({ trusted: ['127.0.0.1', '::1'], fields: 'x-forwarded' });
 * serve({ port: 8080 }, (request) => ({ body: origin(request).client.address })).subscribe();
 * ```
 */
export function forwarding(
  config: ForwardingConfig,
): (request: Pick<ServerRequest, 'remote' | 'scheme' | 'authority' | 'fields'>) => Forwarding {
  const { fields } = config;
  if (fields !== 'forwarded' && fields !== 'x-forwarded') {
    throw new UsageError('INVALID_OPTION', "fields is to be 'forwarded' or 'x-forwarded'");
  }
  const trusted = new TrustedPeers(config.trusted);
  const read = fields === 'forwarded' ? readForwarded : readXForwarded;
  return ({ remote, scheme, authority, fields: list }) => {
    const told = trusted.has(remote) ? read(list, trusted) : undefined;
    if (told === undefined) return { client: remote, scheme, authority, forwarded: false };
    return {
      client: follow(remote, told.clients, trusted),
      scheme: told.scheme === 'http' || told.scheme === 'https' ? told.scheme : scheme,
      authority: told.host !== undefined && isAuthority(told.host) ? told.host : authority,
      forwarded: true,
    };
  };
}

/** From the last to the first: each is the word of the one behind it, and counts if that one does. */
function follow(remote: Address, clients: readonly string[], trusted: TrustedPeers): Address {
  let client = remote;
  for (let i = clients.length - 1; i >= 0 && trusted.has(client); i--) {
    const node = parseForwardedNode(clients[i] as string);
    if (node === undefined) break;
    client = ipAddress(node.address, node.port);
  }
  return client;
}

/** Scheme and host are those of the element that the outermost trusted proxy added. */
function readForwarded(fields: Fields, trusted: TrustedPeers): Told | undefined {
  const elements = parseForwarded(fields.getCombined('forwarded') ?? '');
  if (elements === undefined) return undefined;
  let at = elements.length - 1;
  while (at > 0) {
    const node = parseForwardedNode(elements[at]?.for ?? '');
    if (node === undefined || !trusted.has(ipAddress(node.address))) break;
    at--;
  }
  const { host, proto } = elements[at] ?? {};
  return { clients: elements.map((one) => one.for ?? ''), scheme: proto?.toLowerCase(), host };
}

function readXForwarded(fields: Fields): Told | undefined {
  const list = (name: string): string[] =>
    (fields.getCombined(name) ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  const clients = list('x-forwarded-for');
  const scheme = list('x-forwarded-proto').at(-1)?.toLowerCase();
  const host = list('x-forwarded-host').at(-1);
  return clients.length === 0 && scheme === undefined && host === undefined ? undefined : { clients, scheme, host };
}
