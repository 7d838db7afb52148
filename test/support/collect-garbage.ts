import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Resolves when what nobody refers to has been freed, buffers included, which V8 frees beside the program. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    collect();
    await sleep(10);
  }
}
