// wrk as a load maker of one thread.
import { execFileSync, spawnSync } from 'node:child_process';
import { onFirstCore } from './one-core.mjs';

export const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/**
 * The rate of a server under load, and the microseconds of processor time each answer took it, where the system tells.
 *
 * @param server what `startServer` gives
 * @param fields further ones of the request, as lines
 */
export function wrk(server, { connections, ms, path = '/', fields = [] }) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const lines = fields.flatMap((line) => ['-H', line]);
  const before = server.cpu?.();
  const url = `http://127.0.0.1:${server.port}${path}`;
  const load = onFirstCore('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...lines, url]);
  const text = execFileSync(...load, { encoding: 'utf8' });
  const failed = /Non-2xx.*|Socket errors.*/.exec(text)?.[0];
  if (failed) throw new Error(`${url}: ${failed}`);
  const answers = Number(/(\d+) requests in/.exec(text)[1]);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]),
    cpu: before === undefined ? undefined : (server.cpu() - before) / answers,
  };
}
