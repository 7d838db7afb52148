import { expect } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { ClientConfig, RequestConfig } from '../../src/client/request-config.js';
import {
  END,
  HEADERS,
  type Http2Peer,
  type RawHttp2Server,
  rawHttp2Server,
  SETTINGS,
  SETTINGS_ACK,
} from '../support/http2-peer.js';
import type { Verdict } from './http2-scene.js';
import { ourClient, outcome, type Outcome } from './raw-peer.js';

/** A final response that ends its stream. */
export const DONE = (streamId: number): Uint8Array => HEADERS(streamId, END, ':status', '204');

/** Greets our client, whose SETTINGS are acknowledged. */
export async function greet(peer: Http2Peer, ...entries: readonly (readonly [number, number])[]): Promise<void> {
  peer.send(SETTINGS(...entries));
  await peer.frame(FrameType.SETTINGS);
  peer.send(SETTINGS_ACK);
}

/** A server that greets, waits for a request on stream 1, says this, and answers whatever is asked later with 204. */
export function saying(
  sent: readonly Uint8Array[],
  settings: readonly (readonly [number, number])[] = [],
): Promise<RawHttp2Server> {
  return rawHttp2Server(async (peer, index) => {
    await greet(peer, ...settings);
    if (index === 0) {
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(...sent);
    }
    for (;;) {
      const { streamId } = await peer.take('a request', ({ type }) => type === FrameType.HEADERS);
      peer.send(DONE(streamId));
    }
  });
}

export interface Meeting {
  readonly request?: Partial<RequestConfig>;
  readonly client?: ClientConfig;
  readonly settings?: readonly (readonly [number, number])[];
}

/** Lets our client ask a server that says this, and judges what it does; how its request ended. */
export async function clientMeets(
  sent: readonly Uint8Array[],
  verdict: Verdict,
  { request, client: config, settings }: Meeting = {},
): Promise<Outcome> {
  const server = await saying(sent, settings);
  const client = ourClient({ maxRetries: 0, ...config });
  const first = outcome({ url: server.url, version: '2', ...request }, client);
  let result: Outcome | undefined;
  if (verdict[0] === 'fine') result = await first;
  const peer = (): Http2Peer => server.peers[0] as Http2Peer;
  while (server.peers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  if (verdict[0] === 'goaway') {
    await peer().goaway(verdict[1]);
    return first;
  }
  if (verdict[0] === 'reset') await peer().reset(verdict[1], verdict[2]);
  result ??= await first;
  expect((await outcome({ url: server.url, version: '2' }, client)).response?.status).toBe(204);
  expect(server.peers).toHaveLength(1);
  return result;
}
