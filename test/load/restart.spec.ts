/**
 * No accepted request is lost without a word: a server whose process is replaced 20 times under fire, by clients that repeat what
 * failed. The next process begins as soon as the one before has given up the port, and while it still answers. Each request is answered exactly once; each one whose handler began is answered by that handler; each failure is typed, and of
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
import { freePort, startProcess, type Peer } from '../support/peers.js';

const RESTARTS = 20;
const LANES = 16;
const BODY = 'a body of some length. '.repeat(100);

/** What may become of a request while its server goes. */
const REPEATED = new Set(['CONNECTION_CLOSED', 'STREAM_UNPROCESSED', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** What a server says at its end. */
interface Report {
  readonly begun: readonly string[];
  readonly failed: number;
  readonly underWay: number;
}

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

    const start = async (): Promise<Peer> => {
      const server = await startProcess(
        process.execPath,
        [join(import.meta.dirname, 'restart-server.mjs'), `${port}`],
        {
          ready: /listening/,
          timeout: 30_000,
        },
      );
      onTestFinished(() => server.stop());
      return server;
    };
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await Promise.race([once(turns, 'turn'), fired]);
    };
    const answers = async (count: number): Promise<void> => {
      const before = requests;
      await until(() => requests >= before + count);
    };
    const servers = [await start()];
    const last = (): Peer => servers.at(-1) as Peer;
    for (let restart = 1; restart <= RESTARTS; restart++) {
      await answers(50);
      process.kill(last().pid, 'SIGTERM'); // others are under way
      await until(() => last().output().includes('closing'));
      servers.push(await start());
    }
    await answers(50);
    firing = false;
    await fired;
    process.kill(last().pid, 'SIGTERM');
    const reports: Report[] = [];
    for (const server of servers) {
      expect(await server.exited, server.output()).toBe(0);
      reports.push(JSON.parse(server.output().trim().split('\n').at(-1) ?? '') as Report);
    }
    const begun = reports.flatMap((report) => report.begun);
    await lastValueFrom(client.close(), { defaultValue: undefined });

    expect(wrong).toEqual([]);
    expect(begun.filter((id) => !answered.has(id))).toEqual([]);
    expect(new Set(begun).size).toBe(begun.length);
    expect(reports.map(({ failed }) => failed)).toEqual(reports.map(() => 0));
    expect(answered.size).toBe(requests);
    expect(requests).toBe(index);
    expect(new Set([...answered].map((id) => id.split('.')[0])).size).toBe(requests);
    const seen = new Set(begun);
    expect([...answered].filter((id) => !seen.has(id))).toEqual([]);
    expect([...failures].filter(([id, code]) => !REPEATED.has(code) || seen.has(id))).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(50 * (RESTARTS + 1));
    // Under fire: each process had work to do, and was told to go while it did.
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(RESTARTS + 1);
    expect(reports.filter((report) => report.begun.length === 0)).toEqual([]);
    expect(reports.reduce((sum, { underWay }) => sum + underWay, 0)).toBeGreaterThan(RESTARTS);
  }, 120_000);
});
