import { describe, expect, it } from 'vitest';
import { deliver } from '../../../operators/core/deliver.js';
import { Fields } from '../../../operators/http/fields.js';
import { rstStreamFrame } from '../../../operators/http2/frames/rst-stream-frame.js';
import { windowUpdateFrame } from '../../../operators/http2/frames/window-update-frame.js';
import type { Http2Stream } from '../../../operators/http2/stream.js';
import type { Settings } from '../../../operators/http2/settings.js';
import { http2Scene, OK, type Scene } from './scene.js';
import { thrown } from './frames.js';

const body = (length: number, seed = 0): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 13 + seed) % 251));

/** A server with `count` requests whose heads are answered. */
function answering(
  count: number,
  settings: Partial<Settings>,
  work: (scene: Scene, streams: Http2Stream[]) => void,
  options: Parameters<typeof http2Scene>[2] = {},
): void {
  http2Scene(
    'server',
    (scene) => {
      const { connection, peer, flush, streams } = scene;
      connection.open();
      peer.begin(settings);
      for (let i = 0; i < count; i++) peer.get();
      flush();
      for (const stream of streams) stream.headers([], OK);
      flush();
      work(scene, streams);
      expect(connection.lanes.credit.ledger.charged).toBe(0);
    },
    options,
  );
}

const only = ([stream]: readonly Http2Stream[]): Http2Stream => stream as Http2Stream;

describe('Sender', () => {
  it('sends as far as the stream window goes, and goes on as it opens', () => {
    answering(1, { initialWindowSize: 3000 }, ({ peer, flush }, streams) => {
      only(streams).data(body(10_000));
      only(streams).end();
      flush();
      expect(peer.of(1).body.length).toBe(3000);
      peer.send(windowUpdateFrame(1, 4000));
      flush();
      expect([peer.of(1).body.length, peer.of(1).ended]).toEqual([7000, false]);
      peer.send(windowUpdateFrame(1, 4000));
      flush();
      expect([peer.of(1).body.equals(body(10_000)), peer.of(1).ended]).toEqual([true, true]);
    });
  });

  it('shares the window of the connection in turns', () => {
    answering(4, { initialWindowSize: 2 ** 20 }, ({ peer, flush }, streams) => {
      for (const stream of streams) {
        stream.data(body(100_000, stream.id));
        stream.end();
      }
      flush();
      const sent = (): number[] => peer.ids.map((id) => peer.of(id).body.length);
      expect(sent().reduce((a, b) => a + b)).toBe(65_535);
      for (let i = 0; i < 9; i++) {
        peer.send(windowUpdateFrame(0, 40_000));
        flush();
      }
      expect(sent()).toEqual([100_000, 100_000, 100_000, 100_000]);
      for (const id of peer.ids) expect(peer.of(id).body.equals(body(100_000, id))).toBe(true);
    });
  });

  it('holds the delivery a body comes in until it has gone', () => {
    answering(1, { initialWindowSize: 5000 }, ({ peer, flush }, streams) => {
      const gone: number[] = [];
      const chunks = [body(4000), body(4000), body(500)];
      for (const [i, chunk] of chunks.entries()) {
        deliver({ next: (bytes: Uint8Array) => only(streams).data(bytes) }, chunk, () => gone.push(i));
      }
      flush();
      expect(gone).toEqual([0]);
      peer.send(windowUpdateFrame(1, 3000));
      flush();
      expect(gone).toEqual([0, 1]);
      peer.send(rstStreamFrame(1, 8));
      flush();
      expect(gone).toEqual([0, 1, 2]);
      expect(only(streams).queued).toBe(0);
    });
  });

  it('what is pushed without a delivery has a bound', () => {
    answering(
      1,
      { initialWindowSize: 0 },
      (_, streams) => {
        only(streams).data(body(600)); // alone it may be as long as it is
        only(streams).data(body(300));
        expect(thrown(() => only(streams).data(body(200)))).toBe('usage SEND_OVERFLOW');
        only(streams).reset(8);
      },
      { limits: { maxQueued: 1000 } },
    );
  });

  it('sends trailers when the body has gone, and an empty end where there is nothing', () => {
    answering(2, { initialWindowSize: 10 }, ({ peer, flush }, streams) => {
      const [a, b] = streams as [Http2Stream, Http2Stream];
      a.data(body(20));
      a.end(new Fields({ 'x-sum': '20' }));
      a.end();
      b.end();
      flush();
      expect([peer.of(1).ended, peer.of(3).ended]).toEqual([false, true]);
      peer.send(windowUpdateFrame(1, 10));
      flush();
      expect(peer.of(1).heads.at(-1)).toEqual({ 'x-sum': '20' });
      expect(peer.words.slice(-1)).toEqual(['HEADERS 1 end']);
      expect(thrown(() => b.headers([], OK))).toBe('usage ILLEGAL_STREAM_STATE');
    });
  });

  it('refuses data after the end, and drops it on a stream that is over', () => {
    answering(2, {}, ({ peer, flush }, streams) => {
      const [a, b] = streams as [Http2Stream, Http2Stream];
      a.data(body(100_000));
      a.end();
      expect(thrown(() => a.data(body(1)))).toBe('usage ILLEGAL_STREAM_STATE');
      b.reset(8);
      b.data(body(1));
      b.end();
      flush();
      expect(peer.of(3).body.length).toBe(0);
      a.reset(8);
    });
  });

  it('a frame is no longer than the peer takes', () => {
    answering(1, { maxFrameSize: 16_384, initialWindowSize: 2 ** 20 }, ({ peer, flush }, streams) => {
      peer.send(windowUpdateFrame(0, 2 ** 20)).settings({ id: 5, value: 20_000 });
      flush();
      only(streams).data(body(50_000));
      only(streams).end();
      flush();
      const lengths = peer.frames
        .filter(({ type }) => type === 0)
        .map((frame) => (frame as { data: Uint8Array }).data.length);
      expect(lengths).toEqual([20_000, 20_000, 10_000, 0]);
    });
  });

  it('the most urgent goes first, and that can change on the way', () => {
    answering(2, { initialWindowSize: 2 ** 20 }, ({ peer, flush }, streams) => {
      const [a, b] = streams as [Http2Stream, Http2Stream];
      a.data(body(65_535));
      flush(); // the window of the connection is gone
      a.data(body(20_000));
      b.data(body(20_000));
      a.reprioritize({ urgency: 5, incremental: false });
      b.reprioritize({ urgency: 1, incremental: false });
      peer.send(windowUpdateFrame(0, 16_384));
      flush();
      expect([peer.of(1).body.length, peer.of(3).body.length]).toEqual([65_535, 16_384]);
      a.reprioritize({ urgency: 0, incremental: false });
      peer.send(windowUpdateFrame(0, 16_384));
      flush();
      expect([peer.of(1).body.length, peer.of(3).body.length]).toEqual([65_535 + 16_384, 16_384]);
      for (const stream of streams) stream.reset(8);
    });
  });

  it('does not dribble: after a few tiny frames it waits for the window to grow', () => {
    answering(1, { initialWindowSize: 0 }, ({ peer, flush }, streams) => {
      only(streams).data(body(5000));
      for (let i = 0; i < 100; i++) {
        peer.send(windowUpdateFrame(1, 1));
        flush();
      }
      expect(peer.of(1).body.length).toBe(16);
      peer.send(windowUpdateFrame(1, 940));
      flush();
      expect(peer.of(1).body.length).toBe(16 + 1024);
      only(streams).reset(8);
    });
  });

  it('waits for the socket too', () => {
    answering(
      1,
      { initialWindowSize: 2 ** 30 },
      ({ peer, connection, flush }, streams) => {
        peer.send(windowUpdateFrame(0, 2 ** 30));
        flush();
        let gone = 0;
        for (let i = 0; i < 40; i++) {
          deliver({ next: (bytes: Uint8Array) => only(streams).data(bytes) }, body(60_000, i), () => gone++);
        }
        expect(connection.unsent).toBeLessThanOrEqual(600_000);
        expect(gone).toBeLessThan(12);
        only(streams).end();
        flush();
        expect([gone, peer.of(1).body.length, peer.of(1).ended]).toEqual([40, 2_400_000, true]);
      },
      { highWaterMark: 10_000 },
    );
  });

  it('a header list the peer does not take is refused before it is encoded', () => {
    answering(1, {}, ({ peer, connection, flush }, streams) => {
      peer.settings({ id: 6, value: 100 });
      flush();
      expect(thrown(() => connection.lanes.sender.encode(['x', 'y'.repeat(100)], []))).toBe(
        'usage HEADER_LIST_TOO_LARGE',
      );
      only(streams).end();
    });
  });

  it('promises a response where the peer allows it, and not where it does not', () => {
    answering(1, {}, ({ peer, connection, flush }, streams) => {
      const pseudo = [':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/p'];
      const promised = connection.lanes.promise(only(streams), [], pseudo);
      promised.headers([], OK);
      promised.data(body(3));
      promised.end();
      flush();
      expect([promised.id, peer.of(2).ended, peer.of(2).body.length]).toEqual([2, true, 3]);
      peer.settings({ id: 2, value: 0 });
      flush();
      expect(thrown(() => connection.lanes.promise(only(streams), [], pseudo))).toBe('usage PUSH_DISABLED');
      only(streams).end();
    });
  });
});
