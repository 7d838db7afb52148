import type { CertificateCoverage } from './certificate-coverage.js';
import type { KeyObject, PeerCertificate, SecureContext, SecureVersion } from 'node:tls';
import type { ObservableInput } from 'rxjs';
import type { TlsProfile } from './tls-profiles.js';
import type { TlsSession } from './tls-session.js';

type Pem = string | Uint8Array;

/** What both roles may set. A config is never mutated or cloned. */
export interface TlsCommonConfig {
  /** Certificate authorities to trust instead of the well-known ones, PEM. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Own certificate chain, PEM. */
  readonly cert?: Pem | readonly Pem[] | undefined;
  /** Private key of `cert`, PEM. */
  readonly key?: Pem | readonly (Pem | KeyObject)[] | undefined;
  /** Certificate and key in one PKCS #12 file. */
  readonly pfx?: Pem | undefined;
  readonly passphrase?: string | undefined;
  /** One of Mozilla's lists of ciphers and versions, where `ciphers` and `minVersion` say nothing else. */
  readonly profile?: TlsProfile | undefined;
  /** Default TLSv1.2. */
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** OpenSSL cipher list. */
  readonly ciphers?: string | undefined;
  /** A ready context, used instead of all of the above. */
  readonly secureContext?: SecureContext | undefined;
}

/** TLS in the client role. */
export interface TlsClientConfig extends TlsCommonConfig {
  /** Name to indicate (SNI, RFC 6066 §3): unset, the host unless that is an address; `false`, none. */
  readonly servername?: string | false | undefined;
  /** What the certificate must be for; default the host. Never taken from `servername`. */
  readonly verifyName?: string | undefined;
  /** Default true. With false, `info.tls.authorized` tells. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Replaces the check of the certificate's names; returns, or throws, what is wrong with it. Called on resumption too. */
  readonly checkServerIdentity?: ((name: string, certificate: PeerCertificate) => Error | undefined) | undefined;
  /** A session to resume, from {@link onSession}. A full handshake follows if it began with other settings. */
  readonly session?: TlsSession | undefined;
  /** Called with each session the server offers for resumption. A throw fails that connection only. */
  readonly onSession?: ((session: TlsSession) => void) | undefined;
}

/** Picks the context for a name; answer once, with an error, a context, or nothing for the default. */
export type SniCallback = (servername: string, answer: (error: Error | null, context?: SecureContext) => void) => void;

/** Picks one of the protocols the client offers; undefined refuses the connection. */
export type AlpnCallback = (offer: {
  readonly servername: string;
  readonly protocols: readonly string[];
}) => string | undefined;

/** What a server shows for one name. Everything else, client certificates too, is the same for all names. */
export type TlsNameConfig = Pick<TlsCommonConfig, 'cert' | 'key' | 'pfx' | 'passphrase' | 'secureContext'>;

/**
 * Answers with a response of the certificate's OCSP responder, DER, to be stapled, or with nothing. A failure is nothing too. Called for
 * each handshake that asks: keep what you fetch.
 */
export type OcspCallback = (certificate: {
  readonly certificate: Uint8Array;
  readonly issuer: Uint8Array | undefined;
}) => ObservableInput<Uint8Array | undefined>;

/** TLS in the server role. */
export interface TlsServerConfig extends TlsCommonConfig {
  /**
   * Certificates by the name a client indicates (RFC 6066 §3): `example.com`, or `*.example.com` for one label more. The
   * others get the certificate of the config itself.
   */
  readonly names?: Readonly<Record<string, TlsNameConfig>> | undefined;
  /** With `names`: a client that indicates another name gets a fatal alert. Default false. */
  readonly strict?: boolean | undefined;
  /** Offers session tickets; default true. */
  readonly tickets?: boolean | undefined;
  /** 48 secret bytes for session tickets, so that another process, or these settings loaded anew, can resume sessions. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** Seconds for which a session can be resumed; default that of OpenSSL. */
  readonly sessionTimeout?: number | undefined;
  /** Staples OCSP responses for clients that ask (RFC 6066 §8). */
  readonly ocsp?: OcspCallback | undefined;
  /** Protocols spoken, best first (RFC 7301). A client that offers others only is refused. */
  readonly alpn?: readonly string[] | undefined;
  /** Instead of `alpn`. A throw fails that connection only. */
  readonly ALPNCallback?: AlpnCallback | undefined;
  /** A throw fails that connection only. */
  readonly SNICallback?: SniCallback | undefined;
  /**
   * Whether a connection whose client indicated `servername` may be asked for `host`; a request that may not is answered 421
   * (RFC 9110 §15.5.20). Default with `names`, the hosts of the same certificate; with `SNICallback`, the name itself, and an
   * address where none was indicated; else all. A throw is a no.
   */
  readonly covers?: CertificateCoverage | undefined;
  /** Asks the client for a certificate; default false. */
  readonly requestCert?: boolean | undefined;
  /** With `requestCert`: refuses a client without a good certificate; default true. */
  readonly rejectUnauthorized?: boolean | undefined;
}
