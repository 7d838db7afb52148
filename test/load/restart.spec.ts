/**
 * No accepted request is lost without a word: a server that is restarted 20 times under fire, by clients that repeat what failed.
 * Each request is answered exactly once; each one whose handler began is answered by that handler; each failure is typed, and of
 * a request that no handler has seen, so that repeating it is right whatever its method.
 */
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import {
  defer,
  EMPTY,
  lastValueFrom,
  map,
  mergeMap,
  of,
  range,
  repeat,
  retry,
  throwError,
  timer,
  type Observable,
} from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { isNetworkError, isProtocolError } from '../../operators/core/protocol-error.js';
import { createClient } from '../../src/client/create-client.js';
import { builtPackage } from '../support/built-package.js';
import { freePort, startProcess } from '../support/peers.js';

const RESTARTS = 20;
const LANES = 16;
const BODY = 'a body of some length. '.repeat(100);

/** What may become of a request while its server goes. */
const REPEATED = new Set(['CONNECTION_CLOSED', 'STREAM_UNPROCESSED', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

const KINDS = ['fast', 'slow', 'parts', 'echo'] as const;

beforeAll(async () => {
  await builtPackage();
});

describe('20 restarts under fire', () => {
  it('HTTP/1 and 2: every request is answered exactly, none is begun and not answered', async () => {
    const port = await freePort();
    const client = createClient();
    const turns = new EventEmitter();
    /** Attempts that were answered, and what the others failed with. */
    const answered = new Set<string>();
    const failures = new Map<string, string>();
    const wrong: string[] = [];
    let requests = 0;
    let firing = true;

    let index = 0;
    const fire = (): Observable<void> => {
      const request = index++;
      const kind = KINDS[request % KINDS.length] as string;
      const version = (request >> 2) % 2 === 0 ? '1.1' : '2';
      let attempts = 0;
      let id = '';
      return defer(() => {
        id = `${request}.${attempts++}`;
        return client.request({
          url: `http://127.0.0.1:${port}/${kind}`,
          version,
          headers: { 'x-attempt': id },
          ...(kind === 'echo' && { method: 'POST', body: BODY }),
        });
      }).pipe(
        text(),
        map((body) => {
          if (body !== `${kind} ${id}${kind === 'echo' ? ` ${BODY}` : ''}`) wrong.push(`${id}: ${body.slice(0, 50)}`);
          answered.add(id);
          requests++;
          turns.emit('turn');
        }),
        retry({
          delay: (error: unknown) => {
            const code = isNetworkError(error) || isProtocolError(error) ? error.code : String(error);
            failures.set(id, code);
            turns.emit('turn');
            return REPEATED.has(code) ? timer(20) : throwError(() => error);
          },
        }),
      );
    };
    const fired = lastValueFrom(
      range(0, LANES).pipe(mergeMap(() => defer(fire).pipe(repeat({ delay: () => (firing ? of(0) : EMPTY) })))),
    );

    const server = await startProcess(process.execPath, [join(import.meta.dirname, 'restart-server.mjs'), `${port}`], {
      ready: /listening/,
      timeout: 30_000,
    });
    onTestFinished(() => server.stop());
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await once(turns, 'turn');
    };
    for (let restart = 1; restart <= RESTARTS; restart++) {
      const before = requests;
      await until(() => requests >= before + 50);
      process.kill(server.pid, 'SIGUSR2'); // others are under way
      await until(() => server.output().split('listening').length > restart + 1);
    }
    const before = requests;
    await until(() => requests >= before + 50);
    firing = false;
    await fired;
    process.kill(server.pid, 'SIGTERM');
    expect(await server.exited, server.output()).toBe(0);
    const [report = ''] = server.output().trim().split('\n').slice(-1);
    const { begun, failed } = JSON.parse(report) as { begun: string[]; failed: number };
    await lastValueFrom(client.close(), { defaultValue: undefined });

    expect(wrong).toEqual([]);
    expect(begun.filter((id) => !answered.has(id))).toEqual([]);
    expect(new Set(begun).size).toBe(begun.length);
    expect(failed).toBe(0);
    expect(answered.size).toBe(requests);
    const seen = new Set(begun);
    expect([...answered].filter((id) => !seen.has(id))).toEqual([]);
    expect([...failures].filter(([id, code]) => !REPEATED.has(code) || seen.has(id))).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(50 * (RESTARTS + 1));
  }, 60_000);
});
