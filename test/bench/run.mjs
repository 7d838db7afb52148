// npm run bench [-- suite …] [-- --rounds 7 --ms 2000]: every figure as a ratio against peers measured in the same run.
// -- floods --only 'C1 ' --only B, or -- webSocket --only 'server 64 KiB': the rows that begin so.
import { parseArgs } from 'node:util';
import * as suites from './suites.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1500' },
    only: { type: 'string', multiple: true, default: [''] },
  },
});
const known = new Map(Object.entries(suites));
const names = positionals.length > 0 ? positionals : [...known.keys()];
for (const name of names) {
  const suite = known.get(name);
  if (suite === undefined) {
    console.error(`no suite ${name}; there are: ${[...known.keys()].join(', ')}`);
    process.exitCode = 1;
    break;
  }
  await suite({ rounds: Number(values.rounds), ms: Number(values.ms), only: values.only });
}
