/** Closing: RFC 6455 §5.5.1 and §7. */
import { describe, expect, it } from 'vitest';
import { webSocketCloseFrame, webSocketFrame } from '../../operators/websocket/frame.js';
import { hex, maskedWire, text, thrown } from '../operators/websocket/frames.js';
import { Scene } from '../operators/websocket/socket.js';

describe('RFC 6455 §5.5.1, §7.1: the closing handshake', () => {
  it('a Close frame is answered with one, its code echoed', () => {
    for (const [frame, answer] of [
      [webSocketCloseFrame(), 'CLOSE'],
      [webSocketCloseFrame(1000), 'CLOSE 03e8'],
      [webSocketCloseFrame(3000, 'x'), 'CLOSE 0bb878'],
    ] as const) {
      expect(new Scene().read().peer(frame).wrote()).toEqual([answer]);
    }
  });

  it('no second one is sent', () => {
    const scene = new Scene().read();
    scene.connection.close(1000);
    scene.peer(webSocketCloseFrame(1000));
    scene.connection.close(1000);
    expect(scene.wrote()).toEqual(['CLOSE 03e8']);
  });

  it('no data is sent behind a Close frame', () => {
    const scene = new Scene();
    scene.connection.close(1000);
    expect(thrown(() => scene.connection.send('x'))).toBe('usage WEBSOCKET_NOT_OPEN');
  });

  it('data behind a Close frame is dropped', () => {
    const scene = new Scene().read();
    scene.peer(webSocketCloseFrame(1000), text('late'));
    expect(scene.log).not.toContain('text late');
    expect(scene.log).toContain('complete');
  });

  it('§7.1.1: the server ends the byte stream first, the client waits for that', () => {
    for (const [role, events] of [
      ['server', ['complete']],
      ['client', []],
    ] as const) {
      const scene = new Scene({ role }).read();
      scene.peer(webSocketCloseFrame(1000));
      expect(scene.socket.events).toEqual(events);
    }
  });

  it('§7.1.5: a Close frame without a code is told as 1005, none as 1006', () => {
    const scene = new Scene().read();
    scene.peer(webSocketCloseFrame());
    scene.socket.end();
    expect(scene.closed?.code).toBe(1005);
    const lost = new Scene().read();
    lost.socket.end();
    expect(lost.closed?.code).toBe(1006);
  });

  it('§7.1.7: a connection that is failed says why, and reads nothing more', () => {
    const scene = new Scene().read();
    scene.socket.feed(hex('83 80 00000000'));
    scene.socket.feed(maskedWire(text('late')));
    expect(scene.wrote()[0]).toMatch(/^CLOSE 03ea/);
    expect(scene.log).toEqual(['failing', 'error BAD_FRAME 1002']);
    expect(scene.socket.events).toEqual(['complete']);
  });
});

describe('RFC 6455 §7.4: status codes', () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    '%i is taken',
    (code) => {
      const scene = new Scene().read();
      scene.peer(webSocketCloseFrame(code));
      scene.socket.end();
      expect(scene.closed).toMatchObject({ clean: true, code });
    },
  );

  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])('%i is refused with 1002', (code) => {
    const scene = new Scene().read();
    scene.peer(webSocketFrame(8, Uint8Array.of(code >>> 8, code)));
    expect(scene.log.at(-1)).toBe('error BAD_CLOSE_FRAME 1002');
  });

  it('1005, 1006 and 1015 are never sent', () => {
    for (const code of [1005, 1006, 1015]) {
      expect(thrown(() => new Scene().connection.close(code))).toBe('usage INVALID_CLOSE_CODE');
    }
  });

  it('half a code is refused with 1002, a reason that is not UTF-8 with 1007', () => {
    expect(
      new Scene()
        .read()
        .peer(webSocketFrame(8, hex('03')))
        .log.at(-1),
    ).toBe('error BAD_CLOSE_FRAME 1002');
    expect(
      new Scene()
        .read()
        .peer(webSocketFrame(8, hex('03e8ff')))
        .log.at(-1),
    ).toBe('error INVALID_UTF8 1007');
  });
});
