import { EMPTY, map, NEVER, Observable, of, type SchedulerLike, Subscription, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BodyInput } from '../../../operators/body/body-of.js';
import { resumeEvents, type ResumePoint } from '../../../operators/body/resume-events.js';
import { UsageError } from '../../../operators/core/protocol-error.js';
import { Fields } from '../../../operators/http/fields.js';
import { marbles, runMarbles } from '../../support/marbles.js';
import { seen, utf8 } from './bodies.js';

const response = (body: Observable<Uint8Array>, status = 200, type = 'text/event-stream;charset=utf-8') => ({
  status,
  body,
  fields: new Fields({ 'content-type': type }),
});

describe('resumeEvents', () => {
  it('takes up where it was after an error or an end, with the wait the source asks for', () => {
    runMarbles(({ expectObservable, cold }) => {
      let opened = 0;
      const bodies = [
        cold('-a-#', { a: utf8('id: 1\ndata: a\n\n') }),
        cold('b|', { b: utf8('retry: 5\nid: 2\n\n') }),
        cold('-c|', { c: utf8('data: c\n\n') }),
      ];
      const events = resumeEvents(() => of(response(bodies[opened++] ?? NEVER)), { delay: 10 }).pipe(
        map(({ data, id }) => `${data}${id}`),
      );
      // fails at 3, again at 13; ends at 14, again at 19
      expectObservable(events, '30ms !').toBe('-a 18ms b', { a: 'a1', b: 'c2' });
    });
  });

  it('tells the points', () => {
    runMarbles(({ expectObservable, cold, flush }) => {
      const points: ResumePoint[] = [];
      const bodies = [cold('a#', { a: utf8('id: é1\ndata: a\n\n') }), cold('b|', { b: utf8('id\n\n') })];
      const events = resumeEvents((point) => {
        points.push(point);
        return (bodies[points.length - 1] ?? NEVER) as Observable<BodyInput>;
      });
      expectObservable(events.pipe(map(({ data }) => data))).toBe('a');
      flush();
      expect(points).toEqual([
        { lastEventId: '', attempt: 0 },
        { lastEventId: Buffer.from('é1').toString('latin1'), attempt: 1 },
        { lastEventId: '', attempt: 2 },
      ]);
    });
  });

  it('never waits longer than a timer can', () => {
    const waits: unknown[] = [];
    const scheduler: SchedulerLike = {
      now: () => 0,
      schedule(_work: unknown, delay?: number) {
        waits.push(delay);
        return Subscription.EMPTY;
      },
    };
    resumeEvents(() => of(utf8('retry: 9999999999\n\n')), { scheduler, maxDelay: Infinity }).subscribe();
    expect(waits).toEqual([2 ** 31 - 1]);
  });

  it(
    'waits 3 s, at most maxDelay, and is let go in a wait',
    marbles((m) => {
      const source = m.cold('#');
      const open = () => source as Observable<BodyInput>;
      m.expect(resumeEvents(open, { maxAttempts: 2 })).toBeObservable('3s #');
      const slow = m.cold('r#', { r: utf8('retry: 99999999\n\n') });
      m.expect(resumeEvents(() => slow, { maxAttempts: 2, maxDelay: 50 })).toBeObservable('50ms --#');
      const left = m.cold('#');
      m.expect(
        resumeEvents(() => left as Observable<BodyInput>),
        '10ms !',
      ).toBeObservable('');
      m.expect(left).toHaveSubscriptions(['(^!)']);
    }),
  );

  it(
    'counts connections in a row without an event',
    marbles((m) => {
      let n = 0;
      const event = { a: utf8('data: a\n\n') };
      const bodies = [m.cold('|'), m.cold<Uint8Array>('a|', event), m.cold('|'), m.cold('|')];
      const events = resumeEvents(() => bodies[n++] as Observable<BodyInput>, { delay: 2, maxAttempts: 2 });
      m.expect(events.pipe(map(({ data }) => data))).toBeObservable('--a----|');
    }),
  );

  it.each([
    ['another status', () => of(response(EMPTY, 500)), ['error EVENT_STREAM_REFUSED']],
    ['another content type', () => of(response(EMPTY, 200, 'text/html')), ['error EVENT_STREAM_REFUSED']],
    ['204', () => of(response(EMPTY, 204, '')), ['complete']],
    ['misuse', () => throwError(() => new UsageError('NO', 'no')), ['error NO']],
    ['an error the caller wants no retry for', () => throwError(() => ({ code: 'MINE' })), ['error MINE']],
  ])('%s is final', (_, open, end) => {
    expect(seen(resumeEvents(open as () => Observable<BodyInput>, { retry: () => false }))).toEqual(end);
  });

  it('a refusal is final although errors are not', () => {
    expect(seen(resumeEvents(() => of(response(EMPTY, 404))))).toEqual(['error EVENT_STREAM_REFUSED']);
  });

  it('lets the body of a refusal go', () => {
    let released = false;
    const body = new Observable<Uint8Array>(() => () => (released = true));
    resumeEvents(() => of(response(body, 404))).subscribe({ error: () => undefined });
    expect(released).toBe(true);
  });

  it('each subscription starts anew', () => {
    runMarbles(({ expectObservable, cold }) => {
      const body = cold('a---', { a: utf8('id: 1\ndata: a\n\n') });
      const points: string[] = [];
      const events = resumeEvents(({ lastEventId }) => {
        points.push(lastEventId);
        return body;
      }).pipe(map(({ data }) => data));
      expectObservable(events, '--!').toBe('a');
      expectObservable(events, '--!').toBe('a');
    });
  });
});
