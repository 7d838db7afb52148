import { firstValueFrom, map, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { PriorityUpdateFrame } from '../../operators/http2/frames/priority-update-frame.js';
import type { Priority } from '../../operators/http2/priority-field.js';
import type { ServerRequest } from '../../src/server/server-request.js';
import {
  END,
  frame,
  greetedClient,
  HEADERS,
  type Http2Peer,
  rawHttp2Server,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
} from '../support/http2-peer.js';
import { clientMeets, DONE, greet } from './http2-client-scene.js';
import { FRAME_SIZE_ERROR, get, goesOn, PROTOCOL_ERROR, type Rows, serverMeets } from './http2-scene.js';
import { ourClient, ourServer, outcome } from './raw-peer.js';

const FRAME = 16_384;
const UPDATE = (streamId: number, value: string): Uint8Array =>
  frame(FrameType.PRIORITY_UPDATE, 0, 0, uint32(streamId), value);
/** As many bytes as the window of a connection has at first, to be spent before anything is compared. */
const FIRST = 65_535;
const LENGTH = 3 * FRAME;

/** A request whose answer is three full frames, and what the client says of its priority. */
const ask = (streamId: number, priority?: string): Uint8Array =>
  HEADERS(streamId, END, ...get(`/${streamId}`), ...(priority === undefined ? [] : ['priority', priority]));

/** A connection whose window is spent, to a server that answers stream 1 with just so much. */
async function spent(respond: (request: ServerRequest) => object = () => ({})): Promise<Http2Peer> {
  const { port } = await ourServer((request) => {
    const length = request.path === '/1' ? FIRST : LENGTH;
    return request.path === '/after' ? { body: 'fine' } : { body: 'x'.repeat(length), ...respond(request) };
  });
  const peer = await greetedClient(port, [4, 1_000_000]);
  peer.send(ask(1));
  await peer.message(1);
  return peer;
}

/** Opens the window frame by frame, and says which streams wrote into it in turn. */
async function order(peer: Http2Peer, frames: number): Promise<number[]> {
  await peer.barrier();
  const before = peer.heard.length;
  for (let i = 1; i <= frames; i++) {
    peer.send(WINDOW_UPDATE(0, FRAME));
    await peer.until(`${i} frames`, () => dataSince(peer, before).length >= i);
  }
  return dataSince(peer, before);
}

function dataSince(peer: Http2Peer, from: number): number[] {
  return peer.heard
    .slice(from)
    .filter(({ type }) => type === FrameType.DATA)
    .map(({ streamId }) => streamId);
}

describe('RFC 9218 §4 and §10, the priority field orders what a server writes', () => {
  it('urgency: a lower number goes first, whatever came first', async () => {
    const peer = await spent();
    peer.send(ask(3, 'u=5'), ask(5, 'u=1'), ask(7, 'u=3'));
    expect(await order(peer, 9)).toEqual([5, 5, 5, 7, 7, 7, 3, 3, 3]);
  });

  it('incremental: those that are take turns, those that are not go one after the other', async () => {
    const peer = await spent();
    peer.send(ask(3, 'u=1, i'), ask(5, 'u=1, i'), ask(7, 'u=2, i=?0'), ask(9, 'u=2'));
    expect(await order(peer, 12)).toEqual([3, 5, 3, 5, 3, 5, 7, 7, 7, 9, 9, 9]);
  });

  it.each(['u=9', 'u=-1', 'u="1"', 'u=1.5', 'nonsense=', '?', 'u=3'])(
    '§5: what is none counts as u=3: %s',
    async (value) => {
      const peer = await spent();
      peer.send(ask(3, value), ask(5, 'u=2'), ask(7, 'u=4'));
      expect(await order(peer, 9)).toEqual([5, 5, 5, 3, 3, 3, 7, 7, 7]);
    },
  );

  it('what no priority was given takes turns, at u=3', async () => {
    const peer = await spent();
    peer.send(ask(3, 'u=4'), ask(5), ask(7), ask(9, 'u=2'));
    expect(await order(peer, 12)).toEqual([9, 9, 9, 5, 7, 5, 7, 5, 7, 3, 3, 3]);
  });

  it('a window of its own that is spent holds up that stream alone', async () => {
    const peer = await spent();
    peer.send(SETTINGS([4, FRAME]), ask(3, 'u=0'), ask(5, 'u=7'));
    expect(await order(peer, 2)).toEqual([3, 5]);
    peer.send(WINDOW_UPDATE(5, FRAME), WINDOW_UPDATE(3, FRAME));
    expect(await order(peer, 2)).toEqual([3, 5]);
  });
});

describe('RFC 9218 §7, PRIORITY_UPDATE', () => {
  it('§7.1: changes the order of what is under way', async () => {
    const peer = await spent();
    peer.send(ask(3, 'u=1'), ask(5, 'u=2'));
    expect(await order(peer, 1)).toEqual([3]);
    peer.send(UPDATE(5, 'u=0'));
    expect(await order(peer, 5)).toEqual([5, 5, 5, 3, 3]);
  });

  it('§7.1: the last one counts, and one for a stream that is still to come is kept, before its field', async () => {
    const peer = await spent();
    peer.send(UPDATE(5, 'u=7'), UPDATE(5, 'u=0'), ask(3, 'u=1'), ask(5, 'u=6'));
    expect(await order(peer, 6)).toEqual([5, 5, 5, 3, 3, 3]);
  });

  it('§7.1: an empty one is that of no field: u=3, not incremental', async () => {
    const peer = await spent();
    peer.send(ask(3, 'u=0, i'), ask(5, 'u=2'), UPDATE(3, ''));
    expect(await order(peer, 6)).toEqual([5, 5, 5, 3, 3, 3]);
  });

  const rows: Rows = [
    ['on a stream', [frame(FrameType.PRIORITY_UPDATE, 0, 1, uint32(1), 'u=1')], PROTOCOL_ERROR],
    ['about stream 0', [UPDATE(0, 'u=1')], PROTOCOL_ERROR],
    ['too short', [frame(FrameType.PRIORITY_UPDATE, 0, 0, [0, 0, 1])], FRAME_SIZE_ERROR],
    ['about a push that is not promised', [UPDATE(2, 'u=1')], PROTOCOL_ERROR],
    ['about a stream that is over', [HEADERS(1, END, ...get('/')), UPDATE(1, 'u=1')], ['fine']],
    ['about one that is still to come', [UPDATE(9, 'u=1')], ['fine']],
    ['of a value that is none', [UPDATE(9, 'what=')], ['fine']],
  ];
  it.each(rows)('§7.1: is checked by a server: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('§7.1: is not for servers to send', async () => {
    await clientMeets([UPDATE(1, 'u=1')], PROTOCOL_ERROR);
  });
});

describe('RFC 9218 §2.1, NO_RFC7540_PRIORITIES', () => {
  const rows: Rows = [
    ['a value of 2', [SETTINGS([9, 2])], PROTOCOL_ERROR],
    ['a change after the first SETTINGS', [SETTINGS([9, 1])], PROTOCOL_ERROR],
    ['the same again', [SETTINGS([9, 0])], ['fine']],
  ];
  it.each(rows)('it is 0 or 1 and does not change: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('a client that says 1 at first is fine', async () => {
    const { port } = await ourServer(() => ({ body: 'fine' }));
    await goesOn(await greetedClient(port, [9, 1]), 1);
  });
});

describe('RFC 9218 §8, the server knows better', () => {
  it('a priority of the response counts in place of what was asked for', async () => {
    const peer = await spent(({ path }) => (path === '/5' ? { priority: { urgency: 0, incremental: false } } : {}));
    peer.send(ask(3, 'u=1'), ask(5, 'u=6'));
    expect(await order(peer, 6)).toEqual([5, 5, 5, 3, 3, 3]);
  });

  it('an Observable changes it while the body is written', async () => {
    const urgency = new Subject<number>();
    const priority = urgency.pipe(map((value): Priority => ({ urgency: value, incremental: false })));
    const peer = await spent(({ path }) => (path === '/5' ? { priority } : {}));
    peer.send(ask(3, 'u=2'), ask(5, 'u=1'));
    expect(await order(peer, 1)).toEqual([5]);
    urgency.next(7);
    expect(await order(peer, 3)).toEqual([3, 3, 3]);
    expect(await order(peer, 2)).toEqual([5, 5]);
    expect(urgency.observed).toBe(false);
  });
});

describe('RFC 9218, a client of ours', () => {
  it('§5: sends the field, and leaves out what is default', async () => {
    const heads: Record<string, string>[] = [];
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      for (;;) {
        const head = await peer.frame(FrameType.HEADERS);
        heads.push(peer.fields(head));
        peer.send(DONE(head.streamId));
      }
    });
    const client = ourClient();
    for (const priority of [{ urgency: 0, incremental: true }, { urgency: 3, incremental: false }, undefined]) {
      await outcome({ url: server.url, version: '2', ...(priority && { priority }) }, client);
    }
    expect(heads.map(({ priority }) => priority)).toEqual(['u=0, i', undefined, undefined]);
  });

  it('§7.1: sends PRIORITY_UPDATE when an Observable says so, on stream 0, until the response is there', async () => {
    const priority = new Subject<Priority>();
    let updates: PriorityUpdateFrame[] = [];
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      priority.next({ urgency: 1, incremental: false });
      priority.next({ urgency: 3, incremental: false });
      await peer.frame(FrameType.PRIORITY_UPDATE);
      await peer.frame(FrameType.PRIORITY_UPDATE);
      updates = peer.heard.filter((each): each is PriorityUpdateFrame => each.type === FrameType.PRIORITY_UPDATE);
      peer.send(DONE(1));
    });
    await outcome({ url: server.url, version: '2', priority });
    expect(updates.map(({ streamId, prioritizedId, value }) => [streamId, prioritizedId, value])).toEqual([
      [0, 1, 'u=1'],
      [0, 1, ''],
    ]);
    expect(priority.observed).toBe(false);
  });

  it('the two of them together: the server writes in the order that the client asks for', async () => {
    const go = new Subject<void>();
    const ends: string[] = [];
    const { port, requests } = await ourServer(({ path }) =>
      go.pipe(
        take(1),
        map(() => ({ body: path.repeat(100_000) })),
      ),
    );
    const client = ourClient({ http2: { connectionWindow: 65_535 } });
    const url = `http://127.0.0.1:${port}`;
    const all = [7, 0, 3].map(async (urgency) => {
      const response = client.request({
        url: `${url}/${urgency}`,
        version: '2',
        priority: { urgency, incremental: false },
      });
      const { body } = await firstValueFrom(response);
      await new Promise<void>((resolve) => void body.subscribe({ complete: resolve }));
      ends.push(String(urgency));
    });
    while (requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
    go.next();
    await Promise.all(all);
    expect(ends).toEqual(['0', '3', '7']);
  });
});
