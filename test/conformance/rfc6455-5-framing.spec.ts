/** Data framing: RFC 6455 §5, with its examples in §5.7. */
import { describe, expect, it } from 'vitest';
import { serializeWebSocketFrame, webSocketFrame } from '../../operators/websocket/frame.js';
import { hex, MASK, maskedWire, more, ping, text, toHex, transcribe, wire } from '../operators/websocket/frames.js';
import { Scene } from '../operators/websocket/socket.js';

const client = { role: 'client' } as const;
const server = { role: 'server' } as const;
/** A header of two bytes with a mask, for what a server reads. */
const masked = (bytes: string): Uint8Array => hex(`${bytes}00000000`);

describe('RFC 6455 §5.1, §5.3: masking', () => {
  it('a server closes on a frame that is not masked, a client on one that is', () => {
    expect(transcribe([wire(text('a'))], server)).toEqual(['BAD_MASK 1002']);
    expect(transcribe([maskedWire(text('a'))], client)).toEqual(['BAD_MASK 1002']);
    expect(transcribe([wire(ping())], server)).toEqual(['BAD_MASK 1002']);
  });

  it('a client masks every frame with a key of its own, a server none', () => {
    const masks = [1, 2, 3, 4];
    const near = new Scene({ role: 'client', mask: () => masks.shift() as number });
    near.connection.send('a');
    near.connection.ping();
    near.connection.send(new Uint8Array(9000));
    near.connection.close();
    expect(masks).toEqual([]);
    const far = new Scene({ role: 'server' });
    far.connection.send('a');
    expect(toHex(far.socket.take())).toBe('810161');
  });
});

describe('RFC 6455 §5.2: the frame', () => {
  it.each([0x40, 0x20, 0x10, 0x70])('reserved bit 0x%s without an extension', (bits) => {
    for (const opcode of [0x1, 0x2, 0x8, 0x9, 0xa]) {
      expect(transcribe([Uint8Array.of(0x80 | bits | opcode, 0)], client)).toEqual(['BAD_FRAME 1002']);
    }
  });

  it.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('reserved opcode %i', (opcode) => {
    expect(transcribe([Uint8Array.of(0x80 | opcode, 0)], client)).toEqual(['BAD_FRAME 1002']);
    expect(transcribe([masked(`${(0x80 | opcode).toString(16)}80`)], server)).toEqual(['BAD_FRAME 1002']);
  });

  it('lengths are in their shortest form, and below 2^53', () => {
    for (const length of ['7e0000', '7e007d', '7f0000000000000000', '7f000000000000ffff']) {
      expect(transcribe([hex(`82${length}`)], client)).toEqual(['BAD_FRAME 1002']);
    }
    for (const length of ['7f8000000000000000', '7f0020000000000000']) {
      expect(transcribe([hex(`82${length}`)], client)).toEqual(['BAD_FRAME 1002']);
    }
  });
});

describe('RFC 6455 §5.4: fragmentation', () => {
  it('fragments are put together, control frames between them pass', () => {
    const scene = new Scene().read();
    scene.peer(text('a', false), ping('p'), more('b'), more('', true));
    expect(scene.log).toEqual(['ping p', 'text ab']);
  });

  it('a continuation of nothing, and a message inside another', () => {
    expect(transcribe([wire(more('a', true))], client)).toEqual(['BAD_FRAGMENT 1002']);
    expect(transcribe([wire(text('a', false), text('b'))], client)[1]).toBe('BAD_FRAGMENT 1002');
  });

  it('fragments of two messages are never mixed', () => {
    const scene = new Scene();
    scene.connection.sendFragments('text');
    expect(() => scene.connection.send('x')).toThrow('not complete');
  });
});

describe('RFC 6455 §5.5: control frames', () => {
  it('are of 125 bytes at most, and whole', () => {
    expect(transcribe([hex('897e007e')], client)).toEqual(['BAD_FRAME 1002']);
    expect(transcribe([hex('0900')], client)).toEqual(['BAD_FRAME 1002']);
    expect(transcribe([wire(ping('x'.repeat(125)))], client)[0]).toBe('PING 125 bytes');
  });

  it('a ping is answered with its payload, until a Close frame has come', () => {
    const scene = new Scene().read();
    scene.peer(ping('a'), ping(''), ping('x'.repeat(125)));
    expect(scene.wrote()).toEqual(['PONG 61', 'PONG', 'PONG 125 bytes']);
    scene.connection.close(1000);
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
    scene.peer(ping('b'));
    expect(scene.wrote()).toEqual(['PONG 62']);
    scene.peer(webSocketFrame(8), ping('c'));
    expect(scene.wrote()).toEqual([]);
  });

  it('a pong that nobody asked for is not answered', () => {
    const scene = new Scene().read();
    scene.peer(webSocketFrame(10, 'x'));
    expect(scene.wrote()).toEqual([]);
    expect(scene.log).toEqual(['pong x']);
  });
});

describe('RFC 6455 §5.7: examples', () => {
  it.each([
    ['an unmasked text message', '810548656c6c6f', client, ['TEXT 48656c6c6f']],
    ['a masked text message', '818537fa213d7f9f4d5158', server, ['TEXT 48656c6c6f']],
    ['a fragmented text message', '010348656c 80026c6f', client, ['TEXT more 48656c', 'CONTINUATION 6c6f']],
    ['a ping', '890548656c6c6f', client, ['PING 48656c6c6f']],
    ['a masked pong', '8a8537fa213d7f9f4d5158', server, ['PONG 48656c6c6f']],
  ])('%s', (_name, bytes, config, frames) => {
    expect(transcribe([hex(bytes)], config)).toEqual([...frames, 'complete']);
  });

  it('256 bytes and 64 KiB of binary data', () => {
    const short = serializeWebSocketFrame(webSocketFrame(2, new Uint8Array(256)));
    expect(toHex(short.subarray(0, 4))).toBe('827e0100');
    const long = serializeWebSocketFrame(webSocketFrame(2, new Uint8Array(65_536)));
    expect(toHex(long.subarray(0, 10))).toBe('827f0000000000010000');
    expect(toHex(serializeWebSocketFrame(text('Hello'), MASK))).toBe('818537fa213d7f9f4d5158');
  });
});
