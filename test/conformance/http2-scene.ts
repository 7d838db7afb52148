import { NEVER } from 'rxjs';
import { expect } from 'vitest';
import type { Http2ErrorName } from '../../operators/http2/error-code.js';
import type { serve } from '../../src/server/serve.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import { END, greetedClient, HEADERS, type Http2Peer } from '../support/http2-peer.js';
import { ourServer, type ServerUnderTest } from './raw-peer.js';

/** What becomes of a connection: it ends with GOAWAY, one stream is reset, or all is well. */
export type Verdict =
  readonly ['goaway', Http2ErrorName] | readonly ['reset', number, Http2ErrorName] | readonly ['fine'];

/** A table of tests: what is sent, in one write each, and what becomes of it. */
export type Rows = readonly (readonly [name: string, sent: readonly Uint8Array[], verdict: Verdict])[];

export const PROTOCOL_ERROR: Verdict = ['goaway', 'PROTOCOL_ERROR'];
export const FRAME_SIZE_ERROR: Verdict = ['goaway', 'FRAME_SIZE_ERROR'];
export const COMPRESSION_ERROR: Verdict = ['goaway', 'COMPRESSION_ERROR'];
export const FLOW_CONTROL_ERROR: Verdict = ['goaway', 'FLOW_CONTROL_ERROR'];

/** The length of the answer to `/large`. */
export const LARGE = 300_000;

/** The pseudo-fields of a request for a path. */
export function get(path: string, method = 'GET'): string[] {
  return [':method', method, ':scheme', 'http', ':authority', 'a', ':path', path];
}

/**
 * Our server: `/never` is not answered, `/echo` with what was sent, `/large` with many bytes, `/trailers` with trailers and
 * all else at once with a few.
 */
export function scene(config: Parameters<typeof serve>[0] = {}): Promise<ServerUnderTest> {
  return ourServer((request: ServerRequest) => {
    const { path, body } = request;
    if (path === '/never') return NEVER;
    if (path === '/echo') return { body };
    if (path === '/large') return { body: 'x'.repeat(LARGE) };
    if (path === '/trailers') return { body: 'fine', trailers: { checked: 'yes' } };
    return { body: 'fine' };
  }, config);
}

/** Whether the connection goes on: another request is answered. */
export async function goesOn(peer: Http2Peer, streamId = 1001): Promise<void> {
  peer.send(HEADERS(streamId, END, ...get('/after')));
  const { fields, body } = await peer.message(streamId);
  expect([fields[':status'], body]).toEqual(['200', 'fine']);
}

/** Waits for what should become of a connection, and looks whether it is over, or goes on. */
async function judge(peer: Http2Peer, verdict: Verdict): Promise<void> {
  if (verdict[0] === 'goaway') return void (await peer.goaway(verdict[1]));
  if (verdict[0] === 'reset') await peer.reset(verdict[1], verdict[2]);
  await goesOn(peer);
}

/**
 * Sends to a server that has been greeted, first everything in one write and then frame by frame, each of them dealt with
 * before the next, and judges both.
 */
export async function serverMeets(sent: readonly Uint8Array[], verdict: Verdict): Promise<void> {
  const { port } = await scene();
  await judge((await greetedClient(port)).send(...sent), verdict);
  const slow = await greetedClient(port);
  for (const each of sent) if (!slow.closed) await slow.send(each).heeded(each);
  await judge(slow, verdict);
}
