import { floods as all } from '../load/floods.mjs';
import { measure, median, startServer } from './harness.mjs';

const GOAL = 0.5;

/** What a polite client keeps of its rate during each flood: server, attacker and client are processes of their own. */
export async function floods({ rounds, ms }) {
  const server = await startServer('../load/flood-server.mjs');
  const polite = async () => (await measure('flood-polite.mjs', server.port, ms)).rate;
  console.log(`\nfloods: what 4 polite connections keep of their rate (${rounds} rounds, medians)`);
  await polite(); // warm up
  let missed = 0;
  for (const [index, { name }] of all.entries()) {
    const ratios = [];
    for (let round = 0; round < rounds; round++) {
      const before = await polite();
      const attacker = await startServer('flood-attacker.mjs', String(server.port), String(index));
      const during = await polite();
      await attacker.stop();
      ratios.push(during / before);
    }
    const kept = median(ratios);
    if (kept < GOAL) missed++;
    console.log(`  ${name.padEnd(36)} ${kept.toFixed(2)}  goal ${GOAL} ${kept >= GOAL ? 'met' : 'MISSED'}`);
  }
  console.log(`  ${all.length - missed} of ${all.length} met`);
  await server.stop();
}
