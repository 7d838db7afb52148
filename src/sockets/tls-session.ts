import type { DetailedPeerCertificate, SecureContext } from 'node:tls';

/**
 * A TLS session that can be resumed, from `TlsClientConfig.onSession`; opaque.
 *
 * It remembers the certificate it began with, which the wire does not carry again, so that names are checked on
 * resumption too, and the context that trusted it: with another one it is not resumed, and the handshake is a full one.
 */
export class TlsSession {
  readonly #bytes: Buffer;
  readonly #context: SecureContext;
  readonly #certificate: DetailedPeerCertificate;

  constructor(bytes: Buffer, context: SecureContext, certificate: DetailedPeerCertificate) {
    this.#bytes = bytes;
    this.#context = context;
    this.#certificate = certificate;
  }

  get certificate(): DetailedPeerCertificate {
    return this.#certificate;
  }

  /** What to resume with, if this context may. */
  bytesFor(context: SecureContext): Buffer | undefined {
    return context === this.#context ? this.#bytes : undefined;
  }
}
