import { createRequire } from 'node:module';
import { alternate, measure, startServer } from './harness.mjs';

/** Sizes of messages, how many are in flight, and the ratio to `ws` that is wanted. */
const SIZES = [
  { name: '64 B', size: 64, window: 256, goal: 3 },
  { name: '64 KiB', size: 65_536, window: 8, goal: 1 },
  { name: '1 MiB', size: 1_048_576, window: 2, goal: 1 },
];

/** `ws` masks natively where its optional `bufferutil` loads. Without that the ratios would flatter us: then there are none. */
function needNativeMasking() {
  const { mask } = createRequire(import.meta.url)('bufferutil');
  const native = String(mask).includes('[native code]') && !process.env.WS_NO_BUFFER_UTIL;
  if (!native) throw new Error('ws has no native masking here: bufferutil did not load its add-on');
  console.log('\nws masks natively, by bufferutil');
}

/** Echo on one connection, as a server under a bare load maker, and as a client of a bare echo; then idle sockets. */
export async function webSocket({ rounds, ms }) {
  needNativeMasking();
  for (const { name, size, window, goal } of SIZES) {
    const servers = { rxweir: undefined, ws: undefined };
    for (const kind of Object.keys(servers)) servers[kind] = await startServer('web-socket-servers.mjs', kind);
    const load = (kind) => () => measure('web-socket-clients.mjs', 'bare', servers[kind].port, size, window, ms);
    await alternate(
      `WebSocket server: echo of ${name}, ${window} in flight`,
      'msg/s',
      rounds,
      { rxweir: load('rxweir'), ws: load('ws') },
      { ws: goal },
    );
    for (const server of Object.values(servers)) await server.stop();

    const bare = await startServer('web-socket-servers.mjs', 'bare');
    const run = (kind) => () => measure('web-socket-clients.mjs', kind, bare.port, size, window, ms);
    await alternate(
      `WebSocket client: echo of ${name}, ${window} in flight`,
      'msg/s',
      rounds,
      { rxweir: run('rxweir'), ws: run('ws'), 'bare (only counts)': run('bare') },
      { ws: goal },
    );
    await bare.stop();
  }
}

/** 10 000 idle WebSockets: resident memory each, on the server. */
export async function webSocketIdle() {
  const { connections, bytes, ws } = await measure('web-socket-idle.mjs', 10_000);
  console.log(`\nidle WebSockets: ${connections}`);
  console.log(`  rxweir server      ${Math.round(bytes)} B RSS each  goal 16384 ${bytes <= 16_384 ? 'met' : 'MISSED'}`);
  console.log(`  ws server          ${Math.round(ws)} B RSS each`);
}
