import { createRequire } from 'node:module';
import { alternate, measure, measureAside, startAside, startServer } from './harness.mjs';

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

/** Connections of each contender in a round, one after the other: as a client, each is a process of its own, with a heap and a luck of its own. */
const CONNECTIONS = 3;

/** Echo on one connection, as a server under a bare load maker, and as a client of a bare echo. */
export async function webSocket({ rounds, ms, only }) {
  needNativeMasking();
  const wanted = (role, name) => only.some((begin) => `${role} ${name}`.startsWith(begin));
  for (const { name, size, window, goal } of SIZES) {
    const rest = [size, window, Math.ceil((ms * 2) / 3)];
    if (wanted('server', name)) {
      const servers = { rxweir: undefined, ws: undefined };
      for (const kind of Object.keys(servers)) servers[kind] = await startServer('web-socket-servers.mjs', kind);
      const load = (kind) => () => measureEach(measureAside, 'bare', servers[kind].port, ...rest);
      await alternate(
        `WebSocket server: echo of ${name}, ${window} in flight`,
        'msg/s',
        rounds,
        { rxweir: load('rxweir'), ws: load('ws') },
        { ws: goal },
      );
      for (const server of Object.values(servers)) await server.stop();
    }
    if (!wanted('client', name)) continue;
    const bare = await startAside('web-socket-servers.mjs', 'bare');
    const run = (kind) => () => measureEach(measure, kind, bare.port, ...rest);
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

/** The average of some connections. */
async function measureEach(by, ...args) {
  const all = [];
  for (let i = 0; i < CONNECTIONS; i++) all.push(await by('web-socket-clients.mjs', ...args));
  const mean = (key) => all.reduce((sum, result) => sum + (result[key] ?? NaN), 0) / all.length;
  const bytes = mean('bytes');
  return { rate: mean('rate'), bytes: Number.isNaN(bytes) ? undefined : bytes, cpu: mean('cpu') };
}

/** 10 000 idle WebSockets: resident memory each, on the server. */
export async function webSocketIdle() {
  const { connections, bytes, ws } = await measure('web-socket-idle.mjs', 10_000);
  console.log(`\nidle WebSockets: ${connections}`);
  console.log(`  rxweir server      ${Math.round(bytes)} B RSS each  goal 16384 ${bytes <= 16_384 ? 'met' : 'MISSED'}`);
  console.log(`  ws server          ${Math.round(ws)} B RSS each`);
}
