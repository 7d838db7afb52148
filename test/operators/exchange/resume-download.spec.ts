import { concat, EMPTY, map, NEVER, of, throwError, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NetworkError, UsageError } from '../../../operators/core/protocol-error.js';
import { parseContentRange } from '../../../operators/exchange/content-range.js';
import { resumeDownload, type ResumeDownloadConfig } from '../../../operators/exchange/resume-download.js';
import { marbles, runMarbles } from '../../support/marbles.js';
import { utf8 } from '../body/bodies.js';
import { FakeClient, type Answer } from './fake-exchange.js';

const broken = (
  text: string,
  error: unknown = new NetworkError('ECONNRESET', 'read', 'reset'),
): Observable<Uint8Array> =>
  concat(
    text === '' ? EMPTY : of(utf8(text)),
    throwError(() => error),
  );
const first = (body: Observable<Uint8Array>, fields: Record<string, string> = {}): Answer => ({
  fields: { etag: '"1"', 'content-length': '6', ...fields },
  body,
});
const rest = (text: string, range: string, fields: Record<string, string> = {}): Answer => ({
  status: 206,
  fields: { 'content-range': range, etag: '"1"', ...fields },
  body: of(utf8(text)),
});

/** What comes of a download with these answers, its error if any, and what was asked for. */
function download(answers: Answer[], config: ResumeDownloadConfig = {}, method = 'GET') {
  const client = new FakeClient((_, at) => answers[at] ?? { status: 404 });
  let text = '';
  let end = 'pending';
  runMarbles(({ scheduler, flush }) => {
    client
      .request({ url: 'http://a.test/', method, headers: { accept: 'x' } })
      .pipe(resumeDownload({ scheduler, ...config }))
      .subscribe({
        next: (chunk) => (text += Buffer.from(chunk).toString()),
        error: (error: { code: string }) => (end = error.code),
        complete: () => (end = 'complete'),
      });
    flush();
  });
  return { text, end, ranges: client.sent.map((_, at) => client.fields(at)['range']), client };
}

describe('resumeDownload', () => {
  it('goes on where it broke off, as often as it takes', () => {
    const resumed: unknown[] = [];
    const { text, end, ranges, client } = download(
      [
        first(broken('ab')),
        { ...rest('', 'bytes 2-5/6'), body: broken('c') },
        rest('def', 'bytes 3-5/6', { 'content-length': '3' }),
      ],
      { onResume: ({ at }) => resumed.push(at) },
    );
    expect([text, end]).toEqual(['abcdef', 'complete']);
    expect(ranges).toEqual([undefined, 'bytes=2-', 'bytes=3-']);
    expect(client.fields(2)).toEqual({ accept: 'x', range: 'bytes=3-', 'if-range': '"1"' });
    expect(resumed).toEqual([2, 3]);
  });

  it('by date where there is no entity tag, and not by a weak one', () => {
    const date = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const byDate = {
      fields: { 'last-modified': date, date: 'Thu, 01 Jan 1970 00:00:01 GMT' },
      body: broken('ab'),
    };
    const { text, client } = download([
      byDate,
      { ...rest('cd', 'bytes 2-3/4'), fields: { 'content-range': 'bytes 2-3/4' } },
    ]);
    expect(text).toBe('abcd');
    expect(client.fields(1)['if-range']).toBe(date);
    for (const fields of [{}, { date }]) {
      const weak = { fields: { 'last-modified': date, ...fields }, body: broken('ab') };
      expect(download([weak]).end).toBe('ECONNRESET');
    }
    expect(download([first(broken('ab'), { etag: 'W/"1"', 'last-modified': date })]).end).toBe('ECONNRESET');
  });

  it.each([
    ['nothing to compare', { body: broken('ab') }, 'GET'],
    ['a server that does not do ranges', first(broken('ab'), { 'accept-ranges': 'none' }), 'GET'],
    ['content that was decoded', { ...first(broken('ab')), decoded: true }, 'GET'],
    ['another status', { ...first(broken('ab')), status: 203 }, 'GET'],
    ['another method', first(broken('ab')), 'POST'],
    ['misuse', first(broken('ab', Object.assign(new UsageError('ECONNRESET', 'x')))), 'GET'],
  ] as [string, Answer, string][])('errors pass with %s', (_, answer, method) => {
    const { text, end, ranges } = download([answer], {}, method);
    expect([text, end, ranges.length]).toEqual(['ab', 'ECONNRESET', 1]);
  });

  it('F5 a part that is not the one asked for is refused', () => {
    const wrong = [
      rest('cdef', 'bytes 1-5/6'),
      rest('cdef', 'bytes 3-5/6'),
      rest('cdef', 'bytes 2-5/7'),
      rest('cdef', 'bytes 2-5/*'),
      rest('cd', 'bytes 2-3/6'),
      rest('cdef', 'bytes 2-5/6', { 'content-length': '3' }),
      rest('cdef', 'items 2-5/6'),
      { ...rest('cdef', ''), fields: { etag: '"1"', 'content-type': 'multipart/byteranges' } },
    ];
    for (const answer of wrong) {
      const { text, end } = download([first(broken('ab')), answer]);
      expect([text, end]).toEqual(['ab', 'BAD_CONTENT_RANGE']);
    }
  });

  it('F5 another representation is refused', () => {
    for (const answer of [
      { status: 200, body: of(utf8('other!')) },
      rest('cdef', 'bytes 2-5/6', { etag: '"2"' }),
      { status: 412 },
    ]) {
      expect(download([first(broken('ab')), answer]).end).toBe('DOWNLOAD_CHANGED');
    }
    expect(download([first(broken('ab')), { status: 403 }]).end).toBe('RESUME_REFUSED');
  });

  it('a failure behind the last byte is none', () => {
    const answer = { status: 416, fields: { 'content-range': 'bytes */6' } };
    expect(download([first(broken('abcdef')), answer])).toMatchObject({ text: 'abcdef', end: 'complete' });
    expect(download([first(broken('ab')), answer]).end).toBe('RESUME_REFUSED');
  });

  it('trouble of the server, and of the connection, is one more try; maxResumes of them', () => {
    const busy = { status: 503 };
    expect(download([first(broken('ab')), busy, rest('cdef', 'bytes 2-5/6')])).toMatchObject({
      text: 'abcdef',
      end: 'complete',
    });
    expect(download([first(broken('ab')), busy, busy, busy, busy, busy, rest('cdef', 'bytes 2-5/6')])).toMatchObject({
      end: 'RESUME_REFUSED',
    });
    expect(download([first(broken('ab')), rest('cdef', 'bytes 2-5/6')], { maxResumes: 0 }).end).toBe('ECONNRESET');
  });

  it('what fails on the way to another try is its error', () => {
    const onResume = (): void => {
      throw Object.assign(new Error('no'), { code: 'MINE' });
    };
    expect(download([first(broken('ab'))], { onResume }).end).toBe('MINE');
    expect(download([first(broken('ab'))], { delay: -1 }).end).toBe('INVALID_OPTION');
  });

  it(
    'waits longer each time, and is let go in a wait',
    marbles((m) => {
      const text = (answers: Answer[], config: ResumeDownloadConfig = {}) =>
        new FakeClient((_, at) => answers[at] ?? { status: 404 }).request({ url: 'http://a.test/' }).pipe(
          resumeDownload({ delay: 10, ...config }),
          map((chunk) => Buffer.from(chunk).toString()),
        );
      const answers = [first(broken('a')), { ...rest('', 'bytes 1-5/6'), body: broken('b') }, rest('c', 'bytes 2-5/6')];
      m.expect(text(answers)).toBeObservable('a 9ms b 19ms (c|)');
      m.expect(text(answers), '5ms !').toBeObservable('a');
      m.expect(text([first(NEVER)]), '5ms !').toBeObservable('-');
    }),
  );
});

describe('parseContentRange', () => {
  it.each([
    ['bytes 0-499/1234', [0, 499, 1234]],
    ['Bytes 0-0/1', [0, 0, 1]],
    ['bytes 5-9/*', [5, 9, undefined]],
    ['bytes */7', [undefined, undefined, 7]],
  ])('%s', (value, [firstByte, last, total]) => {
    expect(parseContentRange(value)).toEqual({ first: firstByte, last, total });
  });

  it.each([
    undefined,
    '',
    'bytes',
    'bytes 1-0/5',
    'bytes 0-5/5',
    'bytes */*',
    'bytes 0-/5',
    'bytes -5/5',
    'bytes 0-1-2/5',
    'bytes 0-1/5/6',
    'items 0-1/5',
    'bytes 0x0-1/5',
    'bytes 0-1/9999999999999999',
  ])('not %j', (value) => {
    expect(parseContentRange(value)).toBeUndefined();
  });
});
