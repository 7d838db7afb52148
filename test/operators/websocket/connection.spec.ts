import { Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { holdMap } from '../../../operators/core/hold-map.js';
import { WebSocketConnection } from '../../../operators/websocket/connection.js';
import { webSocketCloseFrame } from '../../../operators/websocket/frame.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { splits } from '../../support/every-split.js';
import { binary, hex, joined, MASK, maskedWire, more, ping, pong, text, thrown, wire } from './frames.js';
import { Scene, show, TestSocket } from './socket.js';

const close = webSocketCloseFrame;

describe('messages', () => {
  it('come in as they are, in both roles', () => {
    for (const role of ['server', 'client'] as const) {
      const scene = new Scene({ role }).read();
      scene.peer(text('hé'), binary(hex('00ff')), text('a', false), ping('p'), more('b', true), text(''), binary(''));
      expect(scene.log).toEqual(['text hé', 'binary 00ff', 'ping p', 'text ab', 'text ', 'binary ']);
      expect(scene.wrote()).toEqual(['PONG 70']);
      expect(scene.socket.held).toBe(0);
    }
  });

  it('cut anywhere', () => {
    const frames = [text('hé', false), ping('p'), more('中', true), binary('y'.repeat(130)), text('x'.repeat(126))];
    for (const pieces of splits(maskedWire(...frames))) {
      const scene = new Scene().read();
      for (const piece of pieces) scene.socket.feed(piece);
      expect(scene.log).toEqual(['ping p', 'text hé中', 'binary of 130', 'text of 126']);
    }
  });

  it('large ones, over many chunks', () => {
    const data = Uint8Array.from({ length: 300_000 }, (_, i) => i * 31);
    const letters = 'é'.repeat(100_000);
    const got: (string | Uint8Array)[] = [];
    const scene = new Scene().read((message) => got.push(message));
    const bytes = maskedWire(binary(data), text(letters));
    for (let at = 0; at < bytes.length; at += 65_536) scene.socket.feed(bytes.subarray(at, at + 65_536));
    expect(Buffer.compare(got[0] as Uint8Array, data)).toBe(0);
    expect(got[1]).toBe(letters);
  });

  it('go out: small and large, text and bytes, masked by a client', () => {
    for (const role of ['server', 'client'] as const) {
      const scene = new Scene({ role });
      for (const length of [0, 1, 41, 42, 125, 126, 2725, 3000, 8180, 9000, 70_000]) {
        for (const letter of ['x', 'é', '中']) {
          scene.connection.send(letter.repeat(length));
          const [said] = scene.wrote();
          const size = Buffer.byteLength(letter.repeat(length));
          expect(said).toBe(size > 40 ? `TEXT ${size} bytes` : `TEXT ${Buffer.from(letter.repeat(length)).toString('hex')}`.trimEnd()); // prettier-ignore
        }
        const data = Uint8Array.from({ length }, (_, i) => i);
        const before = Uint8Array.from(data);
        scene.connection.send(data);
        expect(scene.wrote()[0]).toMatch(/^BINARY/);
        expect(data).toEqual(before);
      }
    }
  });

  it('text arrives as it was sent, whatever is in it', () => {
    const values = [
      '',
      'ascii',
      'é'.repeat(63),
      '中'.repeat(42),
      `${'x'.repeat(124)}é`,
      '😀'.repeat(2000),
      `${'y'.repeat(9000)}中`,
    ];
    for (const [near, far] of [
      ['client', 'server'],
      ['server', 'client'],
    ] as const) {
      const got: unknown[] = [];
      const sender = new Scene({ role: near });
      const receiver = new Scene({ role: far }).read((message) => got.push(message));
      for (const value of values) sender.connection.send(value);
      receiver.socket.feed(sender.socket.take());
      expect(got).toEqual(values);
    }
  });

  it('what is sent while a chunk is read leaves in one write', () => {
    const scene: Scene = new Scene().read((message) => scene.connection.send(message));
    scene.peer(text('a'), binary('b'), ping('c'), text('d'));
    expect(scene.socket.writes).toHaveLength(1);
    expect(scene.wrote()).toEqual(['TEXT 61', 'BINARY 62', 'PONG 63', 'TEXT 64']);
    scene.connection.send('e');
    scene.connection.send('f');
    expect(scene.socket.writes).toHaveLength(2);
  });

  it('connections that write in the same turn do not mix', () => {
    const other = new Scene();
    const scene: Scene = new Scene().read((message) => {
      scene.connection.send(message);
      other.connection.send(`other ${message as string}`);
      scene.connection.send('more');
    });
    scene.peer(text('a'), text('b'));
    expect(scene.wrote()).toEqual(['TEXT 61', 'TEXT 6d6f7265', 'TEXT 62', 'TEXT 6d6f7265']);
    expect(other.wrote()).toHaveLength(2);
  });

  it('nothing is sent that cannot be', () => {
    const scene = new Scene();
    expect(thrown(() => scene.connection.ping(new Uint8Array(126)))).toBe('usage INVALID_FRAME');
    scene.connection.close(1000);
    for (const send of [
      () => scene.connection.send('x'),
      () => scene.connection.ping(),
      () => scene.connection.pong(),
    ]) {
      expect(thrown(send)).toBe('usage WEBSOCKET_NOT_OPEN');
    }
    expect(thrown(() => scene.connection.sendFragments('text'))).toBe('usage WEBSOCKET_NOT_OPEN');
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
    expect(thrown(() => new WebSocketConnection(new TestSocket(), { role: 'client' }))).toBe('usage MASK_MISSING');
  });
});

describe('credit, inbound', () => {
  it('a held message holds its chunk', () => {
    const releases: Release[] = [];
    const scene = new Scene().read(() => releases.push(hold()));
    scene.peer(text('a'), text('b'));
    expect(scene.socket.held).toBeGreaterThan(0);
    releases[0]?.();
    expect(scene.socket.held).toBeGreaterThan(0);
    releases[1]?.();
    expect(scene.socket.held).toBe(0);
    expect(scene.connection.heldBytes).toBe(0);
  });

  it('reading stops at so many held messages, and goes on below half of them', () => {
    const releases: Release[] = [];
    const scene = new Scene({ maxQueued: 4 }).read(() => releases.push(hold()));
    scene.peer(...Array.from({ length: 10 }, (_, i) => text(`${i}`)));
    expect(scene.log).toHaveLength(4);
    releases[0]?.();
    expect(scene.log).toHaveLength(4);
    releases[1]?.();
    expect(scene.log).toHaveLength(6);
    for (let i = 2; i < 10; i++) releases[i]?.();
    expect(scene.log.at(-1)).toBe('text 9');
    expect(scene.socket.held).toBe(0);
  });

  it('and at so many bytes', () => {
    const releases: Release[] = [];
    const scene = new Scene({ maxQueuedBytes: 1000 }).read(() => releases.push(hold()));
    scene.peer(binary('x'.repeat(600)), binary('y'.repeat(600)), binary('z'));
    expect(releases).toHaveLength(2);
    releases[0]?.();
    expect(releases).toHaveLength(2);
    releases[1]?.();
    expect(releases).toHaveLength(3);
  });

  it('before there is a consumer, messages are queued: 32, or 1 MiB', () => {
    const scene = new Scene();
    scene.peer(...Array.from({ length: 40 }, (_, i) => text(`${i}`)));
    expect(scene.connection.heldBytes).toBe(32 * 256);
    expect(scene.socket.held).toBeGreaterThan(0);
    scene.read();
    expect(scene.log).toHaveLength(40);
    expect(scene.socket.held).toBe(0);
    expect(scene.connection.heldBytes).toBe(0);
    const large = new Scene({ maxMessageSize: 4_000_000 });
    const bytes = maskedWire(binary(new Uint8Array(3_000_000)));
    for (let at = 0; at < bytes.length; at += 65_536) large.socket.feed(bytes.subarray(at, at + 65_536));
    expect(large.socket.held).toBeGreaterThan(1_850_000);
    large.read();
    expect(large.log).toEqual(['binary of 3000000']);
    expect(large.socket.held).toBe(0);
  });

  it('pings are answered without a consumer (trap 56)', () => {
    const scene = new Scene();
    scene.peer(text('a'), ping('b'));
    expect(scene.wrote()).toEqual(['PONG 62']);
  });

  it('a second consumer is refused; one that leaves is told of, and what comes is dropped', () => {
    const scene = new Scene();
    const subscription = scene.connection.messages.subscribe();
    const again: string[] = [];
    scene.connection.bodies.subscribe({ error: (error) => again.push((error as { code: string }).code) });
    expect(again).toEqual(['ALREADY_SUBSCRIBED']);
    subscription.unsubscribe();
    expect(scene.log).toEqual(['cancelled']);
    scene.peer(text('a'), text('b', false), more('c', true));
    expect(scene.socket.held).toBe(0);
    expect(scene.connection.heldBytes).toBe(0);
  });

  it('the end waits for what is held back', () => {
    const releases: Release[] = [];
    const scene = new Scene({ maxQueued: 1 }).read(() => releases.push(hold()));
    scene.peer(text('a'), text('b'), close(1000));
    scene.socket.end();
    expect(scene.log).toEqual(['text a']);
    releases[0]?.();
    expect(scene.log).toEqual(['text a', 'text b']);
    releases[1]?.();
    expect(scene.log).toEqual([
      'text a',
      'text b',
      'closingRemote',
      'complete',
      'shutRemote',
      'closedRemote',
      'closed',
    ]);
  });
});

describe('credit, outbound', () => {
  it('a send holds the delivery it is in until it has left', () => {
    const scene = new Scene();
    const source = new Subject<string>();
    source.subscribe((value) => scene.connection.send(value));
    let gone = 0;
    deliver(source, 'a', () => gone++);
    expect(gone).toBe(1);
    scene.socket.backedUp = true;
    deliver(source, 'b', () => gone++);
    expect(gone).toBe(1);
    expect(scene.connection.bufferedBytes).toBe(3);
    scene.socket.drain();
    expect(gone).toBe(2);
    expect(scene.connection.bufferedBytes).toBe(0);
    expect(scene.log).toContain('drained');
  });

  it('an echo reads no further than what it writes gets away', () => {
    const scene: Scene = new Scene().read((message) => scene.connection.send(message));
    scene.socket.backedUp = true;
    scene.peer(text('a'));
    scene.peer(text('b'), text('c'), text('d'));
    scene.peer(text('e'));
    expect(scene.log).toEqual(['text a', 'text b']);
    expect(scene.socket.held).toBeGreaterThan(0);
    scene.socket.drain();
    expect(scene.log.filter((one) => one.startsWith('text'))).toHaveLength(5);
    expect(scene.wrote()).toEqual(['TEXT 61', 'TEXT 62', 'TEXT 63', 'TEXT 64', 'TEXT 65']);
    expect(scene.socket.held).toBe(0);
  });

  it('a chunk of requests for much more does not pile it up', () => {
    const answer = new Uint8Array(50_000);
    const scene: Scene = new Scene().read(() => scene.connection.send(answer));
    scene.socket.backedUp = true;
    scene.peer(...Array.from({ length: 200 }, () => text('')));
    expect(scene.connection.bufferedBytes).toBeLessThan(200_000);
    for (let i = 0; i < 300; i++) {
      scene.socket.drain();
      scene.socket.backedUp = i < 250;
    }
    scene.socket.drain();
    expect(scene.log.filter((one) => one === 'text ')).toHaveLength(200);
  });

  it('sending on its own does not keep from reading', () => {
    const scene = new Scene().read();
    scene.socket.backedUp = true;
    scene.connection.send('x'.repeat(100_000));
    scene.peer(text('a'), text('b'));
    expect(scene.log).toEqual(['text a', 'text b']);
  });

  it('while the way out is backed up only the latest ping waits for its answer', () => {
    const scene = new Scene().read();
    scene.peer(...Array.from({ length: 10 }, (_, i) => ping(`${i}`)));
    expect(scene.wrote()).toHaveLength(10);
    scene.socket.backedUp = true;
    scene.connection.send('x');
    for (let i = 0; i < 1000; i++) scene.peer(ping(`${i}`));
    expect(scene.wrote()).toEqual(['TEXT 78']);
    scene.socket.drain();
    expect(scene.wrote()).toEqual(['PONG 393939']);
  });
});

describe('messages in fragments', () => {
  it('each value a frame, completion the last', () => {
    const scene = new Scene();
    const writer = scene.connection.sendFragments('text');
    expect(scene.connection.sendingFragments).toBe(true);
    writer.next('a');
    writer.next('');
    writer.next(hex('c3'));
    scene.connection.ping();
    expect(thrown(() => scene.connection.send('x'))).toBe('usage MESSAGE_UNFINISHED');
    expect(thrown(() => scene.connection.sendFragments('text'))).toBe('usage MESSAGE_UNFINISHED');
    writer.next(hex('a9'));
    writer.complete();
    writer.complete();
    writer.next('late');
    scene.connection.send('x');
    expect(scene.wrote()).toEqual([
      'TEXT more 61',
      'CONTINUATION more c3',
      'PING',
      'CONTINUATION more a9',
      'CONTINUATION',
      'TEXT 78',
    ]);
  });

  it('an empty one, and one of bytes', () => {
    const scene = new Scene({ role: 'client' });
    scene.connection.sendFragments('text').complete();
    const writer = scene.connection.sendFragments('binary');
    writer.next(new Uint8Array(10_000));
    writer.complete();
    expect(scene.wrote()).toEqual(['TEXT', 'BINARY more 10000 bytes', 'CONTINUATION']);
  });

  it('text that is not UTF-8, or an error, breaks the connection off', () => {
    for (const bad of ['ff', 'c3']) {
      const scene = new Scene().read();
      const writer = scene.connection.sendFragments('text');
      expect(
        thrown(() => {
          writer.next(hex(bad));
          writer.complete();
        }),
      ).toBe('usage INVALID_TEXT');
      expect(scene.wrote().at(-1)).toBe('CLOSE 03f3');
    }
    const scene = new Scene().read();
    scene.connection.sendFragments('binary').error(new RangeError('mine'));
    expect(scene.log).toEqual(['failing', 'error mine']);
    expect(scene.wrote()).toEqual(['CLOSE 03f3']);
  });

  it('once the connection is closing the source is held for good', () => {
    const scene = new Scene();
    const writer = scene.connection.sendFragments('binary');
    scene.connection.close(1000);
    let gone = 0;
    deliver(writer, Uint8Array.of(1), () => gone++);
    writer.complete();
    expect(gone).toBe(0);
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
  });
});

describe('messages as bodies', () => {
  function readBodies(scene: Scene): Release[] {
    const releases: Release[] = [];
    scene.connection.bodies.subscribe({
      next: ({ type, body }) => {
        scene.log.push(type);
        body.subscribe({
          next: (piece) => {
            scene.log.push(show(piece));
            releases.push(hold());
          },
          error: (error: Error) => scene.log.push(`body error ${(error as never as { code: string }).code}`),
          complete: () => scene.log.push('end'),
        });
      },
      error: (error: Error) => scene.log.push(`error ${(error as never as { code: string }).code}`),
      complete: () => scene.log.push('complete'),
    });
    return releases;
  }

  it('pieces come as they come', () => {
    const scene = new Scene();
    const releases = readBodies(scene);
    const bytes = maskedWire(binary('abcd'), text('é', false), more('', true), text(''));
    for (let at = 0; at < bytes.length; at += 3) scene.socket.feed(bytes.subarray(at, at + 3));
    const [first = '', second = '', third = ''] = scene.log.join(' ').replaceAll(' binary', '').split(' end');
    expect(first.replaceAll(' ', '')).toBe('binary61626364');
    expect(second.replaceAll(' ', '')).toBe('textc3a9');
    expect(third).toBe(' text');
    expect(scene.log.at(-1)).toBe('end');
    expect(scene.socket.held).toBeGreaterThan(0);
    for (const release of releases) release();
    expect(scene.socket.held).toBe(0);
    expect(scene.connection.heldBytes).toBe(0);
  });

  it('a message far larger than the bound of the queue, held piece by piece', () => {
    const scene = new Scene({ maxMessageSize: Infinity, maxQueuedBytes: 100_000 });
    let size = 0;
    let release: Release | undefined;
    scene.connection.bodies.pipe(holdMap(({ body }) => body)).subscribe((piece) => {
      size += piece.length;
      release = hold();
    });
    const bytes = maskedWire(binary(new Uint8Array(2_000_000)));
    for (let at = 0; at < bytes.length; at += 40_000) {
      scene.socket.feed(bytes.subarray(at, at + 40_000));
      release?.();
    }
    release?.();
    expect(size).toBe(2_000_000);
    expect(scene.socket.held).toBe(0);
  });

  it('nobody reads a body: its pieces hold the socket, and reading stops', () => {
    const scene = new Scene({ maxMessageSize: Infinity, maxQueuedBytes: 10_000 });
    scene.connection.bodies.subscribe();
    const bytes = maskedWire(binary(new Uint8Array(50_000)));
    for (let at = 0; at < bytes.length; at += 1000) scene.socket.feed(bytes.subarray(at, at + 1000));
    expect(scene.connection.heldBytes).toBeLessThanOrEqual(11_500);
    expect(scene.socket.held).toBe(bytes.length);
  });

  it('a consumer that comes in the middle gets what was queued, and the rest', () => {
    const scene = new Scene();
    scene.peer(text('whole'), binary('ab', false));
    readBodies(scene);
    scene.peer(more('cd', true));
    expect(scene.log).toEqual(['text', 'binary 77686f6c65', 'end', 'binary', 'binary 6162', 'binary 6364', 'end']);
  });

  it('what was queued comes before what a full queue kept from being read', () => {
    for (const last of [text('9'), text('9', false)]) {
      const scene = new Scene({ maxQueued: 4 });
      for (let i = 0; i < 9; i++) scene.peer(text(String(i)));
      scene.peer(last);
      let said = '';
      scene.connection.bodies.subscribe(({ body }) =>
        body.subscribe((piece) => (said += Buffer.from(piece).toString())),
      );
      expect(said).toBe('0123456789');
      expect(scene.socket.held).toBe(0);
    }
  });

  it('text is checked on the way, and ends whole', () => {
    const scene = new Scene();
    readBodies(scene);
    scene.peer(text(hex('e2'), false));
    scene.peer(more(hex('41')));
    expect(scene.log).toEqual(['text', 'binary e2', 'failing', 'body error INVALID_UTF8', 'error INVALID_UTF8']);
    const cut = new Scene();
    readBodies(cut);
    cut.peer(text(hex('e2')));
    expect(cut.log).toContain('body error INVALID_UTF8');
  });

  it('unsubscribing from a body drops the rest of its message', () => {
    const scene = new Scene();
    const got: number[] = [];
    scene.connection.bodies.subscribe(({ body }) => {
      const subscription = body.subscribe((piece) => {
        got.push(piece.length);
        subscription.unsubscribe();
      });
    });
    scene.peer(binary('a', false), more('b'));
    scene.peer(more('c', true), binary('de'));
    expect(got).toEqual([1, 2]);
    expect(scene.socket.held).toBe(0);
  });

  it('a Close frame inside a message is an error of the body', () => {
    const scene = new Scene();
    readBodies(scene);
    scene.peer(binary('a', false), close(1000));
    expect(scene.log).toContain('body error TRUNCATED_FRAME');
    expect(scene.log).toContain('complete');
  });
});

describe('closing', () => {
  it('by us: code and reason go, the answer ends it; a server ends the byte stream', () => {
    const scene = new Scene().read();
    scene.connection.close(1001, 'bye');
    scene.connection.close(1000);
    expect(scene.wrote()).toEqual(['CLOSE 03e9627965']);
    scene.peer(text('still'), ping('p'));
    expect(scene.wrote()).toEqual(['PONG 70']);
    scene.peer(close(1001, 'bye'));
    expect(scene.socket.events).toEqual(['complete']);
    scene.socket.end();
    expect(scene.log).toEqual([
      'closingLocal', 'text still', 'ping p', 'shutLocal', 'complete', 'closedLocal', 'closed',
    ]); // prettier-ignore
    expect(scene.closed).toMatchObject({
      clean: true,
      code: 1001,
      reason: 'bye',
      received: { code: 1001 },
      error: undefined,
    });
    expect(scene.wrote()).toEqual([]);
  });

  it('by the peer: the code is echoed; a client leaves the end of the byte stream to the server', () => {
    const scene = new Scene({ role: 'client' }).read();
    scene.peer(close(4000, 'x'), text('late'));
    expect(scene.wrote()).toEqual(['CLOSE 0fa078']);
    expect(scene.socket.events).toEqual([]);
    scene.socket.end();
    expect(scene.socket.events).toEqual(['complete', 'unsubscribed']);
    expect(scene.log).toEqual(['closingRemote', 'complete', 'shutRemote', 'closedRemote', 'closed']);
    expect(scene.closed).toMatchObject({ clean: true, code: 4000, reason: 'x', sent: { code: 4000, reason: 'x' } });
  });

  it('without a code: answered without one, told as 1005', () => {
    const scene = new Scene().read();
    scene.peer(close());
    scene.socket.end();
    expect(scene.wrote()).toEqual(['CLOSE']);
    expect(scene.closed).toMatchObject({ state: 'closedRemote', code: 1005 });
  });

  it('the byte stream ends without a Close frame', () => {
    const scene = new Scene().read();
    scene.peer(text('a', false));
    scene.socket.end();
    expect(scene.log).toEqual(['lost', 'error ABNORMAL_CLOSURE 1006', 'closed']);
    expect(scene.closed).toMatchObject({ clean: false, code: 1006, reason: '' });
    expect(scene.socket.events).toContain('complete');
  });

  it('the byte stream fails', () => {
    const scene = new Scene().read();
    scene.socket.break(new RangeError('reset'));
    expect(scene.log).toEqual(['lost', 'error reset', 'closed']);
    expect(scene.closed).toMatchObject({ clean: false, code: 1006, error: new RangeError('reset') });
  });

  it('a rule is broken: Close with its code, and nothing is read any more', () => {
    const scene = new Scene().read();
    scene.socket.feed(joined([maskedWire(text('a')), hex('f1 80 00000000'), maskedWire(text('b'))]));
    expect(scene.log).toEqual(['text a', 'failing', 'error BAD_FRAME 1002']);
    expect(scene.wrote()[0]).toMatch(/^CLOSE 03ea/);
    expect(scene.socket.events).toEqual(['complete']);
    scene.socket.feed(wire(text('unmasked')));
    expect(scene.socket.held).toBe(0);
    scene.socket.end();
    expect(scene.closed).toMatchObject({ state: 'failed', clean: false, code: 1002 });
    expect(scene.log.slice(3)).toEqual(['failed', 'closed']);
  });

  it('a rule is broken after our Close frame: no second one', () => {
    const scene = new Scene().read();
    scene.connection.close(1000);
    scene.socket.feed(hex('ff80'));
    expect(scene.log).toEqual(['closingLocal']);
    scene.socket.feed(hex('00000000'));
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
    expect(scene.log).toEqual(['closingLocal', 'failing', 'error BAD_FRAME 1002']);
  });

  it('an error without a code of its own is 1011; abort ends it at once, and again does nothing', () => {
    const scene = new Scene().read();
    scene.connection.fail(new RangeError('mine'));
    scene.connection.fail(new RangeError('again'));
    expect(scene.wrote()).toEqual(['CLOSE 03f3']);
    scene.connection.abort(new RangeError('late'));
    scene.connection.abort();
    expect(scene.log).toEqual(['failing', 'error mine', 'failed', 'closed']);
    expect(scene.socket.events).toEqual(['complete', 'error', 'unsubscribed']);
    expect(scene.closed).toMatchObject({ state: 'failed', code: 1006, error: new RangeError('mine') });
  });

  it('abort while the answer to our Close frame is awaited', () => {
    const scene = new Scene().read();
    scene.connection.close(1000);
    scene.connection.abort(new RangeError('timeout'));
    expect(scene.log).toEqual(['closingLocal', 'failed', 'error timeout', 'closed']);
    expect(scene.closed).toMatchObject({ clean: false, code: 1006, sent: { code: 1000 } });
  });

  it('abort once both have said it: it was clean', () => {
    const scene = new Scene({ role: 'client' }).read();
    scene.peer(close(1000));
    scene.connection.abort(new RangeError('timeout'));
    expect(scene.log.at(-2)).toBe('closedRemote');
    expect(scene.closed?.clean).toBe(true);
  });

  it('codes that may not be sent are refused before anything is', () => {
    const scene = new Scene();
    for (const code of [1004, 1005, 1006, 1015, 999, 5000, 1010]) {
      expect(thrown(() => scene.connection.close(code))).toBe('usage INVALID_CLOSE_CODE');
    }
    expect(thrown(() => scene.connection.close(1000, 'x'.repeat(124)))).toBe('usage INVALID_CLOSE_REASON');
    expect(scene.log).toEqual([]);
    new Scene({ role: 'client' }).connection.close(1010);
  });

  it('closing from inside a message', () => {
    const scene: Scene = new Scene().read(() => scene.connection.close(1000));
    scene.peer(text('a'), text('b'));
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
    expect(scene.log).toEqual(['text a', 'closingLocal', 'text b']);
  });

  it('credit is given back on every way out', () => {
    for (const out of ['end', 'abort', 'fail'] as const) {
      const scene = new Scene({ maxQueued: 1 });
      scene.peer(text('a'), text('b'));
      expect(scene.socket.held).toBeGreaterThan(0);
      if (out === 'end') scene.socket.break(new RangeError('x'));
      else scene.connection[out](new RangeError('x'));
      expect(scene.socket.held).toBe(0);
    }
  });
});

it('the peer’s pongs are told', () => {
  const scene = new Scene({ role: 'client' }).read();
  scene.connection.ping(hex('01'));
  scene.connection.pong(hex('02'));
  scene.peer(pong('abc'));
  expect(scene.wrote()).toEqual(['PING 01', 'PONG 02']);
  expect(scene.log).toEqual(['pong abc']);
});

it('control frames are held to a budget of the clock that is handed in', () => {
  let now = 0;
  const scene = new Scene({ now: () => now, controlFrames: { burst: 3, perSecond: 1 } }).read();
  scene.peer(ping('1'), pong(), ping('2'));
  now = 1000;
  scene.peer(ping('3'));
  expect(scene.log).toHaveLength(4);
  scene.peer(ping('4'));
  expect(scene.log.at(-1)).toBe('error CONTROL_FRAME_LIMIT 1008 controlFrames');
  expect(scene.wrote().at(-1)).toMatch(/^CLOSE 03f0/);
  expect(thrown(() => new Scene({ now: () => 0, controlFrames: { burst: -1, perSecond: 0 } }))).toBe(
    'usage INVALID_LIMIT',
  );
});

it('a pair in memory under virtual time: a conversation and its end', () => {
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(() => {
    const [near, far] = memoryPair({ scheduler, latency: 5, chunking: () => 7 });
    const log: string[] = [];
    const client = new WebSocketConnection(near, { role: 'client', mask: () => MASK }, {
      closed: ({ state, code }) => log.push(`client ${state} ${code} at ${scheduler.now()}`),
    }); // prettier-ignore
    const server = new WebSocketConnection(far, { role: 'server' }, {
      closed: ({ state, code }) => log.push(`server ${state} ${code} at ${scheduler.now()}`),
    }); // prettier-ignore
    server.messages.subscribe((message) => server.send(message));
    client.messages.subscribe({
      next: (message) => {
        log.push(show(message));
        client.close(1000, 'done');
      },
      complete: () => log.push('complete'),
    });
    server.open();
    client.open();
    client.send('hello, world');
    scheduler.flush();
    expect(log).toEqual([
      'text hello, world',
      'complete',
      'client closedLocal 1000 at 20',
      'server closedRemote 1000 at 25',
    ]);
  });
});
