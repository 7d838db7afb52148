// Serves what the samples of README.md and docs/ ask for:  node examples/support/sample-server.mjs [port]
import { interval, map, take } from 'rxjs';
import { serve } from 'rxweir';

const LOG = [
  '09:10 gates open',
  '09:12 flood at Marlow',
  '10:05 boat at Hambleden',
  '11:40 flood at Hurley',
  '12:00 gates closed',
];

/** @param {import('rxweir').ServerRequest} request */
function handle({ method, path, body }) {
  switch (path) {
    case '/':
      return { fields: { 'content-type': 'text/plain' }, body: 'hello\n' };
    case '/weirs':
      return { fields: { 'content-type': 'application/json' }, body: WEIRS };
    case '/log':
      return { body: LOG.map((line) => `${line}\n`) };
    case '/ticks':
      return { body: interval(20).pipe(take(5), map((n) => `tick ${n}\n`)) }; // prettier-ignore
    case '/file':
      return { body: zeros(64) };
    case '/echo':
      return method === 'POST' ? { body } : { status: 405, fields: { allow: 'POST' } };
    default:
      return { status: 404, body: 'not here\n' };
  }
}

const WEIRS = JSON.stringify([
  { name: 'Marlow', metres: 1.2 },
  { name: 'Hurley', metres: 1.1 },
]);

/** @param {number} mebibytes */
function* zeros(mebibytes) {
  for (let i = 0; i < 16 * mebibytes; i++) yield new Uint8Array(65_536);
}

const port = Number(process.argv[2] ?? 8080);
serve({ host: '127.0.0.1', port }, handle).subscribe({
  next: ({ address }) => console.log(`http://127.0.0.1:${address.port}`),
  error: (error) => {
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  },
});
