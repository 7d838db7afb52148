// A handler may emit interim responses before the final one: 103 Early Hints (RFC 8297). The client has them as events.
import { concat, delay, of } from 'rxjs';
import { requestEvents, serve } from 'rxweir';

serve({ host: '127.0.0.1', port: 0 }, () =>
  concat(
    of({ status: 103, fields: { link: '</style.css>; rel=preload; as=style' } }),
    of({ fields: { 'content-type': 'text/html' }, body: '<link rel=stylesheet href=/style.css>' }).pipe(delay(20)),
  ),
).subscribe((server) => {
  requestEvents(`http://127.0.0.1:${server.address.port}/`).subscribe({
    next: (event) => {
      if (event.type === 'informational') console.log(event.status, event.fields.get('link'));
      if (event.type === 'head') console.log(event.status, event.fields.get('content-type'));
    },
    complete: () => server.close().subscribe(),
  });
});
