// node flood-client.mjs <port>: our client asks a good server, four requests at a time; prints the port it is counted at. Told
// `<port> <version>` there, it asks a hostile server as well, four at a time, until it is told port 0.
import { createClient } from 'rxweir';
import { tellCount } from './flood-count.mjs';

/** Milliseconds until it asks again who has failed it. */
const BACK = 10;
const good = `http://127.0.0.1:${process.argv[2]}/`;
const client = createClient();
let answers = 0;
let hostile;

for (let i = 0; i < 4; i++) {
  ask();
  askHostile();
}
tellCount(
  () => answers,
  (line) => {
    const [port, version] = line.split(' ');
    hostile = port === '0' ? undefined : version && { url: `http://127.0.0.1:${port}/`, version, timeout: 5000 };
  },
);

function ask() {
  client.request(good).subscribe((response) => {
    response.body.subscribe({
      complete() {
        answers++;
        ask();
      },
    });
  });
}

function askHostile() {
  const again = () => setTimeout(askHostile, BACK);
  if (hostile === undefined) return again();
  client.request(hostile).subscribe({
    next: (response) => response.body.subscribe({ error: again, complete: again }),
    error: again,
  });
}
