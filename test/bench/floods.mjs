import { setTimeout as sleep } from 'node:timers/promises';
import { floods as serverFloods } from '../load/floods.mjs';
import { hostileServers } from '../load/hostile-servers.mjs';
import { askCount } from './flood-count.mjs';
import { median, startAside, startServer } from './harness.mjs';

const GOAL = 0.5;
/** Milliseconds until a flood, whose first 200 the attacker waits itself, is at its height. */
const RISE = 150;
/** Milliseconds until the polite and their server are as fast as they get. */
const WARM = 3000;

/**
 * What somebody polite keeps of their rate during each flood, beside what they keep while the same flood goes to somebody else who only
 * discards it: on a machine with few cores the attacker takes its share of them, whoever is attacked. Everybody is a process of their own, and
 * all but the one who is looked at are on the first core. There are many rows: each is looked at for a third of the time, in half of the rounds.
 *
 * @param only how the names of the rows begin that are looked at
 */
export async function floods({ rounds, ms, only }) {
  const picked = ({ name }) => only.some((start) => name.startsWith(start));
  const turn = { rounds: Math.ceil(rounds / 2), ms: ms / 3, picked };
  const server = await startServer('../load/flood-server.mjs');
  await ofServer(server, turn);
  await ofClient(server, turn);
  await server.stop();
}

/** Attackers of our server. */
async function ofServer(server, { rounds, ms, picked }) {
  const polite = await startAside('flood-polite.mjs', server.port);
  const sink = await startAside('flood-sink.mjs');
  const rate = () => rateOf(polite, ms);
  const attack = (port, index) => startAside('flood-attacker.mjs', port, String(index));
  await sleep(WARM);
  const table = new Table(`floods of a server: what 4 polite connections keep of their rate`, rounds);
  for (const [index, { name }] of serverFloods.entries()) {
    if (!picked({ name })) continue;
    await table.row(name, rate, async (elsewhere) => {
      const attacker = await attack(String(elsewhere ? sink.port : server.port), index);
      return () => attacker.stop();
    });
  }
  table.end();
  await polite.stop();
  await sink.stop();
}

/** Hostile servers that our client asks as well. */
async function ofClient(server, { rounds, ms, picked }) {
  const client = await startServer('flood-client.mjs', server.port);
  const rate = () => rateOf(client, ms);
  await sleep(WARM);
  const table = new Table('floods of a client: what 4 requests at a time to a good server keep of their rate', rounds);
  for (const [index, { name, version }] of hostileServers.entries()) {
    if (!picked({ name })) continue;
    const hostile = await startAside('flood-hostile.mjs', String(index));
    await table.row(name, rate, async (elsewhere) => {
      if (elsewhere) {
        const asker = await startAside('flood-sink.mjs', String(hostile.port));
        return () => asker.stop();
      }
      await askCount(client.port, `${hostile.port} ${version}`);
      return () => askCount(client.port, '0');
    });
    await hostile.stop();
  }
  table.end();
  await client.stop();
}

async function rateOf({ port }, ms) {
  await sleep(RISE);
  const before = await askCount(port);
  await sleep(ms);
  const after = await askCount(port);
  return ((after.answers - before.answers) * 1000) / (after.at - before.at);
}

class Table {
  #rounds;
  #missed = [];
  #rows = 0;

  constructor(title, rounds) {
    this.#rounds = rounds;
    console.log(`\n${title} (${rounds} rounds, medians)`);
  }

  /** @param begin begins the flood, of us or elsewhere, and gives what ends it */
  async row(name, rate, begin) {
    const [kept, beside] = [[], []];
    let before = await rate();
    for (let round = 0; round < this.#rounds; round++) {
      for (const [ratios, elsewhere] of [
        [kept, false],
        [beside, true],
      ]) {
        // prettier-ignore
        const end = await begin(elsewhere);
        const during = await rate();
        await end();
        const after = await rate();
        ratios.push((2 * during) / (before + after)); // a machine whose speed drifts slows all alike
        before = after;
      }
    }
    const share = median(kept);
    this.#rows++;
    if (share < GOAL) this.#missed.push(name);
    const elsewhere = `${median(beside).toFixed(2)} while it goes elsewhere`;
    console.log(
      `  ${name.padEnd(36)} ${share.toFixed(2)}  ${elsewhere}  goal ${GOAL} ${share < GOAL ? 'MISSED' : 'met'}`,
    );
  }

  end() {
    console.log(`  ${this.#rows - this.#missed.length} of ${this.#rows} met`);
  }
}
