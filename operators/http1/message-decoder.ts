/** The reading engine of HTTP/1: decoders of requests and of responses, and the constants they answer with. */
export { CLOSED, DATA, END, HEAD, NEED_DATA } from './decoder-event.js';
export { FRAMING_CHUNKED, FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_NONE, FRAMING_TUNNEL } from './framing.js';
export { RequestDecoder, type RequestHead } from './request-decoder.js';
export { ResponseDecoder, type ResponseHead } from './response-decoder.js';
