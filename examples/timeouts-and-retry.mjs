// Time limits are options of a request; trying again is RxJS.
import { delay, of, retry, timeout, timer } from 'rxjs';
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';

let requests = 0;

serve({ host: '127.0.0.1', port: 0 }, () => {
  requests++;
  return of({ body: `answer ${requests}` }).pipe(delay(requests < 3 ? 500 : 0)); // the first two come too late
}).subscribe((server) => {
  const url = `http://127.0.0.1:${server.address.port}/`;

  request({ url, timeout: { connect: 1000, head: 50 } })
    .pipe(
      retry({
        count: 5,
        delay: (error, attempt) => {
          console.log(`attempt ${attempt}: ${error.code}`);
          return timer(10 * 2 ** attempt);
        },
      }),
      text(),
      timeout(5000), // for everything together
    )
    .subscribe({
      next: (body) => console.log(body),
      complete: () => server.close({ grace: 0 }).subscribe(),
    });
});
