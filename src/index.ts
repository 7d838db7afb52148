/**
 * HTTP/1 and HTTP/2, client and server, for Node.js on RxJS: requests, bodies and connections as Observables, with backpressure that
 * survives ordinary operators.
 * @module rxweir
 */

// Client
export { request, requestEvents } from './client/request.js';
export { createClient } from './client/create-client.js';
export type { Client } from './client/client.js';
export { connect, type ConnectConfig } from './client/connect.js';
export type { ClientConfig, Http2ClientConfig, RequestConfig } from './client/request-config.js';
export type { ClientStats } from './client/client-stats.js';
export type { ClientTimeouts } from './client/timeouts.js';
export type { ConnectionOptions } from './client/connection-options.js';
export type { Response } from './client/response.js';
export type {
  CancelEffect,
  ClientEvent,
  ExchangeEvent,
  ExchangePhase,
  Informational,
  WaitingFor,
} from './client/exchange-event.js';

// WebSocket
export { webSocket } from './client/web-socket.js';
export type { WebSocketConfig } from './client/web-socket-config.js';
export { acceptWebSocket } from './server/accept-web-socket.js';
export type { AcceptWebSocketConfig, WebSocketHandler } from './server/accept-web-socket-config.js';
export { WebSocketSubject, type WebSocketInfo } from './connections/web-socket-subject.js';
export type { WebSocketOptions, WebSocketOverflow } from './connections/web-socket-options.js';
export type {
  WebSocketClosing,
  WebSocketConnecting,
  WebSocketEnded,
  WebSocketOpen,
  WebSocketStatus,
} from './connections/web-socket-status.js';

// What a client remembers, and its way out
export { CookieStore, type CookieStoreConfig } from './stores/cookie-store.js';
export type { CookieLimits } from './stores/cookie-limits.js';
export type { CookieChange, CookieContext, SameSite, StoredCookie } from './stores/stored-cookie.js';
export { readNetscapeJar, writeNetscapeJar } from './stores/netscape-jar.js';
export { bakeCookie, parseCookies, type BakeCookieConfig } from './stores/bake-cookie.js';
export { parseSetCookie, type SetCookie } from './stores/parse-set-cookie.js';
export { HstsStore, type HstsChange, type HstsHost, type HstsStoreConfig } from './stores/hsts-store.js';
export { publicAddressesOnly } from './client/public-addresses-only.js';
export { proxyFromEnvironment, type Environment } from './client/proxy-from-environment.js';
export { parseProxy, ProxyAddress, type ProxyCredentials, type ProxyScheme } from './client/proxy-address.js';

// Server
export { serve } from './server/serve.js';
export type { Handler } from './server/respond-context.js';
export { listen } from './server/listen.js';
export { acceptHttp1, acceptHttp2 } from './server/accept.js';
export { forwarding, type Forwarding, type ForwardingConfig } from './server/forwarding.js';
export { inheritedListeners, type InheritedListener } from './sockets/inherited-listeners.js';
export type { ServeConfig } from './server/serve-config.js';
export type { Server } from './server/server.js';
export type { ServerAddress } from './server/server-address.js';
export type { ListenAt, TlsSetting } from './server/listen-options.js';
export type { AddSocketOptions } from './server/added-sockets.js';
export type { ServerTimeouts } from './connections/server-timeouts.js';
export type { ServedSocket, ServerWait } from './connections/served-connection.js';
export type { AnswerableRequest, PushedRequest, ServerRequest } from './server/server-request.js';
export type { HandlerResult, ServerResponse, UpgradedSocket } from './server/server-response.js';
export type { Trailers } from './server/trailers.js';
export type { ServerEvent } from './server/server-event.js';
export type { ServerStats } from './server/server-stats.js';

// Handlers, and what makes handlers of handlers
export { accessLog, type AccessLog, type AccessLogConfig, type AccessRecord } from './handlers/access-log.js';
export {
  basicAuth,
  type AuthenticatedHandler,
  type BasicAuthConfig,
  type VerifyCredentials,
} from './handlers/basic-auth.js';
export { compress, type CompressConfig } from './handlers/compress.js';
export { eventStream, type EventSource, type EventStreamConfig, type MakeEvents } from './handlers/event-stream.js';
export type { HandlerOperator } from './handlers/handler-operator.js';
export { mapErrors, type ErrorResponse } from './handlers/map-errors.js';
export {
  route,
  type PatternHandler,
  type RouteConfig,
  type RouteHandler,
  type RouteParameters,
  type RouteTable,
  type UrlPatternLike,
} from './handlers/route.js';
export type { PathParameters } from './handlers/route-path.js';
export { serveDirectory } from './handlers/serve-directory.js';
export type { ServeDirectoryConfig } from './handlers/serve-directory-config.js';

// Proxies
export { forwardProxy, type ForwardProxyConfig, type ProxyTarget } from './proxy/forward-proxy.js';
export { reverseProxy, type AllowedFields, type ReverseProxyConfig } from './proxy/reverse-proxy.js';
export type { MakeRequest } from './proxy/gateway.js';

export { Http2StreamSubject } from './connections/http2-stream-subject.js';
export { Http2Subject, type Http2Closed } from './connections/http2-subject.js';
export type { Http2Config, Http2ServerConfig } from './connections/http2-config.js';
export type { PromisedRequest } from './connections/promised-request.js';
export type { Http2Event, Http2OutboundEvent } from './connections/http2-event.js';
export type { Http1Connection } from '../operators/http1/http1-connection.js';
export type { Http1ServerConnection } from '../operators/http1/http1-server-connection.js';
export type { Http1Stream } from '../operators/http1/http1-stream.js';
export { toFile, type ToFileConfig } from './body/to-file.js';

// Sockets
export { connectTcp } from './sockets/tcp.js';
export { connectUnix } from './sockets/unix.js';
export { acceptTls, connectTls, tlsOver, type TlsTarget } from './sockets/tls.js';
export { raceAddresses, type HappyEyeballs, type RaceConfig } from './sockets/race-addresses.js';
export type { AddressPolicy, ResolvedAddress, Resolver } from './sockets/resolved-address.js';
export { systemResolver } from './sockets/system-resolver.js';
export type {
  AlpnCallback,
  OcspCallback,
  SniCallback,
  TlsClientConfig,
  TlsNameConfig,
  TlsServerConfig,
} from './sockets/tls-config.js';
export type { CertificateCoverage } from './sockets/certificate-coverage.js';
export { tlsProfiles, type TlsProfile, type TlsProfileSettings } from './sockets/tls-profiles.js';
export type { CertificateFacts, DistinguishedName, SubjectAltName } from './sockets/certificate-facts.js';
export { nodeNetwork, type ConnectTarget, type ListenConfig, type Listener, type Network } from './sockets/network.js';
export { streamDuplex, type StreamDuplexOptions } from './sockets/stream-duplex.js';
export { ByteDuplex, type Address, type Proxied, type SocketInfo, type TlsInfo } from './sockets/byte-duplex.js';
export type { ProxiedEnd, ProxiedTls, ProxyHeader, ProxyTlvs } from '../operators/proxy-protocol/proxy-header.js';

// What both entries share
export { Fields, type Field, type FieldsInit } from '../operators/http/fields.js';
export type { BodySource } from '../operators/body/body-source.js';
export type { Http1Limits } from '../operators/http1/limits.js';
export { DuplexSubject } from '../operators/core/duplex-subject.js';
export {
  isNetworkError,
  isProtocolError,
  isTimeoutError,
  isUsageError,
  NetworkError,
  ProtocolError,
  TimeoutError,
  UsageError,
} from '../operators/core/protocol-error.js';
