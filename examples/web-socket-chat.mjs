// A chat room: a server, a page for the browser, and two clients that talk and leave.
// node examples/web-socket-chat.mjs       shows itself and ends
// node examples/web-socket-chat.mjs 8080  goes on: open http://127.0.0.1:8080/ in two windows
import { concatMap, endWith, filter, finalize, map, merge, of, startWith, Subject, take, tap, timer } from 'rxjs';
import { acceptWebSocket, serve, webSocket } from 'rxweir';

const page = `<!doctype html>
<meta charset="utf-8"><title>Chat</title>
<ul id="said"></ul>
<form id="say"><input id="text" placeholder="say something" autofocus autocomplete="off"></form>
<script>
  const name = new URLSearchParams(location.search).get('name') || prompt('Your name?') || 'somebody';
  const url = new URL('/chat?name=' + encodeURIComponent(name), location.href.replace('http', 'ws'));
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    const { from, text } = JSON.parse(data);
    said.appendChild(document.createElement('li')).textContent = from + ': ' + text;
  };
  say.onsubmit = (event) => {
    event.preventDefault();
    socket.send(JSON.stringify({ text: text.value }));
    text.value = '';
  };
</script>`;

const json = {
  serializer: (/** @type {unknown} */ value) => JSON.stringify(value),
  deserializer: (/** @type {unknown} */ message) => JSON.parse(String(message)),
};
/**
 * Who does not read is told the newest, and holds nobody up.
 * @type {import('rxweir').AcceptWebSocketConfig<any>}
 */
const config = {
  ...json,
  overflow: 'drop-oldest',
  maxBufferedBytes: 65_536,
  maxMessageSize: 4096,
  pingInterval: 30_000,
};

const room = new Subject();

/**
 * What a client says goes to all; what is said in the room goes to it.
 * @type {(name: string) => import('rxweir').WebSocketHandler<any>}
 */
const chat = (name) => (socket) => {
  const says = socket.pipe(
    map(({ text }) => ({ from: name, text: String(text) })),
    startWith({ from: name, text: 'has come' }),
    finalize(() => room.next({ from: name, text: 'has left' })),
  );
  says.subscribe({ next: (message) => room.next(message), error: () => undefined });
  return room;
};

/** @type {import('rxweir').Handler} */
const handler = (request) => {
  const { pathname, searchParams } = request.url;
  if (pathname === '/chat') return acceptWebSocket(request, config, chat(searchParams.get('name') ?? 'somebody'));
  return { fields: { 'content-type': 'text/html' }, body: page };
};

/**
 * Comes, says its lines, one every so often, and leaves.
 * @param {string} origin @param {string} name @param {string[]} lines
 */
function visit(origin, name, lines) {
  const socket = webSocket({ url: `${origin}/chat?name=${name}`, ...json });
  const speaking = of(...lines).pipe(
    concatMap((text) => timer(50).pipe(map(() => ({ text })))),
    tap((message) => socket.next(message)),
    filter(() => false),
    endWith(undefined),
    concatMap(() => timer(50)),
    tap(() => socket.complete()),
    filter(() => false),
  );
  return merge(socket, speaking).pipe(map(({ from, text }) => `${name} hears ${from}: ${text}`));
}

const port = Number(process.argv[2] ?? 0);
serve({ host: '127.0.0.1', port }, handler).subscribe((server) => {
  const origin = `ws://127.0.0.1:${server.address.port}`;
  if (port !== 0) return console.log(`open ${origin.replace('ws', 'http')}/`);

  const marlow = visit(origin, 'Marlow', ['hello?', 'anybody?']);
  const jim = timer(75).pipe(
    take(1),
    concatMap(() => visit(origin, 'Jim', ['yes'])),
  );
  merge(marlow, jim).subscribe({
    next: (line) => console.log(line),
    complete: () => server.close().subscribe({ complete: () => console.log('everybody has gone') }),
  });
});
