import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { webSocketCloseFrame, webSocketFrame } from '../../../operators/websocket/frame.js';
import { deflated, packedFrame, parameters } from './deflate.js';
import { binary, hex, maskedWire, more, ping, text, transcribe } from './frames.js';
import { Scene } from './socket.js';

const deflate = parameters(false, 15, 10);

/** Until the log says so: zlib answers from a thread of its own. */
async function until(check: () => boolean): Promise<void> {
  for (let turns = 0; !check(); turns++) {
    if (turns > 100_000) throw new Error('it does not come');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('inbound', () => {
  it('order is kept: what is behind a compressed message waits for it', async () => {
    const scene = new Scene({ deflate }).read();
    scene.peer(
      text('a'),
      packedFrame(1, 'é'.repeat(30)),
      ping('p'),
      packedFrame(2, hex('0102')),
      text('b'),
      webSocketCloseFrame(1000),
    );
    expect(scene.log).toEqual(['text a']);
    expect(scene.socket.held).toBeGreaterThan(0);
    await until(() => scene.log.includes('shutRemote'));
    expect(scene.log).toEqual([
      'text a',
      `text ${'é'.repeat(30)}`,
      'ping p',
      'binary 0102',
      'text b',
      'closingRemote',
      'complete',
      'shutRemote',
    ]);
    expect(scene.socket.held).toBe(0);
  });

  it('in fragments, and cut anywhere', async () => {
    const payload = deflated('hello hello hello');
    const frames = [
      webSocketFrame(1, payload.subarray(0, 3), false, true),
      ping(),
      more(payload.subarray(3, 4)),
      more(payload.subarray(4), true),
    ];
    const scene = new Scene({ deflate }).read();
    for (const byte of maskedWire(...frames, text('end'))) scene.socket.feed(Uint8Array.of(byte));
    await until(() => scene.log.includes('text end'));
    expect(scene.log).toEqual(['ping', 'text hello hello hello', 'text end']);
  });

  it('as bodies, with the consumer’s pace', async () => {
    const scene = new Scene({ deflate, maxMessageSize: Infinity, maxQueuedBytes: 50_000 });
    let size = 0;
    let ended = false;
    const releases: Release[] = [];
    scene.connection.bodies.subscribe(({ body }) =>
      body.subscribe({
        next: (piece) => {
          size += piece.length;
          releases.push(hold());
        },
        complete: () => (ended = true),
      }),
    );
    scene.peer(packedFrame(2, new Uint8Array(1_000_000)));
    await until(() => size >= 50_000);
    expect(size).toBeLessThan(100_000);
    await until(() => {
      releases.splice(0).forEach((release) => release());
      return ended;
    });
    expect(size).toBe(1_000_000);
    expect(scene.connection.heldBytes).toBe(0);
    expect(scene.socket.held).toBe(0);
  });

  it('a consumer of bodies that comes in the middle', async () => {
    const payload = deflated('hello hello hello');
    const scene = new Scene({ deflate });
    scene.peer(webSocketFrame(1, payload.subarray(0, 6), false, true));
    let said = '';
    let ended = false;
    scene.connection.bodies.subscribe(({ body }) =>
      body.subscribe({ next: (piece) => (said += Buffer.from(piece).toString()), complete: () => (ended = true) }),
    );
    scene.peer(more(payload.subarray(6), true));
    await until(() => ended);
    expect(said).toBe('hello hello hello');
  });

  it('a consumer of bodies that comes while a message is at zlib', async () => {
    const scene = new Scene({ deflate });
    scene.peer(packedFrame(1, 'hello hello hello'), packedFrame(2, hex('0102')));
    const said: string[] = [];
    scene.connection.bodies.subscribe(({ type, body }) =>
      body.subscribe({
        next: (piece) => said.push(`${type} ${Buffer.from(piece).toString('latin1')}`),
        complete: () => said.push('end'),
      }),
    );
    await until(() => said.length === 4);
    expect(said).toEqual(['text hello hello hello', 'end', 'binary \x01\x02', 'end']);
    expect([scene.connection.heldBytes, scene.socket.held]).toEqual([0, 0]);
  });

  it('text that is not UTF-8, bytes that are not deflate, and too many of them', async () => {
    for (const [frame, error] of [
      [packedFrame(1, hex('ff')), 'INVALID_UTF8 1007'],
      [packedFrame(1, hex('c3')), 'INVALID_UTF8 1007'],
      [webSocketFrame(1, hex('ffffff'), true, true), 'BAD_COMPRESSED_MESSAGE 1007'],
      [packedFrame(2, new Uint8Array(10_001)), 'MESSAGE_TOO_LARGE 1009 maxMessageSize'],
    ] as const) {
      const scene = new Scene({ deflate, maxMessageSize: 10_000 }).read();
      scene.peer(frame, text('late'));
      await until(() => scene.log.length > 1);
      expect(scene.log).toEqual(['failing', `error ${error}`]);
      expect(scene.socket.held).toBe(0);
      expect(scene.wrote()).toHaveLength(1);
    }
  });

  it('the end of the byte stream waits for what is at zlib', async () => {
    const scene = new Scene({ deflate }).read();
    scene.peer(packedFrame(1, 'abc'));
    scene.socket.end();
    expect(scene.log).toEqual([]);
    await until(() => scene.closed !== undefined);
    expect(scene.log).toEqual(['text abc', 'lost', 'error ABNORMAL_CLOSURE 1006', 'closed']);
  });
});

describe('outbound', () => {
  it('order is kept; small messages are sent as they are; the Close frame comes last', async () => {
    const scene = new Scene({ deflate });
    scene.connection.send('small');
    scene.connection.send('x'.repeat(100));
    scene.connection.send('tiny');
    scene.connection.ping();
    scene.connection.send(new Uint8Array(20));
    expect(scene.connection.bufferedBytes).toBe(124);
    scene.connection.close(1000);
    await until(() => scene.log.includes('closingLocal'));
    const said = transcribe([scene.socket.take()], { role: 'client', compressed: true });
    expect(said.map((one) => one.split(' ')[0])).toEqual([
      'TEXT',
      'PING',
      'TEXT',
      'TEXT',
      'BINARY',
      'CLOSE',
      'complete',
    ]);
    expect(said.map((one) => one.includes('rsv1'))).toEqual([false, false, true, false, true, false, false]);
  });

  it('nothing is sent behind a Close frame that waits for what is at zlib', async () => {
    for (const by of ['us', 'the peer']) {
      const scene = new Scene({ deflate });
      scene.connection.send('hello hello hello');
      const writer = scene.connection.sendFragments('text');
      writer.next('part of a message');
      if (by === 'us') scene.connection.close(1000);
      else scene.peer(webSocketCloseFrame(1000));
      writer.next('the rest of it');
      writer.complete();
      expect(() => scene.connection.send('late late late late')).toThrow('nothing is sent');
      expect(() => scene.connection.sendFragments('text')).toThrow('nothing is sent');
      await until(() => scene.log.includes(by === 'us' ? 'closingLocal' : 'shutRemote'));
      for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
      const said = transcribe([scene.socket.take()], { role: 'client', compressed: true });
      expect(said.map((one) => one.split(' ')[0])).toEqual(['TEXT', 'TEXT', 'CLOSE', 'complete']);
    }
  });

  it('is read back by a connection that agreed to the same', async () => {
    for (const contextTakeover of [true, false]) {
      const agreed = parameters(contextTakeover, 10, 10);
      const sender = new Scene({ deflate: agreed, role: 'client' });
      const receiver = new Scene({ deflate: agreed }).read();
      sender.connection.send('x'.repeat(41));
      sender.connection.send('tiny');
      sender.connection.send(new Uint8Array(50));
      const writer = sender.connection.sendFragments('text');
      writer.next('frag');
      writer.next('ments');
      writer.complete();
      sender.connection.close(1000);
      await until(() => sender.log.includes('closingLocal'));
      receiver.socket.feed(sender.socket.take());
      await until(() => receiver.log.includes('shutRemote'));
      expect(receiver.log.slice(0, 4)).toEqual(['text of 41', 'text tiny', 'binary of 50', 'text fragments']);
      expect(sender.connection.bufferedBytes).toBe(0);
    }
  });

  it('a send holds its delivery until the compressed bytes have left', async () => {
    const scene = new Scene({ deflate });
    let gone = 0;
    const sender = { next: (value: string) => scene.connection.send(value) };
    scene.socket.backedUp = true;
    deliver(sender, 'x'.repeat(50), () => gone++);
    await until(() => scene.socket.writes.length > 0);
    expect(gone).toBe(0);
    scene.socket.drain();
    expect(gone).toBe(1);
  });

  it('what waits is dropped, and its credit given back, when the connection ends', () => {
    const scene = new Scene({ deflate });
    let gone = 0;
    const sender = { next: (value: string) => scene.connection.send(value) };
    deliver(sender, 'x'.repeat(50), () => gone++);
    deliver(sender, 'y'.repeat(50), () => gone++);
    scene.connection.abort();
    expect(gone).toBe(2);
    expect(scene.connection.bufferedBytes).toBe(0);
  });
});

it('without permessage-deflate RSV1 is an error', () => {
  const scene = new Scene().read();
  scene.peer(packedFrame(1, 'abc'));
  expect(scene.log).toEqual(['failing', 'error BAD_FRAME 1002']);
  expect(binary('').rsv1).toBe(false);
});
