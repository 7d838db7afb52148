/**
 * Operators and engines: pure, without sockets, clocks or randomness. Published as `rxweir/operators`.
 * @module rxweir/operators
 */

// Credit
export { deliver, hold, isDelivering, isHeld, relay, undelivered, type Release } from './core/deliver.js';
export { holdMap, type HoldMapConfig } from './core/hold-map.js';
export { iterate } from './core/iterate.js';
export { toReadable } from './core/to-readable.js';
export { toReadableStream } from './core/to-readable-stream.js';
export { fromReadable, type ReadableLike } from './core/from-readable.js';

// Building blocks
export { operate, type OperatorHandlers } from './core/operate.js';
export { DuplexSubject, type DuplexDestination } from './core/duplex-subject.js';
export { UnicastSubject, type UnicastHooks } from './core/unicast-subject.js';
export { ByteQueue } from './core/byte-queue.js';
export { compileTransitions, ILLEGAL, type TransitionLiteral, type TransitionTable } from './core/transition-table.js';
export {
  isNetworkError,
  isProtocolError,
  isTimeoutError,
  isUsageError,
  NetworkError,
  ProtocolError,
  TimeoutError,
  UsageError,
  type ErrorInitiator,
  type ErrorScope,
  type NetworkPhase,
  type ProtocolErrorInit,
  type TimeoutPhase,
} from './core/protocol-error.js';

// Bodies
export { bytes } from './body/bytes.js';
export { json } from './body/json.js';
export { lines, type LinesConfig } from './body/lines.js';
export { progress, type Progress } from './body/progress.js';
export { takeBytes } from './body/take-bytes.js';
export { takeUntilBytes, type TakeUntilBytesConfig } from './body/take-until-bytes.js';
export { text, type TextConfig } from './body/text.js';
export { planBody, type BodyPlan, type BodySource } from './body/body-source.js';
export { writeBody, type WriteBodyConfig } from './body/write-body.js';
export type { BodyCarrier, BodyInput } from './body/body-of.js';
export type { CollectConfig } from './body/collect-bytes.js';

// HTTP (RFC 9110)
export { Fields, type Field, type FieldsInit } from './http/fields.js';
export { isToken, quoteIfNeeded, splitList } from './http/field-syntax.js';
export { isIdempotentMethod, isSafeMethod } from './http/method.js';
export { isBodiless, isInformational, reasonPhrase } from './http/status.js';
export { formatHttpDate } from './http/date.js';
export { joinAuthority, splitAuthority, type Authority } from './http/authority.js';
export { isIPAddress, isIPv4, isIPv6 } from './http/ip-address.js';

// HTTP/1 (RFC 9112)
export { decodeHttp1Messages, type DecodeHttp1Config } from './http1/decode-http1-messages.js';
export { encodeHttp1Messages, type AnsweredRequest, type EncodeHttp1Config } from './http1/encode-http1-messages.js';
export {
  CLOSED,
  DATA,
  END,
  FRAMING_CHUNKED,
  FRAMING_CLOSE,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_TUNNEL,
  HEAD,
  NEED_DATA,
  RequestDecoder,
  ResponseDecoder,
  type RequestHead,
  type ResponseHead,
} from './http1/message-decoder.js';
export {
  BodyEncoder,
  encodeRequestHead,
  encodeResponseHead,
  requestFraming,
  responseFraming,
  type BodyFraming,
  type BodyLength,
  type Http1Version,
} from './http1/message-encoder.js';
export { CLIENT_LIMITS, SERVER_LIMITS, type Http1Limits } from './http1/limits.js';
export { parseRequestTarget, type RequestTarget, type TargetForm } from './http1/request-target.js';
export { HTTP1_INPUTS, HTTP1_STATES, requestLane, responseLane } from './http1/state.js';
export { deflateTransferCoding, gzipTransferCoding, inflateTransferCoding } from './http1/transfer-coding.js';
export { Http1Connection, type ShutdownDirection } from './http1/http1-connection.js';
export { Http1ServerConnection } from './http1/http1-server-connection.js';
export { Http1Stream } from './http1/http1-stream.js';
export type { OutboundEvent } from './http1/outbound-event.js';
export type { Http1Closed, Http1ConnectionEvent } from './http1/connection-report.js';
export type {
  DataEvent,
  EndEvent,
  Http1Event,
  InformationalEvent,
  RequestEvent,
  ResponseEvent,
  UpgradeEvent,
} from './http1/event.js';

// HPACK (RFC 7541)
export { HpackDecoder } from './hpack/decoder.js';
export type { HpackDecoderConfig } from './hpack/decoder-config.js';
export { HpackEncoder, type HpackEncoderConfig } from './hpack/encoder.js';
export { decodeHeaderBlocks, type DecodeHeaderBlocksConfig } from './hpack/decode-header-blocks.js';
export { encodeHeaderBlocks, type EncodeHeaderBlocksConfig } from './hpack/encode-header-blocks.js';

// HTTP/2 (RFC 9113); connections come from `connect` and `acceptHttp2`
export { decodeFrames, type DecodeFramesConfig } from './http2/decode-frames.js';
export { encodeFrames, type EncodeFramesConfig } from './http2/encode-frames.js';
export { FrameDecoder, type FrameDecoderOptions, type Http2Role } from './http2/frame-decoder.js';
export { serializeFrame, type Frame, type OutboundFrame } from './http2/frame.js';
export { dataFrame, type DataFrame, type DataFrameOptions } from './http2/frames/data-frame.js';
export { headersFrame, type HeadersFrame, type HeadersFrameOptions } from './http2/frames/headers-frame.js';
export { priorityFrame, type Dependency, type PriorityFrame } from './http2/frames/priority-frame.js';
export { rstStreamFrame, type RstStreamFrame } from './http2/frames/rst-stream-frame.js';
export {
  settingsAckFrame,
  settingsFrame,
  type SettingEntry,
  type SettingsFrame,
} from './http2/frames/settings-frame.js';
export {
  pushPromiseFrame,
  type PushPromiseFrame,
  type PushPromiseFrameOptions,
} from './http2/frames/push-promise-frame.js';
export { pingFrame, type PingFrame } from './http2/frames/ping-frame.js';
export { goawayFrame, type GoawayFrame } from './http2/frames/goaway-frame.js';
export { windowUpdateFrame, type WindowUpdateFrame } from './http2/frames/window-update-frame.js';
export { continuationFrame, type ContinuationFrame } from './http2/frames/continuation-frame.js';
export { priorityUpdateFrame, type PriorityUpdateFrame } from './http2/frames/priority-update-frame.js';
export { rawFrame, unknownFrame, UNKNOWN, type UnknownFrame } from './http2/frames/unknown-frame.js';
export { MALFORMED, type MalformedFrame } from './http2/frames/malformed-frame.js';
export { clientPreface } from './http2/preface.js';
export { applySettings, DEFAULT_SETTINGS, settingEntries, type Settings } from './http2/settings.js';
export type { SettingsState } from './http2/settings-exchange.js';
export type { Http2FrameEvent } from './http2/frame-tap.js';
export type { Http2Limits } from './http2/connection-options.js';
export type { Http2ConnectionState } from './http2/shutdown.js';
export type { Budget } from './http2/abuse-limits.js';
export { STREAM_INPUTS, STREAM_STATES, type StreamState } from './http2/stream-state.js';
export { FrameType, frameTypeName, type FrameTypeName } from './http2/frame-type.js';
export { Http2ErrorCode, http2ErrorName, type Http2ErrorName } from './http2/error-code.js';
export { assembleHeaderBlocks } from './http2/assemble-header-blocks.js';
export { fragmentHeaderBlocks, type FragmentHeaderBlocksConfig } from './http2/fragment-header-blocks.js';
export type { AssembledFrame, HeaderBlockLimits } from './http2/header-block-assembler.js';
export { sendWindow, type SendWindowConfig } from './http2/send-window.js';
export { receiveWindow, type ReceiveWindowConfig } from './http2/receive-window.js';
export { formatPriorityField, parsePriorityField, type Priority } from './http2/priority-field.js';
export { PriorityTree } from './http2/priority-tree.js';

// Content and event streams
export { decodeContent, decodedBody, decodedFields, type DecodeContentConfig } from './body/decode-content.js';
export { encodeContent, type EncodeContentConfig } from './body/encode-content.js';
export { encodePlan, type BodyCoding } from './body/encode-plan.js';
export { acceptEncoding, CONTENT_CODINGS, negotiateCoding, type ContentCoding } from './body/content-coding.js';
export { ndjson, type NdjsonConfig } from './body/ndjson.js';
export { serverSentEvents, type ServerSentEvent, type ServerSentEventsConfig } from './body/server-sent-events.js';
export { resumeEvents, type ResumeEventsConfig, type ResumePoint } from './body/resume-events.js';
export { encodeServerSentEvents, type OutboundServerSentEvent } from './body/encode-server-sent-events.js';

// Exchanges
export { resolveReference } from './exchange/resolve-reference.js';
export { followRedirects, type FollowRedirectsConfig, type RedirectHop } from './exchange/follow-redirects.js';
export type { RedirectRules } from './exchange/redirect-request.js';
export type { ExchangeRequest, ReissuableResponse } from './exchange/exchange-request.js';
export { retryExchange, type RetryExchangeConfig } from './exchange/retry-exchange.js';
export { RetryBudget, type RetryBudgetConfig } from './exchange/retry-budget.js';
export type { BackoffConfig } from './exchange/backoff.js';
export { retryAfter } from './exchange/retry-after.js';
export { parseHttpDate } from './exchange/parse-http-date.js';
export { StatusError, throwOnStatus, type ThrowOnStatusConfig } from './exchange/throw-on-status.js';
export { authorize, basicCredentials, bearerCredentials } from './exchange/credentials.js';
export { answerChallenges } from './exchange/answer-challenges.js';
export { ProtectionSpace, type ProtectionSpaceConfig } from './exchange/protection-space.js';
export { toCurl, type CurlRequest, type ToCurlConfig } from './exchange/to-curl.js';
export { parseByteRanges, type ByteRange } from './exchange/byte-ranges.js';
export {
  checkPreconditions,
  ifRangeHolds,
  type ConditionalRequest,
  type Validators,
} from './exchange/preconditions.js';
export { resumeDownload, type ResumeDownloadConfig } from './exchange/resume-download.js';

// Tunnels through proxies
export { connectTunnel, type ConnectTunnelConfig } from './tunnel/connect-tunnel.js';
export { TunnelRefusedError } from './tunnel/connect-handshake.js';
export { negotiateConnect } from './tunnel/negotiate-connect.js';
export { negotiateSocks5 } from './tunnel/negotiate-socks5.js';
export type { TunnelStep } from './tunnel/negotiate.js';
export { socks5, type Socks5Config, type Socks5Subject } from './tunnel/socks5.js';
export type { TunnelSubject } from './tunnel/handshake.js';

// WebSocket (RFC 6455, 7692, 8441)
export { WebSocketConnection } from './websocket/connection.js';
export type { WebSocketClosed, WebSocketConnectionOptions, WebSocketHooks } from './websocket/connection-options.js';
export type { MessageWriter } from './websocket/message-writer.js';
export type { InboundLimits, WebSocketBody } from './websocket/inbound-messages.js';
export type { ControlFrameBudget } from './websocket/control-budget.js';
export { decodeWebSocketFrames, type DecodeWebSocketFramesConfig } from './websocket/decode-websocket-frames.js';
export { encodeWebSocketFrames, type EncodeWebSocketFramesConfig } from './websocket/encode-websocket-frames.js';
export { assembleMessages, type AssembleMessagesConfig } from './websocket/assemble-messages.js';
export { fragmentMessages, type FragmentMessagesConfig } from './websocket/fragment-messages.js';
export { inflateMessages, type InflateMessagesConfig } from './websocket/inflate-messages.js';
export { deflateMessages } from './websocket/deflate-messages.js';
export { WebSocketDecoder } from './websocket/decoder.js';
export type { WebSocketDecoderOptions } from './websocket/decoder-options.js';
export {
  serializeWebSocketFrame,
  webSocketCloseFrame,
  webSocketFrame,
  type WebSocketFrame,
} from './websocket/frame.js';
export type {
  BinaryMessage,
  CloseEvent,
  PingEvent,
  PongEvent,
  TextMessage,
  WebSocketEvent,
  WebSocketMessage,
} from './websocket/message.js';
export { WebSocketOpcode, webSocketOpcodeName, type WebSocketOpcodeName } from './websocket/opcode.js';
export {
  CloseCode,
  isCloseCode,
  maySendCloseCode,
  type CloseCodeName,
  type WebSocketRole,
} from './websocket/close-code.js';
export type { CloseReason } from './websocket/close-payload.js';
export { maskInPlace, maskInto } from './websocket/mask.js';
export { Utf8Validator } from './websocket/utf8-validator.js';
export {
  phaseOf as webSocketPhase,
  WEBSOCKET_INPUTS,
  WEBSOCKET_STATES,
  webSocketTable,
  type WebSocketInput,
  type WebSocketPhase,
  type WebSocketState,
} from './websocket/state.js';
export {
  ClientHandshake,
  type ClientHandshakeConfig,
  type HandshakeResponse,
  type WebSocketAgreement,
} from './websocket/client-handshake.js';
export {
  answerHandshake,
  type HandshakeAnswer,
  type HandshakeRequest,
  type ServerHandshakeConfig,
} from './websocket/server-handshake.js';
export { webSocketAccept, webSocketKey } from './websocket/handshake-key.js';
export type { OriginPolicy } from './websocket/origin-policy.js';
export type { SubprotocolChoice } from './websocket/subprotocol.js';
export {
  acceptDeflate,
  offerDeflate,
  readDeflateAnswer,
  type AcceptedDeflate,
  type DeflateConfig,
  type DeflateDirection,
  type DeflateParameters,
} from './websocket/permessage-deflate.js';
export {
  formatWebSocketExtension,
  parseWebSocketExtensions,
  type WebSocketExtension,
} from './websocket/websocket-extensions.js';

// PROXY protocol
export { readProxyHeader } from './proxy-protocol/read-proxy-header.js';
export type { ProxiedEnd, ProxiedTls, ProxyHeader, ProxyTlvs, ReadHeader } from './proxy-protocol/proxy-header.js';
export { isHttp2CipherSuite } from './http2/cipher-suites.js';
