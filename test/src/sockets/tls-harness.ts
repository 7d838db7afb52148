import type { ConnectTarget } from '../../../src/sockets/network.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import type { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import { acceptTls, tlsOver, type TlsClientConfig, type TlsServerConfig } from '../../../src/sockets/tls.js';
import { certificates } from '../../support/certificates.js';
import { serve, until, type Served } from './harness.js';

const { ca, server } = certificates();

/** A TLS server on 127.0.0.1, with the certificate for localhost unless told otherwise. */
export function serveTls(tls: TlsServerConfig = server): Promise<Served> {
  return serve({ tls });
}

/** localhost at `port`, trusting the test authority. */
export function secure(port: number, tls: TlsClientConfig = {}, more: Partial<ConnectTarget> = {}): ConnectTarget {
  return { host: 'localhost', family: 4, port, tls: { ca, ...tls }, ...more };
}

export type Carrier = DuplexSubject<Uint8Array, Uint8Array>;

export interface Shake {
  client?: ByteDuplex;
  server?: ByteDuplex;
  clientError?: unknown;
  serverError?: unknown;
}

/** Both roles over two carriers; tells what became of them. */
export function shake(
  near: Carrier,
  far: Carrier,
  tls: TlsClientConfig = { ca },
  config: TlsServerConfig = server,
): Shake {
  const result: Shake = {};
  acceptTls(far, config).subscribe({
    next: (clear) => (result.server = clear),
    error: (error: unknown) => (result.serverError = error),
  });
  tlsOver(near, { host: 'localhost', tls, alpn: ['http/1.1'] }).subscribe({
    next: (clear) => (result.client = clear),
    error: (error: unknown) => (result.clientError = error),
  });
  return result;
}

export async function shaken(near: Carrier, far: Carrier, config?: TlsServerConfig): Promise<[ByteDuplex, ByteDuplex]> {
  const result = shake(near, far, { ca }, config);
  await until(() => result.client !== undefined && result.server !== undefined);
  return [result.client as ByteDuplex, result.server as ByteDuplex];
}
