import { alternate, measure, show, startNginx, startServer } from './harness.mjs';
import { hasWrk, wrk } from './wrk.mjs';

export { floods } from './floods.mjs';
export { http2Client, http2Download, http2Server } from './http2.mjs';
export { onePort } from './one-port.mjs';
export { staticFiles } from './static.mjs';
export { webSocket, webSocketIdle } from './web-socket.mjs';

/**
 * 64 keep-alive GETs in flight. nginx answers where it is installed: a responder in JavaScript is as busy as the client it
 * answers, so that the rate would be its own.
 */
export async function client({ rounds, ms }) {
  const nginx = await startNginx();
  const server = nginx ?? (await startServer('servers.mjs', 'net'));
  const run = (name) => () => measure('clients.mjs', name, server.port, ms);
  await alternate(
    `client: 64 concurrent keep-alive GETs, ${nginx ? 'nginx' : 'a bare net responder'} answers`,
    'req/s',
    rounds,
    {
      rxweir: run('rxweir'),
      'rxweir, switchMap and repeat': run('rxweir-composed'),
      'undici request': run('undici-request'),
      'undici dispatch': run('undici-dispatch'),
      'node:http': run('node-http'),
      'bare net (only counts)': run('net'),
      'the least Node can do': run('floor'),
    },
    { 'undici request': 1.7, 'undici dispatch': 1.3, 'node:http': 3.5 },
  );
  await server.stop();
}

/** `wrk -t1 -c64`, or our own load maker where wrk is not installed. */
export async function server({ rounds, ms }) {
  const servers = {};
  for (const name of ['rxweir', 'rxweir-of', 'node-http', 'net'])
    servers[name] = await startServer('servers.mjs', name);
  const run = (name) => async () => load(servers[name], ms);
  await alternate(
    `server: ${hasWrk ? 'wrk -t1 -c64' : 'bare net load, 64 connections (wrk is not installed)'}`,
    'req/s',
    rounds,
    {
      rxweir: run('rxweir'),
      'rxweir, handler returns of()': run('rxweir-of'),
      'node:http': run('node-http'),
      'bare net responder': run('net'),
    },
    { 'node:http': 1.5 },
  );
  for (const each of Object.values(servers)) await each.stop();
}

/** One 512 MiB response. */
export async function download({ rounds }) {
  const mebibytes = 512;
  const server = await startServer('servers.mjs', 'big', String(mebibytes));
  const run = (name) => () => measure('downloads.mjs', name, server.port);
  await alternate(
    `download: ${mebibytes} MiB`,
    'MB/s',
    rounds,
    {
      rxweir: run('rxweir'),
      'bare net byte counter': run('net'),
      'undici request': run('undici'),
      'node:http': run('node-http'),
    },
    { 'bare net byte counter': 0.95 },
  );
  await server.stop();
}

/** 10 000 idle keep-alive connections: resident memory each, on the server. */
export async function idle() {
  await idleConnections(10_000, 16_384, 'plain');
}

/** The same over TLS, 4000 of them. */
export async function idleTls() {
  await idleConnections(4000, 49_152, 'tls');
}

async function idleConnections(count, goal, transport) {
  const { bytes, node } = await measure('idle.mjs', count, transport);
  console.log(`\nidle keep-alive connections, ${transport}: ${count}`);
  console.log(`  rxweir server      ${Math.round(bytes)} B RSS each  goal ${goal} ${bytes <= goal ? 'met' : 'MISSED'}`);
  console.log(`  server of Node     ${Math.round(node)} B RSS each`);
}

/** The decoders alone. */
export async function parser() {
  console.log();
  await show('http1-parser.mjs');
}

/** What held delivery costs over a bare chain. */
export async function deliver() {
  console.log();
  await show('deliver.mjs');
}

function load(server, ms) {
  return hasWrk ? wrk(server, { connections: 64, ms }) : measure('clients.mjs', 'net', server.port, ms);
}
