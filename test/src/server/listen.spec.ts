import { EMPTY, catchError, delay, filter, map, mergeMap, of, Subscription, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/server/listen.js';
import type { AnswerableRequest } from '../../../src/server/server-request.js';
import { World, get, inVirtualTime } from './world.js';

/** A stream of requests instead of a handler; `world.server` stands in, for the end. */
function inVirtualTimeOf(body: (world: World, requests: ReturnType<typeof listen>) => Subscription): void {
  inVirtualTime(
    (world) => {
      world.serve(() => ({}), { port: 99 });
      const subscription = body(world, listen({ port: 80, network: world.network, scheduler: world.scheduler }));
      world.at(500_000, () => subscription.unsubscribe());
    },
    () => undefined,
  );
}

describe('listen', () => {
  it('requests are values, answered through themselves', () => {
    const answered: string[] = [];
    inVirtualTimeOf((world, requests) => {
      const subscription = requests
        .pipe(
          filter(({ method }) => method === 'GET'),
          mergeMap((request) => request.respond({ body: request.path }).pipe(map(() => request.path))),
        )
        .subscribe((path) => answered.push(path));
      const client = world.connect(get('/a') + get('/b'));
      world.at(1, () => {
        expect(client.received.match(/\/[ab]/g)).toEqual(['/a', '/b']);
        expect(answered).toEqual(['/a', '/b']);
      });
      return subscription;
    });
  });

  it('respond is cold, and tells when the response is out', () => {
    const log: string[] = [];
    inVirtualTimeOf((world, requests) => {
      const subscription = requests.subscribe((request) => {
        const response = request.respond(of({ body: 'x' }).pipe(delay(5)));
        world.at(10, () =>
          response.subscribe({
            next: () => log.push(`next at ${world.scheduler.now()}`),
            complete: () => log.push(`complete at ${world.scheduler.now()}`),
          }),
        );
      });
      const client = world.connect(get('/'));
      world.at(14, () => expect(client.received).toBe(''));
      world.at(16, () => {
        expect(client.statuses).toEqual([200]);
        expect(log).toEqual(['next at 15', 'complete at 15']);
      });
      return subscription;
    });
  });

  it('a request is answered once', () => {
    const codes: string[] = [];
    inVirtualTimeOf((world, requests) => {
      const subscription = requests.subscribe((request) => {
        request.respond({}).subscribe();
        request.respond({}).subscribe({ error: ({ code }: { code: string }) => codes.push(code) });
      });
      const client = world.connect(get('/'));
      world.at(1, () => {
        expect(client.statuses).toEqual([200]);
        expect(codes).toEqual(['RESPONSE_TWICE']);
      });
      return subscription;
    });
  });

  it('what is wrong with a response is told to whoever gave it; the client gets 500', () => {
    const errors: unknown[] = [];
    inVirtualTimeOf((world, requests) => {
      const subscription = requests
        .pipe(
          mergeMap((request) =>
            request.respond(throwError(() => new Error('boom'))).pipe(
              catchError((error: unknown) => {
                errors.push(error);
                return EMPTY;
              }),
            ),
          ),
        )
        .subscribe();
      const client = world.connect(get('/').repeat(2));
      world.at(1, () => {
        expect(client.statuses).toEqual([500, 500]);
        expect(errors).toMatchObject([{ message: 'boom' }, { message: 'boom' }]);
      });
      return subscription;
    });
  });

  it('a client that goes away is no error: it completes', () => {
    const log: string[] = [];
    inVirtualTimeOf((world, requests) => {
      const note = (name: string) => ({
        next: () => log.push(`${name} next`),
        error: () => log.push(`${name} error`),
        complete: () => log.push(`${name} complete`),
      });
      let late: AnswerableRequest | undefined;
      const subscription = requests.subscribe((request) => {
        if (late) request.respond(of({}).pipe(delay(50))).subscribe(note('waiting'));
        late ??= request;
      });
      const client = world.connect(get('/').repeat(2));
      world.at(10, () => client.socket.error(new Error('gone')));
      world.at(20, () => late?.respond({}).subscribe(note('late')));
      world.at(30, () => expect(log).toEqual(['waiting complete', 'late complete']));
      return subscription;
    });
  });

  it('unsubscribing from a response under way gives it up', () => {
    inVirtualTimeOf((world, requests) => {
      const subscription = requests.subscribe((request) => {
        const answering = request.respond(of({}).pipe(delay(50))).subscribe();
        world.at(10, () => answering.unsubscribe());
      });
      const client = world.connect(get('/'));
      world.at(11, () => expect(client.statuses).toEqual([500]));
      return subscription;
    });
  });

  it('unsubscribing from the requests closes, with grace', () => {
    inVirtualTimeOf((world, requests) => {
      const subscription = requests.subscribe((request) => {
        request.respond(of({ body: 'late' }).pipe(delay(50))).subscribe();
      });
      const client = world.connect(get('/'));
      world.at(10, () => subscription.unsubscribe());
      world.at(51, () => {
        expect(client.statuses).toEqual([200]);
        expect(client.received).toContain('connection: close');
      });
      return subscription;
    });
  });

  it('a bad config is an error of the stream', () => {
    let code: unknown;
    listen({ port: -1 }).subscribe({ error: (error: { code: string }) => (code = error.code) });
    expect(code).toBe('INVALID_OPTION');
  });
});
