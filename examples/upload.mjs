// An upload from a generator: it is asked for its next piece as the server takes them. The events tell how far it has come.
import { delay, map, of, reduce } from 'rxjs';
import { requestEvents, serve } from 'rxweir';
import { holdMap } from 'rxweir/operators';

function* lines() {
  for (let i = 1; i <= 1000; i++) yield `line ${i}\n`;
}

serve({ host: '127.0.0.1', port: 0 }, (incoming) =>
  incoming.body.pipe(
    holdMap((chunk) => of(chunk.length).pipe(delay(1))), // a slow reader: the client waits for it
    reduce((sum, length) => sum + length, 0),
    map((bytes) => ({ body: `received ${bytes} bytes` })),
  ),
).subscribe((server) => {
  const url = `http://127.0.0.1:${server.address.port}/log`;
  let uploads = 0;
  requestEvents({
    url,
    method: 'POST',
    body: lines(),
    expectContinue: true, // the body waits for the server's consent
    trailers: () => ({ 'x-lines': '1000' }), // asked for when the body has ended
  }).subscribe({
    next: (event) => {
      if (event.type === 'upload') uploads = event.bytes;
      else if (event.type === 'sent') console.log(`sent, ${uploads} bytes`);
      else if (event.type === 'informational') console.log('informational', event.status);
      else if (event.type === 'head') console.log('head', event.status);
      else if (event.type === 'body') console.log(new TextDecoder().decode(event.chunk));
    },
    complete: () => server.close().subscribe(),
  });
});
