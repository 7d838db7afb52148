/** One end of the connection a proxy took, as its header tells it. */
export interface ProxiedEnd {
  readonly family: 'IPv4' | 'IPv6' | 'unix';
  /** The path for UNIX sockets, empty if they have none. */
  readonly address: string;
  readonly port: number;
}

/** What a version 2 header says besides the addresses. */
export interface ProxyTlvs {
  /** The name the client asked for, of its TLS or its request. */
  readonly authority: string | undefined;
  /** The protocol that ALPN agreed on between client and proxy. */
  readonly alpn: string | undefined;
  /** What the proxy calls the connection; at most 128 bytes. */
  readonly uniqueId: Uint8Array | undefined;
  readonly namespace: string | undefined;
  /** The TLS between client and proxy. */
  readonly ssl: ProxiedTls | undefined;
  /** All of them, as they came. */
  readonly all: readonly { readonly type: number; readonly value: Uint8Array }[];
}

export interface ProxiedTls {
  /** The client gave a certificate on this connection, and it was good. */
  readonly verified: boolean;
  readonly version: string | undefined;
  readonly cipher: string | undefined;
  /** Common name of the client's certificate. */
  readonly commonName: string | undefined;
}

/** A header of the PROXY protocol. The ends are undefined for `local`, and where the proxy does not know them. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `local`: the proxy speaks for itself, as for a health check. */
  readonly command: 'local' | 'proxy';
  readonly source: ProxiedEnd | undefined;
  readonly destination: ProxiedEnd | undefined;
  /** Of version 2, where the proxy speaks for another. */
  readonly tlvs: ProxyTlvs | undefined;
}

/** A header that has been read, and the bytes it took. */
export interface ReadHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}
