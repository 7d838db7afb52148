// An endless download over HTTP/2: it is made as it is read, a reader that stops stops it, and leaving ends it on both sides.
import { take, tap } from 'rxjs';
import { request, serve } from 'rxweir';
import { holdMap } from 'rxweir/operators';
import { of, delay } from 'rxjs';

let made = 0;
function* water() {
  const chunk = Buffer.alloc(65_536, 'water ');
  for (;;) {
    made += chunk.length;
    yield chunk;
  }
}

serve({ host: '127.0.0.1', port: 0 }, (incoming) => {
  incoming.cancelled$.subscribe(() => console.log('server: the reader has gone'));
  return { fields: { 'content-type': 'text/plain' }, body: water() };
}).subscribe((server) => {
  request({ url: `http://127.0.0.1:${server.address.port}/`, version: '2' }).subscribe(({ version, body }) => {
    console.log(`client: HTTP/${version}`);
    let read = 0;
    body
      .pipe(
        tap((chunk) => (read += chunk.length)),
        holdMap((chunk) => of(chunk).pipe(delay(5))), // a slow reader
        take(50),
      )
      .subscribe({
        complete: () => {
          console.log(`client: has had enough after ${read > 100_000 ? 'a while' : 'nothing'}`);
          console.log(`server: was at most a few windows ahead: ${made - read < 4_000_000}`);
          server.close().subscribe({ complete: () => console.log('closed') });
        },
      });
  });
});
