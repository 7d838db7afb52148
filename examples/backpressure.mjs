// A consumer that holds stops the sender, through operators that know nothing about it.
import { concatMap, filter, interval, map, take, timer } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { holdMap } from 'rxweir/operators';

const PIECE = 64 * 1024;
const PIECES = 1024; // 64 MiB
const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

let sent = 0;
function* endless() {
  for (let i = 0; i < PIECES; i++) {
    sent += PIECE;
    yield new Uint8Array(PIECE);
  }
}

serve({ host: '127.0.0.1', port: 0 }, () => ({ body: endless() })).subscribe((server) => {
  const client = createClient();
  let taken = 0;
  let sentAtLast = -1;

  const body = client.request(`http://127.0.0.1:${server.address.port}/`).pipe(
    concatMap((response) => response.body),
    map((chunk) => chunk.length), //   ordinary operators:
    filter((length) => length > 0), // the credit travels on the call stack
    holdMap((length) => timer(50).pipe(map(() => length))), // one chunk at a time, 50 ms each
  );
  const reading = body.subscribe((length) => (taken += length));

  // Twice the same count means that the sender has stopped.
  const watching = interval(200).pipe(
    concatMap(() => client.stats$.pipe(take(1))),
    take(5),
  );
  watching.subscribe({
    next: ({ heldBytes, waitingFor }) => {
      const state = sent === sentAtLast ? 'stopped' : 'sending';
      sentAtLast = sent;
      console.log(`sent ${mebibytes(sent)} (${state}), taken ${mebibytes(taken)}, held ${heldBytes / 1024} KiB`);
      if (waitingFor.consumer.count > 0) console.log('  waiting for the consumer');
    },
    complete: () => {
      reading.unsubscribe(); // cancels: the server learns of it
      console.log(`cancelled after ${mebibytes(sent)} of ${mebibytes(PIECE * PIECES)}`);
      server.close().subscribe();
    },
  });
});
