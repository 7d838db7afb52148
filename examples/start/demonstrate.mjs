import { concat, defer, switchMap } from 'rxjs';
import { createClient } from 'rxweir';
import { createAuthority } from '../support/x509.mjs';
import { Books, demoServer } from './demo-server.mjs';
import { newRow, waitedFor } from './measure.mjs';
import { cancelling, download, holding, small } from './scenes.mjs';
import { bytesText, table } from './terminal.mjs';

const SCENES = [
  { what: 'download', play: download },
  { what: 'holding consumer', play: holding },
  { what: 'cancelled', play: cancelling },
  { what: 'small', play: small },
  { what: 'small again', play: small },
];

/** A server and a client over loopback TLS play the scenes one after the other; a table sums up. */
export function demonstrate() {
  const authority = createAuthority('rxweir demo authority');
  const books = new Books();
  const certificate = authority.issue({ name: 'localhost', altNames: ['localhost'] });
  return demoServer(certificate, books).pipe(
    switchMap((server) => {
      const origin = `https://localhost:${server.address.port}`;
      const client = createClient({ tls: { ca: authority.cert }, family: 4 });
      const rows = SCENES.map(({ what }) => newRow(what));
      console.log(`A server on ${origin} and a client, over TLS with a certificate made a moment ago.\n`);
      const scenes = SCENES.map(({ play }, i) => play({ client, origin, books }, /** @type {never} */ (rows[i])));
      return concat(
        ...scenes,
        defer(() => {
          console.log(summary(rows));
          return concat(client.close(), server.close());
        }),
      );
    }),
  );
}

/** @param {import('./measure.mjs').Row[]} rows */
function summary(rows) {
  const heading = ['exchange', 'received', 'time', 'most held', 'waited for', 'connection'];
  const lines = rows.map((row) => [
    row.what,
    bytesText(row.bytes),
    `${row.milliseconds.toFixed(0)} ms`,
    bytesText(row.peakHeld),
    waitedFor(row),
    row.connection,
  ]);
  return table([heading, ...lines]);
}
