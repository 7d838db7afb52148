// node descriptors-server.mjs <port> <folder>: prints `listening`, and the codes of what its listeners report. Answers /files/… from
// the folder, /dial by asking itself, and /exhaust once it has opened files until none can be opened any more; /release closes them.
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, map, mergeMap, of } from 'rxjs';
import { createClient, route, serve, serveDirectory } from 'rxweir';
import { text } from 'rxweir/operators';

const [port = '', folder = ''] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}/`;
const client = createClient();
/** @type {number[]} */
const opened = [];

/** @returns {string} what it failed with */
function exhaust() {
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch (error) {
    return /** @type {{ code: string }} */ (error).code;
  }
}

const handler = route({
  '/': () => ({ body: 'fine' }),
  '/files/*': serveDirectory(folder, { prefix: '/files/' }),
  '/dial': () =>
    client.request(url).pipe(
      mergeMap((response) => of(response).pipe(text())),
      catchError((error) => of(String(error.code))),
      map((body) => ({ body })),
    ),
  '/exhaust': () => ({ body: exhaust() }),
  '/release': () => {
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
    return { body: 'released' };
  },
});

const listen = [{ host: '127.0.0.1', port: Number(port) }, { path: join(folder, 'socket') }];
serve({ listen, timeout: { idle: 0, setup: 0 } }, handler).subscribe((server) => {
  server.events$.subscribe((event) => {
    if (event.type === 'listener-error') console.log(`reported ${/** @type {{ code: string }} */ (event.error).code}`);
    if (event.type === 'closed') process.exit();
  });
  console.log('listening');
});
