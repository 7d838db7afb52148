// What held delivery costs: `deliver` and `hold` against a bare chain of next(), in one process, alternating.
// node --expose-gc test/bench/deliver.mjs [--rounds 15]; prints ratios, asserts nothing. Goal: deliver costs less than 15 %.
import { filter, map, Observable } from 'rxjs';
import { deliver, hold } from 'rxweir/operators';
import { parseArgs } from 'node:util';

/** Rounds alternate the contenders; the fastest of each is compared, since others on the machine only slow. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const COUNT = 1_000_000;
const chunk = new Uint8Array(1024);

/** Two operators and a consumer that adds up. */
function chain(send, holds) {
  let sum = 0;
  new Observable((subscriber) => send(subscriber))
    .pipe(
      map((value) => value),
      filter((value) => value.length > 0),
    )
    .subscribe((value) => {
      if (holds) hold()();
      sum += value.length;
    });
  return sum;
}

let returned = 0;
const released = ({ length }) => {
  returned += length;
};

const contenders = {
  'bare next': () =>
    chain((subscriber) => {
      for (let i = 0; i < COUNT; i++) {
        subscriber.next(chunk);
        released(chunk);
      }
    }, false),
  deliver: () =>
    chain((subscriber) => {
      for (let i = 0; i < COUNT; i++) deliver(subscriber, chunk, released);
    }, false),
  'deliver and hold': () =>
    chain((subscriber) => {
      for (let i = 0; i < COUNT; i++) deliver(subscriber, chunk, released);
    }, true),
};

const times = new Map(Object.keys(contenders).map((name) => [name, []]));
for (const run of Object.values(contenders)) for (let i = 0; i < 5; i++) run(); // warm
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, run] of Object.entries(contenders)) {
    globalThis.gc?.();
    const started = process.hrtime.bigint();
    run();
    times.get(name).push(Number(process.hrtime.bigint() - started) / COUNT);
  }
}

console.log(`held delivery: ${COUNT} values through two operators (fastest of ${values.rounds} rounds)`);
const bare = Math.min(...times.get('bare next'));
for (const [name, all] of times) {
  const fastest = Math.min(...all);
  const cost = name === 'bare next' ? '' : `  +${((fastest / bare - 1) * 100).toFixed(1)} % over bare next`;
  console.log(`  ${name.padEnd(18)} ${(1000 / fastest).toFixed(1)} M/s  ${fastest.toFixed(1)} ns${cost}`);
}
if (returned === 0) throw new Error('nothing came back');
