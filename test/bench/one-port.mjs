// What it costs in clear that a port is there for TLS as well.
import { alternate, startServer } from './harness.mjs';
import { hasWrk, wrk } from './wrk.mjs';

/**
 * The first byte is looked at once a connection: on connections that are kept the cost is shared by all their requests, on
 * connections of one request it shows. Short turns, many of them: the difference is small beside what a machine drifts.
 */
export async function onePort({ rounds }) {
  if (!hasWrk) return console.log('\none port: wrk is not installed');
  const servers = {
    'one port, in clear': await startServer('servers.mjs', 'one-port'),
    'the same without TLS': await startServer('servers.mjs', 'rxweir'),
  };
  const turn = { connections: 64, ms: 1000 };
  const contenders = (fields) =>
    Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, () => wrk(server, { ...turn, fields })]));
  for (const run of Object.values(contenders(['connection: close']))) run(); // warm up
  const title = (which) => `one port: wrk -t1 -c64, ${which}`;
  const goal = { 'the same without TLS': 0.97 };
  await alternate(title('connections that are kept'), 'req/s', 2 * rounds, contenders([]), goal);
  await alternate(title('a connection each'), 'req/s', 2 * rounds, contenders(['connection: close']), goal);
  for (const server of Object.values(servers)) await server.stop();
}
