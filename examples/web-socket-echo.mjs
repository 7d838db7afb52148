// A WebSocket both ways: the server sends back what comes, in one line; the client is a Subject.
import { acceptWebSocket, serve, webSocket } from 'rxweir';

/** @type {import('rxweir').WebSocketHandler} */
const echo = (socket) => socket; // what a handler returns is sent

serve({ host: '127.0.0.1', port: 0 }, (request) => acceptWebSocket(request, { protocols: ['echo'] }, echo)).subscribe(
  (server) => {
    const socket = webSocket({ url: `ws://127.0.0.1:${server.address.port}/`, protocols: 'echo' });
    socket.state$.subscribe((now) => console.log(now.state, 'code' in now ? now.code : ''));

    socket.next('text is a string'); // waits until the connection is open
    socket.next(new Uint8Array([1, 2, 3]));

    socket.subscribe({
      next(message) {
        console.log('received', message);
        if (typeof message === 'string') return;
        socket.ping().subscribe((milliseconds) => {
          console.log('there and back in under a second:', milliseconds < 1000);
          socket.close(4000, 'seen enough');
        });
      },
      complete: () => server.close().subscribe({ complete: () => console.log('server closed') }),
    });
  },
);
