import { EMPTY, from, map, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { encodeServerSentEvents } from '../../../operators/body/encode-server-sent-events.js';
import { serverSentEvents } from '../../../operators/body/server-sent-events.js';
import { deliver, hold } from '../../../operators/core/deliver.js';
import { splits } from '../../support/every-split.js';
import { marbles } from '../../support/marbles.js';
import { creditSource } from '../core/credit-source.js';
import { message, seen, utf8 } from './bodies.js';

const event = (
  data: string,
  { type = 'message', id = '', retry }: { type?: string; id?: string; retry?: number } = {},
) => ({
  type,
  data,
  id,
  retry,
});

describe('serverSentEvents', () => {
  it.each([
    ['nothing', '', []],
    ['one', 'data: x\n\n', [event('x')]],
    ['all fields', 'event: add\nid: 7\nretry: 10\ndata: x\n\n', [event('x', { type: 'add', id: '7', retry: 10 })]],
    [
      'LF, CR and CR LF',
      'data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n',
      ['a', 'b', 'c', 'd'].map((d) => event(d)),
    ],
    ['a byte-order mark, once', '\ufeffdata: x\n\n\ufeffdata: y\n\n', [event('x')]],
    ['lines of data', 'data: a\ndata:\ndata: b\ndata\n\n', [event('a\n\nb\n')]],
    ['empty data', 'data\n\ndata\ndata\n\ndata:', [event(''), event('\n')]],
    ['one space, not two', 'data:x\ndata: x\ndata:  x\n\n', [event('x\nx\n x')]],
    ['comments and unknown fields', ': hi\nfoo: bar\n:\ndata: x\nDATA: y\n\n', [event('x')]],
    ['a field name with a space is another', 'data : x\ndata: y\n\n', [event('y')]],
    ['no data, no event, and the type is forgotten', 'event: add\n\ndata: x\n\n', [event('x')]],
    [
      'the identifier stays',
      'id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n',
      [event('a', { id: '1' }), event('b', { id: '1' }), event('c')],
    ],
    ['an identifier with NUL is none', 'id: 1\nid: a\0b\ndata: x\n\n', [event('x', { id: '1' })]],
    ['an identifier without data counts', 'id: 1\n\ndata: x\n\n', [event('x', { id: '1' })]],
    [
      'retry is digits only',
      'retry: 5\nretry: 1x\nretry: -1\nretry: 1.5\nretry:\ndata: x\n\n',
      [event('x', { retry: 5 })],
    ],
    ['what is not ended is dropped', 'data: x\n\ndata: y\n', [event('x')]],
    ['several bytes a character', 'data: é€😀\n\n', [event('é€😀')]],
    ['the example of the standard', 'data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
  ])('%s, split at every byte', (_, body, expected) => {
    for (const chunks of splits(utf8(body))) {
      expect(seen(from(chunks).pipe(serverSentEvents()))).toEqual([...expected, 'complete']);
    }
  });

  it('none, over messages, and malformed UTF-8 becomes U+FFFD', () => {
    expect(seen(EMPTY.pipe(serverSentEvents()))).toEqual(['complete']);
    expect(seen(of(message('data: x\n\n')).pipe(serverSentEvents()))).toEqual([event('x'), 'complete']);
    const broken = Buffer.from([...Buffer.from('data: '), 0xff, 10, 10]);
    expect(seen(of(broken).pipe(serverSentEvents()))).toEqual([event('\ufffd'), 'complete']);
  });

  it.each([
    ['one line', 'data: 1234\n\n', 10],
    ['several lines', 'data: 1\nid: 1\n\n', 12],
    ['empty data lines', 'data\ndata\ndata\n\n', 12],
  ])('maxEventBytes with %s: met exactly, and passed by one, under every chunking', (_, body, size) => {
    for (const chunks of splits(utf8(body))) {
      expect(seen(from(chunks).pipe(serverSentEvents({ maxEventBytes: size }))).at(-1)).toBe('complete');
      expect(seen(from(chunks).pipe(serverSentEvents({ maxEventBytes: size - 1 })))).toEqual(['error EVENT_TOO_LONG']);
    }
  });

  it('comments do not add up, one of them is bounded', () => {
    const body = `${': alive\n'.repeat(100)}data: x\n\n`;
    expect(seen(of(utf8(body)).pipe(serverSentEvents({ maxEventBytes: 10 })))).toEqual([event('x'), 'complete']);
    expect(seen(of(utf8(': alive and well')).pipe(serverSentEvents({ maxEventBytes: 10 })))).toEqual([
      'error EVENT_TOO_LONG',
    ]);
  });

  it('the bound is 1 MiB, and stops an endless line there', () => {
    const credit = creditSource({ count: 1000, window: 65536, make: () => new Uint8Array(65536).fill(97) });
    let error: unknown;
    credit.bytes.pipe(serverSentEvents()).subscribe({ error: (found: unknown) => (error = found) });
    expect(error).toMatchObject({ code: 'EVENT_TOO_LONG', limit: 'maxEventBytes', scope: 'message' });
    expect(credit).toMatchObject({ sent: 17, unreturned: 0 });
  });

  it('an event that is held holds its chunk, half an event holds nothing', () => {
    const credit = creditSource({ count: 3, size: 1, window: 1, make: () => utf8('data: x\n\ndata: y') });
    const releases: (() => void)[] = [];
    credit.bytes.pipe(serverSentEvents()).subscribe(() => releases.push(hold()));
    expect(credit.sent).toBe(1);
    releases[0]?.();
    expect(credit.sent).toBe(2);
  });

  it('take(1) stops the loop; a consumer that sends into the source gets it in order', () => {
    expect(seen(of(utf8('data: a\n\ndata: b\n\n')).pipe(serverSentEvents(), take(1)))).toEqual([
      event('a'),
      'complete',
    ]);
    const source = new Subject<Uint8Array>();
    const log: string[] = [];
    const back: string[] = [];
    source.pipe(serverSentEvents()).subscribe({
      next({ data }) {
        log.push(data);
        if (data === 'a') deliver(source, utf8('data: c\n\n'), () => back.push('c'));
        if (data === 'b') source.complete();
      },
      complete: () => log.push('complete'),
    });
    source.next(utf8('data: a\n\ndata: b\n\n'));
    expect(log).toEqual(['a', 'b', 'c', 'complete']);
    expect(back).toEqual(['c']);
  });

  it(
    'comes with the chunk that ends it; errors pass, leaving lets go',
    marbles((m) => {
      const source = m.hot('a--b---#', { a: utf8('data: x\n'), b: utf8('\ndata: y\n\n') });
      const data = source.pipe(
        serverSentEvents(),
        map((one) => one.data),
      );
      m.expect(data).toBeObservable('---(xy)#');
      m.expect(data, '--!').toBeObservable('---');
      m.expect(source).toHaveSubscriptions(['^------!', '^-!']);
    }),
  );
});

describe('encodeServerSentEvents', () => {
  const written = (value: Parameters<ReturnType<typeof encodeServerSentEvents>>[0] extends never ? never : unknown) =>
    seen(
      of(value as string).pipe(
        encodeServerSentEvents(),
        map((bytes) => Buffer.from(bytes).toString()),
      ),
    )[0];

  it.each([
    ['x', 'data: x\n\n'],
    [{ data: '' }, 'data: \n\n'],
    [{ data: 'a\nb\r\nc\rd\n' }, 'data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n'],
    [{ type: 'add', id: '7', retry: 10, data: 'é' }, 'event: add\nid: 7\nretry: 10\ndata: é\n\n'],
    [{ comment: 'alive' }, ': alive\n\n'],
    [{ comment: 'a\nb', data: 'x' }, ': a\n: b\ndata: x\n\n'],
    [{ id: '' }, 'id: \n\n'],
  ])('%j', (value, text) => {
    expect(written(value)).toBe(text);
  });

  it.each([
    { type: 'a\nb' },
    { type: 'a\rb' },
    { id: 'a\0' },
    { id: 'a\r' },
    { retry: -1 },
    { retry: 1.5 },
    { retry: NaN },
  ])('refuses %j', (value) => {
    expect(written(value)).toBe('error INVALID_EVENT');
  });

  it('is undone by serverSentEvents', () => {
    const events = [
      { type: 'message', data: ' two\nlines', id: '1', retry: undefined },
      { type: 'add', data: ':\u00e9', id: '2', retry: 5 },
    ];
    expect(seen(from(events).pipe(encodeServerSentEvents(), serverSentEvents()))).toEqual([...events, 'complete']);
  });
});
