import { concat, defer, switchMap } from 'rxjs';
import { createClient } from 'rxweir';
import { createAuthority } from '../support/x509.mjs';
import { Books, demoServer } from './demo-server.mjs';
import { newRow, waitedFor } from './measure.mjs';
import { cancelling, download, holding, small } from './scenes.mjs';
import { bytesText, table } from './terminal.mjs';
import { echo, heldMessages } from './web-socket-scenes.mjs';

/** @type {('1.1' | '2')[]} */
const VERSIONS = ['1.1', '2'];

const SCENES = [
  { what: 'download', play: download },
  { what: 'holding consumer', play: holding },
  { what: 'cancelled', play: cancelling },
  { what: 'small', play: small },
  { what: 'small again', play: small },
  { what: 'WebSocket echo', play: echo },
  { what: 'messages held', play: heldMessages },
];

/** A server and a client over loopback TLS play the same scenes over HTTP/1.1 and HTTP/2; a table puts them side by side. */
export function demonstrate() {
  const authority = createAuthority('rxweir demo authority');
  const books = new Books();
  const certificate = authority.issue({ name: 'localhost', altNames: ['localhost'] });
  return demoServer(certificate, books).pipe(
    switchMap((server) => {
      const origin = `https://localhost:${server.address.port}`;
      const client = createClient({ tls: { ca: authority.cert }, family: 4 });
      const plays = VERSIONS.flatMap((version) =>
        SCENES.map(({ what, play }) => ({ play, row: newRow(version, what) })),
      );
      console.log(`A server on ${origin} and a client, over TLS with a certificate made a moment ago.\n`);
      const scenes = plays.map(({ play, row }, i) =>
        defer(() => {
          if (i % SCENES.length === 0) console.log(`-- HTTP/${row.version} --\n`);
          return play({ client, version: row.version, origin, books }, row);
        }),
      );
      return concat(
        ...scenes,
        defer(() => {
          console.log(summary(plays.map(({ row }) => row)));
          return concat(client.close(), server.close());
        }),
      );
    }),
  );
}

/** @param {import('./measure.mjs').Row[]} rows */
function summary(rows) {
  const heading = ['exchange', 'HTTP', 'received', 'time', 'most held', 'waited for', 'connection'];
  const lines = SCENES.flatMap((_, i) => VERSIONS.map((_, j) => rows[j * SCENES.length + i])).flatMap((row) => {
    if (row === undefined) return [];
    const { what, version, bytes, milliseconds, peakHeld, connection } = row;
    return [
      [
        what,
        version,
        bytesText(bytes),
        `${milliseconds.toFixed(0)} ms`,
        bytesText(peakHeld),
        waitedFor(row),
        connection,
      ],
    ];
  });
  return table([heading, ...lines]);
}
