// A request is an Observable: subscribing sends it, and its response goes through ordinary operators.
import { request, serve } from 'rxweir';
import { json } from 'rxweir/operators';

const fields = { 'content-type': 'application/json' };

serve({ host: '127.0.0.1', port: 0 }, () => ({ fields, body: '{ "name": "Marlow", "metres": 1.2 }' })).subscribe(
  (server) => {
    const weir = request(`http://127.0.0.1:${server.address.port}/weirs/marlow`).pipe(
      json(), // cold, like every Observable made here: nothing has been sent yet
    );

    weir.subscribe({
      next: (value) => console.log('received', value),
      error: (error) => console.error('failed', error.code),
      complete: () => server.close().subscribe(),
    });
  },
);
