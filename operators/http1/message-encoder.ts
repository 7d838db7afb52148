/** The writing engine of HTTP/1: heads, the choice of framing, and what stands around a body. */
export { BodyEncoder } from './write-body.js';
export { type BodyFraming, type BodyLength, requestFraming, responseFraming } from './write-framing.js';
export { encodeRequestHead, encodeResponseHead, type Http1Version } from './write-head.js';
