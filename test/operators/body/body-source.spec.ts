import { Readable } from 'node:stream';
import { from, of, Subject, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { planBody, type BodyPlan, type BodySource } from '../../../operators/body/body-source.js';
import { hold } from '../../../operators/core/deliver.js';

const plan = (source: unknown): BodyPlan => planBody(source as BodySource, () => 'BOUNDARY');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Sent {
  readonly text: string;
  readonly chunks: number;
  readonly end: unknown;
}

function send(stream: Observable<Uint8Array> | undefined): Promise<Sent> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    const done = (end: unknown): void =>
      resolve({ text: Buffer.concat(chunks).toString(), chunks: chunks.length, end });
    stream?.subscribe({ next: (chunk) => chunks.push(chunk), error: done, complete: () => done('complete') });
  });
}

async function* asyncValues(...values: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* values;
}
function* values(...given: unknown[]): Generator<unknown> {
  yield* given;
}

describe('what is known now', () => {
  it.each([
    ['a string', 'hé€😀', 'hé€😀', 'text/plain;charset=UTF-8'],
    ['an empty string', '', '', 'text/plain;charset=UTF-8'],
    ['bytes', utf8('ab'), 'ab', undefined],
    ['a Buffer', Buffer.from('ab'), 'ab', undefined],
    [
      'a query',
      new URLSearchParams({ a: '1 &', b: 'é' }),
      'a=1+%26&b=%C3%A9',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
  ])('%s', (_name, source, text, contentType) => {
    const { bytes, ...rest } = plan(source);
    expect(new TextDecoder().decode(bytes)).toBe(text);
    const length = utf8(text).length;
    expect(rest).toEqual({ length, contentType, stream: undefined, replayable: true, pull: true });
  });

  it('bytes are not copied', () => {
    const source = new Uint8Array(3);
    expect(plan(source).bytes).toBe(source);
  });

  it('a form without files', () => {
    const form = new FormData();
    form.append('a', '1');
    const { bytes, length, contentType, stream } = plan(form);
    expect(length).toBe(bytes?.length);
    expect(contentType).toBe('multipart/form-data; boundary=BOUNDARY');
    expect(stream).toBeUndefined();
  });
});

describe('what is streamed', () => {
  const cases: [name: string, make: () => unknown, replayable: boolean, pull: boolean][] = [
    ['an array', () => ['a', utf8('b')], true, true],
    ['a Set', () => new Set(['a', 'b']), true, true],
    ['a generator', () => values('a', 'b'), false, true],
    ['an async generator', () => asyncValues('a', 'b'), false, true],
    ['a Node.js stream', () => Readable.from(['a', 'b']), false, true],
    ['a web stream', () => ReadableStream.from(['a', 'b']), false, true],
    ['a Blob', () => new Blob(['a', 'b']), true, true],
    ['an Observable', () => of('a', utf8('b')), true, false],
    [
      'something like an Observable',
      () => ({ [Symbol.observable ?? '@@observable']: () => of('a', 'b') }),
      true,
      false,
    ],
    ['a promise', () => Promise.resolve('ab'), true, false],
  ];

  it.each(cases)('%s', async (_name, make, replayable, pull) => {
    const made = plan(make());
    expect(made).toMatchObject({ bytes: undefined, replayable, pull });
    expect(await send(made.stream)).toMatchObject({ text: 'ab', end: 'complete' });
    const again = await send(made.stream);
    if (replayable) expect(again).toMatchObject({ text: 'ab', end: 'complete' });
    else expect(again).toMatchObject({ text: '', end: { name: 'UsageError', code: 'BODY_CONSUMED' } });
  });

  it('the size and the type of a Blob', () => {
    expect(plan(new Blob(['abc'], { type: 'image/png' }))).toMatchObject({ length: 3, contentType: 'image/png' });
    expect(plan(new Blob(['abc']))).toMatchObject({ length: 3, contentType: undefined });
  });

  it('other sources have no length', () => {
    for (const source of [['a'], of('a'), asyncValues('a')]) {
      expect(plan(source)).toMatchObject({ length: undefined, contentType: undefined });
    }
  });

  it('empty chunks are dropped: on the wire one would be the end', async () => {
    expect(await send(plan(['', 'a', new Uint8Array(0), 'b', '']).stream)).toEqual({
      text: 'ab',
      chunks: 2,
      end: 'complete',
    });
  });

  it('a pair of surrogates cut by a border stays whole; half a pair becomes U+FFFD', async () => {
    expect((await send(plan(['a\ud83d', '\ude00b']).stream)).text).toBe('a😀b');
    expect((await send(plan(['\ud83d', '\ude00']).stream)).text).toBe('😀');
    expect((await send(plan(['a\ud83d', 'b', '\ude00', '\ud83d']).stream)).text).toBe('a\ufffdb\ufffd\ufffd');
    expect((await send(plan(['a\ud83d', utf8('b')]).stream)).text).toBe('a\ufffdb');
  });

  it('passes the errors of sources', async () => {
    const failing = new Readable({ read: () => undefined });
    const sent = send(plan(failing).stream);
    failing.destroy(new Error('broken'));
    expect(await sent).toMatchObject({ end: { message: 'broken' } });
  });
});

describe('what is refused', () => {
  it.each([null, undefined, 5, true, {}, () => 'a', Symbol('s')])('%s is no body', (source) => {
    expect(() => plan(source)).toThrow(expect.objectContaining({ name: 'UsageError', code: 'INVALID_BODY' }));
  });

  it.each([
    ['numbers', [5]],
    ['null', [null]],
    ['objects', [{}]],
    ['undefineds', [undefined]],
    ['numbers', new Uint16Array(2)],
  ])('chunks that are %s', async (kind, source) => {
    expect(await send(plan(source).stream)).toMatchObject({
      end: { code: 'INVALID_BODY_CHUNK', message: expect.stringContaining(kind) as string },
    });
  });
});

describe('pulling', () => {
  it('the next chunk is asked for when the one before has gone', () => {
    const asked: string[] = [];
    function* source() {
      for (const name of 'abc') {
        asked.push(name);
        yield name;
      }
    }
    const held: (() => void)[] = [];
    plan(source()).stream?.subscribe(() => held.push(hold()));
    expect(asked).toEqual(['a']);
    held[0]?.();
    expect(asked).toEqual(['a', 'b']);
  });

  it('10 000 synchronous chunks do not recurse', async () => {
    expect(await send(plan(Array.from({ length: 10_000 }, () => 'x')).stream)).toMatchObject({ chunks: 10_000 });
    expect(await send(plan(values(...Array.from({ length: 10_000 }, () => 'x'))).stream)).toMatchObject({
      chunks: 10_000,
    });
  });

  it('being left ends the source', async () => {
    const stream = new Readable({ read: () => undefined });
    plan(stream).stream?.subscribe().unsubscribe();
    await turn();
    expect(stream.destroyed).toBe(true);
    const subject = new Subject<string>();
    plan(subject).stream?.subscribe().unsubscribe();
    expect(subject.observed).toBe(false);
  });

  it('a promise gives its value, and its rejection', async () => {
    const rejected = Promise.reject(new Error('rejected'));
    expect(await send(plan(rejected).stream)).toMatchObject({ end: { message: 'rejected' } });
  });

  it('an Observable of arrays of bytes is flattened by no one', async () => {
    expect(await send(plan(from([[1, 2]]).pipe(toArray())).stream)).toMatchObject({
      end: { code: 'INVALID_BODY_CHUNK' },
    });
  });
});
