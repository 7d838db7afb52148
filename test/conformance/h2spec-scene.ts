/**
 * The questions that the outside suite h2spec asks a server, asked in our own way: over cleartext and TLS, of a handler that
 * answers at once and of one that reads the request first, each frame in a write of its own, without waiting and then one
 * dealt with before the next. Blocks are compressed as a client does it, with Huffman code and the dynamic table.
 */
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { map, type Subscription } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bytes as collect } from '../../operators/body/bytes.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { Http2ErrorCode, type Http2ErrorName } from '../../operators/http2/error-code.js';
import { endsStream, FrameType } from '../../operators/http2/frame-type.js';
import type { GoawayFrame } from '../../operators/http2/frames/goaway-frame.js';
import type { RstStreamFrame } from '../../operators/http2/frames/rst-stream-frame.js';
import type { AssembledFrame } from '../../operators/http2/header-block-assembler.js';
import { clientPreface } from '../../operators/http2/preface.js';
import type { Handler } from '../../src/server/respond-context.js';
import { serve } from '../../src/server/serve.js';
import { certificates } from '../support/certificates.js';
import {
  ACK,
  END_HEADERS,
  frame,
  Http2Peer,
  type Part,
  rawClient,
  SETTINGS,
  SETTINGS_ACK,
} from '../support/http2-peer.js';

/** Bytes to write, or something to wait for. */
type Step = Uint8Array | ((peer: Http2Peer) => Promise<unknown>);

/** What a client says, with the compression state of one connection. */
class Script {
  readonly #encoder = new HpackEncoder();
  readonly #scheme: string;

  constructor(secure: boolean) {
    this.#scheme = secure ? 'https' : 'http';
  }

  /** The fields of a request like any other. */
  request(method = 'GET'): string[] {
    return [':method', method, ':scheme', this.#scheme, ':path', '/', ':authority', '127.0.0.1'];
  }

  block(list: readonly string[] = this.request()): Uint8Array {
    return this.#encoder.encode(list);
  }

  headers(streamId: number, flags: number, list: readonly string[] = this.request()): Uint8Array {
    return frame(FrameType.HEADERS, flags | END_HEADERS, streamId, this.block(list));
  }

  /** A request head with these bytes behind it. */
  withRaw(...raw: readonly Part[]): Uint8Array {
    return frame(FrameType.HEADERS, END_HEADERS | 1, 1, this.block(), ...raw);
  }
}

/** What is to become of it. */
export type Wanted =
  /** GOAWAY with one of these codes, and the end. */
  | { readonly connection: readonly Http2ErrorName[] }
  /** RST_STREAM of this stream; or GOAWAY, where it depends on what the server has done meanwhile. */
  | { readonly stream: readonly Http2ErrorName[]; readonly id?: number; readonly orConnection?: true }
  /** The stream is answered. */
  | { readonly answered: number }
  /** The connection goes on: it answers a PING. */
  | 'goes on'
  /** The server closes, by whatever it says. */
  | 'closes'
  /** Looks for itself. */
  | ((peer: Http2Peer) => Promise<unknown>);

export type Case = readonly [name: string, steps: (script: Script) => readonly Step[], wanted: Wanted];

/** A response that ends on stream 1 is waited for. */
export const ENDED = (peer: Http2Peer): Promise<void> =>
  peer.until('the end of the response', () => peer.heard.some((each) => each.streamId === 1 && endsStream(each)));

/** Our SETTINGS are acknowledged. */
export const ACKNOWLEDGED = (peer: Http2Peer): Promise<AssembledFrame> =>
  peer.take('SETTINGS ACK', ({ type, flags }) => type === FrameType.SETTINGS && flags === ACK);

const HANDLERS: Readonly<Record<string, Handler>> = {
  'answers at once': () => ({ body: 'all is well' }),
  'reads first': ({ body }) =>
    body.pipe(
      collect(),
      map(() => ({ body: 'all is well' })),
    ),
};

/** Asks all of these. @param greeting without it nothing is said before the steps, nor between them */
export function ask(section: string, cases: readonly Case[], greeting = true): void {
  describe.each(['cleartext', 'TLS'])('%s', (transport) => {
    const secure = transport === 'TLS';
    const ports: number[] = [];
    const running: Subscription[] = [];
    beforeAll(async () => {
      for (const handler of Object.values(HANDLERS)) ports.push(await serving(handler, secure, running));
    });
    afterAll(() => {
      for (const each of running) each.unsubscribe();
    });

    it.each(cases)(`${section}: %s`, async (_, steps, wanted) => {
      for (const port of ports) {
        for (const patient of greeting ? [false, true] : [false]) {
          const peer = secure ? await secureClient(port) : rawClient(port);
          if (greeting) await greet(peer);
          for (const step of steps(new Script(secure))) await take(peer, step, patient);
          await judge(peer, wanted);
          peer.socket.destroy();
        }
      }
    });
  });
}

function serving(handler: Handler, secure: boolean, running: Subscription[]): Promise<number> {
  const config = secure ? { tls: certificates().server } : {};
  return new Promise((resolve, reject) => {
    const server = serve({ host: '127.0.0.1', port: 0, ...config }, handler);
    running.push(
      server.subscribe({ next: ({ address }) => resolve((address as { port: number }).port), error: reject }),
    );
  });
}

async function take(peer: Http2Peer, step: Step, patient: boolean): Promise<void> {
  if (typeof step === 'function') return void (await step(peer));
  if (peer.closed) return;
  peer.send(step);
  if (patient) await peer.heeded(step);
}

async function judge(peer: Http2Peer, wanted: Wanted): Promise<void> {
  if (wanted === 'goes on') return void (await peer.barrier());
  if (wanted === 'closes') return peer.until('the end', () => peer.closed);
  if (typeof wanted === 'function') return void (await wanted(peer));
  if ('answered' in wanted) return void (await peer.frame(FrameType.HEADERS, wanted.answered));
  const told = await peer.take<RstStreamFrame | GoawayFrame>('an error', (each) => isError(each, wanted));
  const codes = 'connection' in wanted ? wanted.connection : wanted.stream;
  expect(
    codes.map((code) => Http2ErrorCode[code]),
    peer.toString(),
  ).toContain(told.errorCode);
  if (told.type === FrameType.GOAWAY) await peer.until('the end', () => peer.closed);
  else await peer.barrier();
}

function isError(each: AssembledFrame, wanted: Exclude<Wanted, string | ((peer: Http2Peer) => unknown)>): boolean {
  if (each.type === FrameType.GOAWAY)
    return 'connection' in wanted || ('stream' in wanted && wanted.orConnection === true);
  return each.type === FrameType.RST_STREAM && 'stream' in wanted && each.streamId === (wanted.id ?? 1);
}

let trusted: SecureContext | undefined;

async function secureClient(port: number): Promise<Http2Peer> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    secureContext: (trusted ??= createSecureContext({ ca: certificates().ca })),
    ALPNProtocols: ['h2'],
  });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve as () => void).once('error', reject));
  return new Http2Peer(socket, 'client');
}

async function greet(peer: Http2Peer): Promise<void> {
  peer.send(clientPreface(), SETTINGS([4, 65_535]));
  await peer.frame(FrameType.SETTINGS);
  peer.send(SETTINGS_ACK);
  await ACKNOWLEDGED(peer);
}

export const CONTINUATION = (streamId: number, flags: number, fragment: Uint8Array): Uint8Array =>
  frame(FrameType.CONTINUATION, flags, streamId, fragment);

/** A field of 4000 bytes. */
export const LONG = ['x-dummy0', 'x'.repeat(4000)] as const;

/** PRIORITY. */
export const PRIORITY_FRAME = (streamId: number, dependency = 0, weight = 255, exclusive = false): Uint8Array =>
  frame(FrameType.PRIORITY, 0, streamId, [exclusive ? 0x80 : 0, 0, 0, dependency], weight);
