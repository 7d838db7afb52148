/** Attacks on WebSocket, by row E1 to E19 of the attack catalogue: the part that the pure rooms answer. */
import { describe, expect, it } from 'vitest';
import { largeBuffer } from '../../operators/core/large-buffer.js';
import { Fields } from '../../operators/http/fields.js';
import { ClientHandshake } from '../../operators/websocket/client-handshake.js';
import { serializeWebSocketFrame, webSocketFrame } from '../../operators/websocket/frame.js';
import { acceptDeflate, readDeflateAnswer } from '../../operators/websocket/permessage-deflate.js';
import { answerHandshake } from '../../operators/websocket/server-handshake.js';
import { parseSubprotocols } from '../../operators/websocket/subprotocol.js';
import { parseWebSocketExtensions } from '../../operators/websocket/websocket-extensions.js';
import { idleContexts } from '../../operators/websocket/zlib-contexts.js';
import { zlibGate } from '../../operators/websocket/zlib-gate.js';
import { deflated, packedFrame, parameters } from '../operators/websocket/deflate.js';
import {
  binary,
  hex,
  joined,
  maskedWire,
  more,
  ping,
  text,
  thrown,
  transcribe,
  utf8,
  wire,
} from '../operators/websocket/frames.js';
import { Scene } from '../operators/websocket/socket.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { splits } from '../support/every-split.js';

async function until(check: () => boolean): Promise<void> {
  for (let turns = 0; !check(); turns++) {
    if (turns > 100_000) throw new Error('it does not come');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('E: WebSocket', () => {
  it.each([1, 0])('E1 a flood of fragments of %i bytes that never ends', (size) => {
    const scene = new Scene().read();
    const fragment = maskedWire(more(new Uint8Array(size)));
    const chunk = joined(Array.from({ length: 1000 }, () => fragment));
    scene.peer(binary('', false));
    for (let i = 0; i < 3 && scene.log.length === 0; i++) scene.socket.feed(chunk);
    expect(scene.log).toEqual(['failing', 'error FRAGMENT_LIMIT 1008 maxFragments']);
    expect(scene.connection.heldBytes).toBe(0);
    expect(scene.socket.held).toBe(0);
  });

  it('E2 the limit holds for the sum of the fragments', () => {
    const scene = new Scene({ maxMessageSize: 1000 }).read();
    scene.peer(binary(new Uint8Array(501), false));
    expect(scene.log).toEqual([]);
    // The header of the second is enough.
    scene.socket.feed(maskedWire(more(new Uint8Array(501), true)).subarray(0, 8));
    expect(scene.log).toEqual(['failing', 'error MESSAGE_TOO_LARGE 1009 maxMessageSize']);
    const bodies = new Scene({ maxMessageSize: 1000 });
    const errors: unknown[] = [];
    bodies.connection.bodies.subscribe({ error: (error: { code: string }) => errors.push(error.code) });
    bodies.peer(binary(new Uint8Array(501), false), more(new Uint8Array(501), true));
    expect(errors).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('E3 lengths of 2^63 and others are refused by the header alone', () => {
    for (const [length, error] of [
      ['ffffffffffffffff', 'BAD_FRAME 1002'],
      ['8000000000000000', 'BAD_FRAME 1002'],
      ['0020000000000000', 'BAD_FRAME 1002'],
      ['001fffffffffffff', 'MESSAGE_TOO_LARGE 1009 maxMessageSize'],
      ['0000000000100001', 'MESSAGE_TOO_LARGE 1009 maxMessageSize'],
    ]) {
      const scene = new Scene().read();
      const before = process.memoryUsage().arrayBuffers;
      scene.socket.feed(hex(`82ff${length}00000000`));
      expect(scene.log).toEqual(['failing', `error ${error}`]);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    }
  });

  it('E4 a bomb: 100 MiB of zeros in 100 KiB', async () => {
    const bomb = packedFrame(2, new Uint8Array(104_857_600));
    expect(bomb.payload.length).toBeLessThan(110_000);
    const scene = new Scene({ deflate: parameters(false) }).read();
    largeBuffer(1_048_576); // the first one comes with another, that is not for a message
    await collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    scene.peer(bomb);
    await until(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      return scene.log.length > 0;
    });
    expect(scene.log).toEqual(['failing', 'error MESSAGE_TOO_LARGE 1009 maxMessageSize']);
    expect(most).toBeLessThan(8 * 1_048_576); // the message at its limit, twice while it grows, and pieces not collected yet
    expect(zlibGate.inside).toBe(0);
  });

  it('E5 what is malformed behind the limit does no harm', async () => {
    const payload = joined([deflated(new Uint8Array(3_000_000)), hex('ffffffffffff')]);
    const scene = new Scene({ deflate: parameters(true) }).read();
    scene.peer(webSocketFrame(2, payload, true, true));
    await until(() => scene.log.length > 1);
    expect(scene.log[1]).toBe('error MESSAGE_TOO_LARGE 1009 maxMessageSize');
    // Whatever zlib still says comes within these turns: unhandled, it would fail the run.
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(scene.log).toHaveLength(2);
  });

  it('E6 window bits out of range', () => {
    for (const bits of ['0', '7', '16', '99', 'abc', '-8', '8.5', '']) {
      const extension = { name: 'permessage-deflate', params: [['server_max_window_bits', bits]] } as const;
      expect(readDeflateAnswer(extension, { serverNoContextTakeover: false })).toBeUndefined();
      expect(acceptDeflate([extension], {})).toBeUndefined();
    }
  });

  it('E7 a thousand connections that compressed a message keep no zlib memory', async () => {
    const scenes = Array.from({ length: 1000 }, () => new Scene({ deflate: parameters(false) }).read());
    for (const scene of scenes) scene.peer(packedFrame(1, 'hello hello'));
    await until(() => scenes.every(({ log }) => log.length === 1));
    expect(idleContexts()).toBeLessThanOrEqual(8);
    expect(zlibGate.waiting).toBe(0);
  });

  it('E8 a million pings, never read: one pong is queued', () => {
    const scene = new Scene().read();
    scene.socket.backedUp = true;
    scene.connection.send('x');
    const chunk = maskedWire(...Array.from({ length: 10_000 }, () => ping('p')));
    for (let i = 0; i < 100; i++) scene.socket.feed(chunk);
    expect(scene.wrote()).toEqual(['TEXT 78']);
    expect(scene.connection.bufferedBytes).toBe(3);
    scene.socket.drain();
    expect(scene.wrote()).toEqual(['PONG 70']);
  });

  it('E9 masks: missing from a client, present from a server', () => {
    expect(transcribe([wire(text('a'))], { role: 'server' })).toEqual(['BAD_MASK 1002']);
    expect(transcribe([maskedWire(text('a'))], { role: 'client' })).toEqual(['BAD_MASK 1002']);
  });

  it('E10 each frame has a mask of its own', () => {
    let next = 0;
    const scene = new Scene({ role: 'client', mask: () => next++ });
    for (let i = 0; i < 5000; i++) scene.connection.send(i % 2 === 0 ? 'x' : new Uint8Array(3));
    expect(next).toBe(5000);
    const first = serializeWebSocketFrame(text('x'), 0);
    expect(Buffer.compare(scene.socket.writes[0] as Uint8Array, first)).toBe(0);
  });

  it('E11 text that is not UTF-8, cut at every byte', () => {
    const bytes = joined([utf8('aé中'), hex('eda080'), utf8('z')]);
    for (const pieces of splits(bytes)) {
      const scene = new Scene().read();
      pieces.forEach((piece, i) => {
        scene.peer(i === 0 ? text(piece, pieces.length === 1) : more(piece, i === pieces.length - 1));
      });
      expect(scene.log).toEqual(['failing', 'error INVALID_UTF8 1007']);
    }
    for (const pieces of splits(maskedWire(webSocketFrame(8, joined([hex('03e8'), bytes]))))) {
      const scene = new Scene().read();
      for (const piece of pieces) scene.socket.feed(piece);
      expect(scene.log).toEqual(['failing', 'error INVALID_UTF8 1007']);
    }
  });

  it.each([
    ['reserved bits', 'f180', 'BAD_FRAME 1002'],
    ['a reserved opcode', '8380', 'BAD_FRAME 1002'],
    ['a control frame that is fragmented', '0980', 'BAD_FRAME 1002'],
    ['a control frame that is too long', '89fe007e', 'BAD_FRAME 1002'],
    ['a Close frame of one byte', '888100000000ff', 'BAD_CLOSE_FRAME 1002'],
    ['a close code of 1005', '88820000000003ed', 'BAD_CLOSE_FRAME 1002'],
    ['a close code of 5000', '8882000000001388', 'BAD_CLOSE_FRAME 1002'],
  ])('E12 %s', (_name, bytes, error) => {
    const scene = new Scene().read();
    scene.socket.feed(joined([hex(bytes), new Uint8Array(4)]));
    expect(scene.log).toEqual(['failing', `error ${error}`]);
  });

  it('E13 a peer that never answers our Close frame, or never ends: the owner’s clock ends it', () => {
    for (const answer of [false, true]) {
      const scene = new Scene().read();
      scene.connection.close(1000);
      if (answer) scene.peer(webSocketFrame(8));
      for (let i = 0; i < 100; i++) scene.peer(ping());
      expect(scene.closed).toBeUndefined();
      scene.connection.abort();
      expect(scene.closed).toMatchObject({ clean: answer });
      expect(scene.socket.events.at(-1)).toBe('unsubscribed');
    }
  });

  it('E14 answers that do not fit what was asked', () => {
    const random = new Uint8Array(16);
    for (const [version, status, fields] of [
      ['1.1', 200, {}],
      ['1.1', 101, {}],
      ['1.1', 101, { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-accept': 'x' }],
      ['2', 101, {}],
      ['2', 200, { 'sec-websocket-protocol': 'x' }],
      ['2', 200, { 'sec-websocket-extensions': 'permessage-deflate' }],
      ['2', 200, { 'sec-websocket-extensions': ';' }],
    ] as const) {
      const handshake = new ClientHandshake({ version, random });
      expect(thrown(() => handshake.check({ status, fields: new Fields(fields) }))).toMatch(
        /^(BAD_HANDSHAKE|HANDSHAKE_REFUSED) 0$/,
      );
    }
  });

  it('E15 odd fields in an upgrade request are refused, none is missed', () => {
    const head = { version: '1.1', method: 'GET', authority: 'a.example' } as const;
    for (const name of [
      'upgrade',
      'connection',
      'sec-websocket-key',
      'sec-websocket-version',
      'origin',
      'sec-websocket-protocol',
    ]) {
      for (const value of ['', ',', '"', '\t', '__proto__', 'x'.repeat(16_000)]) {
        const { status, error } = answerHandshake({ ...head, fields: new Fields({ [name]: value }) });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(error?.wireCode).toBe(status);
      }
    }
  });

  it('E16 64 KiB of spaces, semicolons, quotes: each character is looked at once', () => {
    for (const unit of [' ', ';', ',', '"', '\\', 'a;', 'a=', ' ;', 'a,', 'a; b="', '\t,']) {
      const value = `a${unit.repeat(65_536 / unit.length)}`;
      let looked = 0;
      const watched = new Proxy(Object(value) as object, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) looked++;
          const found: unknown = Reflect.get(target, key, target);
          return typeof found === 'function'
            ? (...args: unknown[]): unknown => {
                if (key === 'charCodeAt') looked++;
                return Reflect.apply(found as () => unknown, value, args);
              }
            : found;
        },
      });
      parseWebSocketExtensions(watched as unknown as string);
      expect(looked).toBeLessThan(8 * 65_536);
      parseSubprotocols(value);
    }
  });

  it('E17 a reason that is no string sends no memory', () => {
    for (const reason of [new Float32Array(8), 5, {}, ['x']]) {
      expect(thrown(() => new Scene().connection.close(1000, reason as never))).toBe('usage INVALID_CLOSE_REASON');
    }
    const memory = new Uint8Array(64).fill(0xaa);
    const view = memory.subarray(10, 13).fill(1);
    const scene = new Scene();
    scene.connection.send(view);
    scene.connection.ping(view);
    expect(scene.wrote()).toEqual(['BINARY 010101', 'PING 010101']);
  });

  it('E18 pages of other origins', () => {
    const fields = new Fields({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      origin: 'https://evil.example',
    });
    expect(answerHandshake({ version: '1.1', method: 'GET', authority: 'a.example', fields }).status).toBe(403);
  });

  it('E19 CR and LF in a subprotocol', () => {
    for (const protocol of ['a\r\nX: y', 'a\n', 'a\0', 'a b']) {
      expect(
        thrown(() => new ClientHandshake({ version: '1.1', random: new Uint8Array(16), protocols: [protocol] })),
      ).toBe('usage INVALID_SUBPROTOCOL');
    }
  });
});
