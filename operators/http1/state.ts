/**
 * The two halves of an HTTP/1 exchange as tables: what may follow what in the direction of requests, and in that of
 * responses (RFC 9112 §2, §9).
 *
 * A table does not know who sends and who reads, so what we write is held to the same rules as what the peer writes. A
 * pair that is not listed is an error: there is no third answer.
 */
import { compileTransitions, type TransitionLiteral } from '../core/transition-table.js';

/** Where one direction of a connection is. */
export type Http1State =
  | 'IDLE' // before a head
  | 'SEND_BODY' // behind a head: its body, or the end
  | 'SEND_LAST_BODY' // the same, of a message that ends the connection
  | 'DONE' // message complete; another may follow
  | 'MUST_CLOSE' // message complete; nothing may follow
  | 'CLOSED'
  | 'SWITCHED' // another protocol, or a tunnel
  | 'ERROR';

export type Http1Input =
  | 'head' // a request, or a final response
  | 'lastHead' // the same, after which the connection ends
  | 'informational' // 1xx but 101
  | 'data'
  | 'end'
  | 'upgrade' // what follows is not HTTP
  | 'close'
  | 'fail';

export const HTTP1_STATES: readonly Http1State[] = [
  'IDLE',
  'SEND_BODY',
  'SEND_LAST_BODY',
  'DONE',
  'MUST_CLOSE',
  'CLOSED',
  'SWITCHED',
  'ERROR',
];

export const HTTP1_INPUTS: readonly Http1Input[] = [
  'head',
  'lastHead',
  'informational',
  'data',
  'end',
  'upgrade',
  'close',
  'fail',
];

type Lane = TransitionLiteral<Http1State, Http1Input>;

/** A CONNECT request switches its direction when it is answered, any other one when it asked to: after its end. */
const REQUESTS: Lane = {
  IDLE: { head: 'SEND_BODY', lastHead: 'SEND_LAST_BODY', close: 'CLOSED', fail: 'ERROR' },
  SEND_BODY: { data: 'SEND_BODY', end: 'DONE', fail: 'ERROR' },
  SEND_LAST_BODY: { data: 'SEND_LAST_BODY', end: 'MUST_CLOSE', fail: 'ERROR' },
  DONE: {
    head: 'SEND_BODY',
    lastHead: 'SEND_LAST_BODY',
    upgrade: 'SWITCHED',
    close: 'CLOSED',
    fail: 'ERROR',
  },
  MUST_CLOSE: { upgrade: 'SWITCHED', close: 'CLOSED', fail: 'ERROR' },
  CLOSED: { close: 'CLOSED' },
  SWITCHED: { data: 'SWITCHED', close: 'CLOSED', fail: 'ERROR' },
  ERROR: { close: 'ERROR', fail: 'ERROR' },
};

/** A response that switches does so at its end: 101 and 2xx to CONNECT have no body. */
const RESPONSES: Lane = {
  IDLE: {
    head: 'SEND_BODY',
    lastHead: 'SEND_LAST_BODY',
    informational: 'IDLE',
    close: 'CLOSED',
    fail: 'ERROR',
  },
  SEND_BODY: { data: 'SEND_BODY', end: 'DONE', upgrade: 'SWITCHED', fail: 'ERROR' },
  SEND_LAST_BODY: { data: 'SEND_LAST_BODY', end: 'MUST_CLOSE', fail: 'ERROR' },
  DONE: {
    head: 'SEND_BODY',
    lastHead: 'SEND_LAST_BODY',
    informational: 'IDLE',
    close: 'CLOSED',
    fail: 'ERROR',
  },
  MUST_CLOSE: { close: 'CLOSED', fail: 'ERROR' },
  CLOSED: { close: 'CLOSED' },
  SWITCHED: { data: 'SWITCHED', close: 'CLOSED', fail: 'ERROR' },
  ERROR: { close: 'ERROR', fail: 'ERROR' },
};

/** The direction from client to server. */
export const requestLane = compileTransitions(HTTP1_STATES, HTTP1_INPUTS, REQUESTS);
/** The direction from server to client. */
export const responseLane = compileTransitions(HTTP1_STATES, HTTP1_INPUTS, RESPONSES);
