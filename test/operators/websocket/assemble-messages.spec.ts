import { from, map, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { assembleMessages, type AssembleMessagesConfig } from '../../../operators/websocket/assemble-messages.js';
import { webSocketCloseFrame, type WebSocketFrame, webSocketFrame } from '../../../operators/websocket/frame.js';
import { fragmentMessages } from '../../../operators/websocket/fragment-messages.js';
import type { WebSocketEvent, WebSocketMessage } from '../../../operators/websocket/message.js';
import { runMarbles } from '../../support/marbles.js';
import { binary, describeError, describeFrame, hex, more, ping, pong, text, thrown, toHex, utf8 } from './frames.js';

function assemble(frames: readonly WebSocketFrame[], config?: AssembleMessagesConfig): string[] {
  const said: string[] = [];
  from(frames)
    .pipe(assembleMessages(config))
    .subscribe({
      next: (event) => said.push(describeEvent(event)),
      error: (error) => said.push(describeError(error)),
      complete: () => said.push('complete'),
    });
  return said;
}

function describeEvent(event: WebSocketEvent): string {
  if (event.type === 'close') return `close ${event.code} ${event.reason}`.trimEnd();
  return `${event.type} ${typeof event.data === 'string' ? event.data : toHex(event.data)}`.trimEnd();
}

describe('assembleMessages', () => {
  it('none, one, many', () => {
    expect(assemble([])).toEqual(['complete']);
    expect(assemble([text('hé')])).toEqual(['text hé', 'complete']);
    expect(assemble([text(''), binary(hex('00ff')), ping('a'), pong('b'), webSocketCloseFrame(1000, 'x')])).toEqual([
      'text',
      'binary 00ff',
      'ping 61',
      'pong 62',
      'close 1000 x',
      'complete',
    ]);
  });

  it('fragments, with control frames between them', () => {
    expect(
      assemble([text('a', false), ping(), more(''), pong(), more('b', true), binary('', false), more('', true)]),
    ).toEqual(['ping', 'pong', 'text ab', 'binary', 'complete']);
  });

  it('text is cut anywhere, also inside a character', () => {
    const bytes = utf8('aé中😀');
    for (let at = 0; at <= bytes.length; at++) {
      const frames = [text(bytes.subarray(0, at), false), more(bytes.subarray(at), true)];
      expect(assemble(frames)).toEqual(['text aé中😀', 'complete']);
    }
  });

  it('a byte order mark is kept', () => {
    expect(assemble([text('\ufeffa'), text('\ufeff', false), more('a', true)])).toEqual([
      'text \ufeffa',
      'text \ufeffa',
      'complete',
    ]);
  });

  it('text that is not UTF-8: at the first fragment that shows it', () => {
    expect(assemble([text(hex('c3'))])).toEqual(['INVALID_UTF8 1007']);
    expect(assemble([text(hex('eda080'), false)])).toEqual(['INVALID_UTF8 1007']);
    expect(assemble([text(hex('c3'), false), ping(), more(hex('41'))])).toEqual(['ping', 'INVALID_UTF8 1007']);
    expect(assemble([text(hex('c3'), false), more('', true)])).toEqual(['INVALID_UTF8 1007']);
    expect(assemble([binary(hex('c3'), false), more(hex('ff'), true)])).toEqual(['binary c3ff', 'complete']);
  });

  it('long text, ASCII and not', () => {
    for (const long of ['x'.repeat(5000), 'é'.repeat(5000)]) {
      expect(assemble([text(long), text(long, false), more('y', true)])).toEqual([
        `text ${long}`,
        `text ${long}y`,
        'complete',
      ]);
    }
  });

  it('the order of fragments', () => {
    expect(assemble([more('x', true)])).toEqual(['BAD_FRAGMENT 1002']);
    expect(assemble([text('x', false), text('y')])).toEqual(['BAD_FRAGMENT 1002']);
    expect(assemble([text('x', false)])).toEqual(['TRUNCATED_FRAME 1006']);
    expect(assemble([webSocketFrame(1, 'x', true, true)])).toEqual(['BAD_FRAME 1002']);
    expect(assemble([webSocketFrame(8, hex('03'))])).toEqual(['BAD_CLOSE_FRAME 1002']);
  });

  it('limits: exactly, and by one more', () => {
    const config = { maxMessageSize: 4, maxFragments: 2 };
    expect(assemble([text('abcd'), text('ab', false), more('cd', true)], config)).toHaveLength(3);
    expect(assemble([text('abcde')], config)).toEqual(['MESSAGE_TOO_LARGE 1009 maxMessageSize']);
    expect(assemble([text('abc', false), more('de', true)], config)).toEqual(['MESSAGE_TOO_LARGE 1009 maxMessageSize']);
    expect(assemble([text('a', false), more('b'), more('c', true)], config)).toEqual([
      'FRAGMENT_LIMIT 1008 maxFragments',
    ]);
  });

  it('a message of one frame is not copied; a hold on it holds the frame', () => {
    const frames = new Subject<WebSocketFrame>();
    let release: Release | undefined;
    let data: unknown;
    frames.pipe(assembleMessages()).subscribe((event) => {
      release = hold();
      if (event.type === 'binary') data = event.data;
    });
    let consumed = 0;
    const frame = binary('abc');
    deliver(frames, frame, () => consumed++);
    expect(data).toBe(frame.payload);
    expect(consumed).toBe(0);
    release?.();
    expect(consumed).toBe(1);
  });

  it('in time, and errors of the source pass', () => {
    runMarbles(({ cold, expectObservable }) => {
      const frames = cold('-a-p-b-|', { a: text('a', false), p: ping(), b: more('b', true) });
      const types = frames.pipe(
        assembleMessages(),
        map(({ type }) => type[0]),
      );
      expectObservable(types).toBe('---p-t-|');
    });
    let error: unknown;
    throwError(() => new RangeError('mine'))
      .pipe(assembleMessages())
      .subscribe({ error: (one) => (error = one) });
    expect(error).toEqual(new RangeError('mine'));
  });
});

describe('fragmentMessages', () => {
  const fragment = (values: (WebSocketMessage | WebSocketEvent)[], maxFrameSize?: number): string[] => {
    const said: string[] = [];
    from(values)
      .pipe(fragmentMessages(maxFrameSize === undefined ? {} : { maxFrameSize }))
      .subscribe({
        next: (frame) => said.push(describeFrame(frame)),
        error: (error) => said.push(describeError(error)),
      });
    return said;
  };

  it('one frame each by default, else as many as it takes', () => {
    expect(fragment(['', 'hé', Uint8Array.of(1)])).toEqual(['TEXT', 'TEXT 68c3a9', 'BINARY 01']);
    expect(fragment(['abcd', 'abc', ''], 2)).toEqual([
      'TEXT more 6162',
      'CONTINUATION 6364',
      'TEXT more 6162',
      'CONTINUATION 63',
      'TEXT',
    ]);
  });

  it('takes the events of assembleMessages', () => {
    expect(
      fragment([
        { type: 'text', data: 'a' },
        { type: 'binary', data: Uint8Array.of(1) },
        { type: 'ping', data: Uint8Array.of(2) },
        { type: 'pong', data: Uint8Array.of(3) },
        { type: 'close', code: 1000, reason: 'x' },
        { type: 'close', code: 1005, reason: '' },
      ]),
    ).toEqual(['TEXT 61', 'BINARY 01', 'PING 02', 'PONG 03', 'CLOSE 03e878', 'CLOSE']);
    expect(fragment([{ type: 'close', code: 1006, reason: '' }])).toEqual(['usage INVALID_CLOSE_CODE']);
    expect(thrown(() => fragmentMessages({ maxFrameSize: 0 }))).toBe('usage INVALID_LIMIT');
  });

  it('is undone by assembleMessages at every size', () => {
    for (let size = 1; size < 12; size++) {
      const said: string[] = [];
      of<WebSocketMessage[]>('aé中😀', Uint8Array.of(1, 2, 3))
        .pipe(fragmentMessages({ maxFrameSize: size }), assembleMessages())
        .subscribe((event) => said.push(describeEvent(event)));
      expect(said).toEqual(['text aé中😀', 'binary 010203']);
    }
  });
});
