import { describe, expect, it } from 'vitest';
import { hold } from '../../../operators/core/deliver.js';
import { dataFrame } from '../../../operators/http2/frames/data-frame.js';
import { http2Scene, type Scene } from './scene.js';

const WINDOW = 262_144;

describe('ReceiveCredit', () => {
  /** A request whose body can be sent; what is given back by the settings is not counted. */
  const uploading = (work: (scene: Scene, id: number, credit: () => [number, number]) => void, limits = {}): void => {
    http2Scene(
      'server',
      (scene) => {
        const { connection, peer, flush } = scene;
        connection.open();
        peer.begin();
        flush();
        const before = peer.credit(0);
        const id = peer.post();
        flush();
        work(scene, id, () => [peer.credit(0) - before, peer.credit(id)]);
      },
      { limits },
    );
  };

  it('opens both windows as the consumer lets go at once, in large steps', () => {
    uploading(({ peer, flush, connection }, id, credit) => {
      for (let i = 0; i < 40; i++) peer.data(id, Buffer.alloc(16_384));
      flush();
      const [ofConnection, ofStream] = credit();
      expect(ofStream).toBeGreaterThan(40 * 16_384 - WINDOW / 2);
      expect(ofConnection).toBeGreaterThanOrEqual(524_288);
      expect(peer.words.filter((word) => word.startsWith('WINDOW_UPDATE')).length).toBeLessThan(8);
      expect([connection.lanes.credit.held, connection.lanes.credit.ledger.charged]).toEqual([0, 0]);
    });
  });

  it('what is held keeps the window of its stream, not that of the connection', () => {
    uploading(({ peer, flush, connection, keep, kept }, id, credit) => {
      keep.on = true;
      for (let i = 0; i < 16; i++) peer.data(id, Buffer.alloc(16_384));
      const other = peer.post();
      flush();
      keep.on = false;
      for (let i = 0; i < 30; i++) peer.data(other, Buffer.alloc(16_384));
      flush();
      expect(credit()[1]).toBe(0);
      expect(peer.credit(other)).toBeGreaterThan(0);
      expect(credit()[0]).toBeGreaterThan(0);
      expect([connection.lanes.credit.held, connection.lanes.credit.ledger.charged]).toEqual([WINDOW, WINDOW]);
      for (const release of kept) release();
      flush();
      expect(credit()[1]).toBe(WINDOW);
      expect(connection.lanes.credit.ledger.charged).toBe(0);
    });
  });

  it('refuses what passes the window of the stream', () => {
    uploading(({ peer, flush, keep }, id) => {
      keep.on = true;
      for (let i = 0; i < 16; i++) peer.data(id, Buffer.alloc(16_384));
      peer.data(id, 'x');
      flush();
      expect(peer.of(id).reset).toBe('FLOW_CONTROL_ERROR');
    });
  });

  it('refuses what passes the window of the connection', () => {
    uploading(
      ({ peer, flush }, id) => {
        peer.raw(
          Buffer.concat(
            Array.from({ length: 5 }, () =>
              Buffer.concat([Buffer.from([0, 64, 0, 0, 0, 0, 0, 0, id]), Buffer.alloc(16_384)]),
            ),
          ),
        );
        flush();
        expect(peer.goaway).toBe('FLOW_CONTROL_ERROR');
      },
      { connectionWindow: 0 },
    );
  });

  it('padding counts, and is given back', () => {
    uploading(({ peer, flush, keep }, id, credit) => {
      keep.on = true;
      for (let i = 0; i < 1000; i++) peer.send(dataFrame(id, Buffer.from('x'), { padLength: 255 }));
      flush();
      expect(credit()[1]).toBeGreaterThanOrEqual(WINDOW / 2);
      expect(credit()[1]).toBeLessThanOrEqual(256_000);
    });
  });

  it('copies a small part of a large chunk, and hands on a large one as it is', () => {
    uploading(({ peer, flush, streams }, id) => {
      const seen: Uint8Array[] = [];
      const { sink } = streams[0] as NonNullable<(typeof streams)[0]>;
      if (sink) sink.next = (chunk) => void seen.push(chunk);
      peer.send(dataFrame(id, Buffer.from('ab')), dataFrame(id, Buffer.alloc(10_000)));
      flush();
      const [small, large] = seen;
      expect([small?.length, large?.length]).toEqual([2, 10_000]);
      expect(small?.buffer).not.toBe(large?.buffer);
      expect(large?.buffer.byteLength).toBeGreaterThan(10_000); // the chunk it came in
    });
  });

  it('a stream that is over gives back what it held', () => {
    uploading(({ peer, flush, keep, kept, connection }, id) => {
      keep.on = true;
      for (let i = 0; i < 10; i++) peer.data(id, Buffer.alloc(1000), i === 9);
      flush();
      connection.destroy(new Error('gone'));
      expect(connection.lanes.credit.ledger.charged).toBe(10_000);
      for (const release of kept) release();
      expect(connection.lanes.credit.ledger.charged).toBe(0);
    });
  });
});

describe('small DATA behind what is held', () => {
  const held = (work: (scene: Scene, id: number) => void): void => {
    http2Scene('server', (scene) => {
      const { connection, peer, flush, keep, told } = scene;
      connection.open();
      peer.begin();
      const id = peer.post();
      flush();
      keep.on = true;
      peer.data(id, 'first');
      flush();
      told.length = 0;
      work(scene, id);
    });
  };
  const bytesOf = (id: number, text: string): Buffer =>
    Buffer.concat(Array.from(Buffer.from(text), (byte) => Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, id, byte])));

  it('is one delivery for each chunk it came in, and weighs what its frames would', () => {
    held(({ connection, peer, flush, streams, kept }, id) => {
      const seen: string[] = [];
      const sink = streams[0]?.sink;
      if (sink) {
        sink.next = (chunk) => {
          seen.push(Buffer.from(chunk).toString());
          kept.push(hold());
        };
      }
      peer.raw(bytesOf(id, 'abcdef'));
      flush();
      peer.raw(bytesOf(id, 'ghi'));
      flush();
      expect(seen).toEqual(['abcdef', 'ghi']);
      const { credit } = connection.lanes;
      expect([credit.held, credit.ledger.charged, credit.ledger.items]).toEqual([14, (1 + 6 + 3) * 256, 3]);
      for (const release of kept) release();
      expect([credit.held, credit.ledger.charged]).toEqual([0, 0]);
    });
  });

  it('comes before all that came after it', () => {
    held(({ peer, flush, told }, id) => {
      const other = peer.post();
      flush();
      peer.data(other, 'first');
      flush();
      told.length = 0;
      const end = Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, id]);
      const reset = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, other, 0, 0, 0, 8]);
      peer.raw(Buffer.concat([bytesOf(id, 'ab'), bytesOf(other, 'cd'), end, bytesOf(other, 'e'), reset]));
      flush();
      expect(told).toEqual([`${id} 2 bytes`, `${other} 2 bytes`, `${id} |`, `${other} 1 bytes`, `${other} # CANCEL`]);
    });
  });

  it('comes before larger DATA, before its stream fails, and in blocks', () => {
    held(({ peer, flush, told }, id) => {
      const large = Buffer.concat([Buffer.from([0, 1, 44, 0, 0, 0, 0, 0, id]), Buffer.alloc(300)]);
      const wrong = Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, id, 0, 0, 0, 0]);
      peer.raw(Buffer.concat([bytesOf(id, 'ab'), large, bytesOf(id, 'x'.repeat(5000)), wrong]));
      flush();
      const pieces = [2, 300, 4096, 904].map((length) => `${id} ${length} bytes`);
      expect(told).toEqual([...pieces, `${id} # PROTOCOL_ERROR`]);
    });
  });

  it('goes nowhere when its stream is over', () => {
    held(({ connection, peer, flush, told, streams }, id) => {
      const [stream] = streams;
      const other = peer.post();
      flush();
      told.length = 0;
      const sink = streams[1]?.sink;
      if (sink) sink.next = () => stream?.reset(8);
      const data = Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, other, 0x78]);
      peer.raw(Buffer.concat([bytesOf(id, 'ab'), data]));
      flush();
      expect([told, connection.lanes.credit.ledger.items]).toEqual([[], 1]);
    });
  });
});
