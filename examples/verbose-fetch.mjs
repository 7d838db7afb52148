// Prints everything that happens in one exchange, within ten seconds: `node examples/verbose-fetch.mjs <url>`.
import { requestEvents, serve } from 'rxweir';

/** @param {string} mark @param {Iterable<{ name: string, value: string }>} fields */
const list = (mark, fields) => {
  for (const { name, value } of fields) console.log(`${mark} ${name}: ${value}`);
};

/** @param {import('rxweir').ExchangeEvent} event */
function print(event) {
  switch (event.type) {
    case 'connecting':
      return console.log(`* connecting to ${event.origin}`);
    case 'connected': {
      const { transport, remote, tls } = event.connection;
      console.log(`* ${event.reused ? 'again over' : 'connected over'} ${transport} to ${remote.address}`);
      if (tls) console.log(`* ${tls.protocol}, ${tls.cipher}, ALPN ${tls.alpnProtocol ?? 'none'}`);
      return;
    }
    case 'upload':
      return console.log(`> ${event.bytes} bytes of ${event.total ?? 'who knows how many'}`);
    case 'sent':
      return console.log('> sent');
    case 'informational':
    case 'head':
      console.log(`< ${event.status}${event.type === 'head' ? ` over HTTP/${event.version}` : ''}`);
      return list('<', event.fields);
    case 'body':
      return console.log(
        `< ${event.chunk.length} bytes: ${JSON.stringify(Buffer.from(event.chunk).toString()).slice(0, 60)}`,
      );
    case 'trailers':
      return list('< trailer', event.fields);
    case 'redirect':
      return console.log(`* ${event.status}: on to ${event.method} ${event.to}`);
    default:
      console.log(`* ${event.type}`);
  }
}

/** @param {string} url @param {() => void} done */
function fetch(url, done) {
  const body = url.endsWith('/sample') ? 'a question' : undefined;
  requestEvents({ url, timeout: 10_000, ...(body && { method: 'POST', body }) }).subscribe({
    next: print,
    error: ({ name, code, message }) => {
      console.log(`* ${name} ${code}: ${message}`);
      done();
    },
    complete: done,
  });
}

const [url] = process.argv.slice(2);
if (url !== undefined) fetch(url, () => undefined);
else {
  const handler = () => [
    { status: 103, fields: { link: '</style.css>; rel=preload' } },
    {
      fields: { 'content-type': 'text/plain', trailer: 'x-sum' },
      body: ['an ', 'answer'],
      trailers: { 'x-sum': '42' },
    },
  ];
  serve({ host: '127.0.0.1', port: 0 }, handler).subscribe((server) => {
    fetch(`http://127.0.0.1:${server.address.port}/sample`, () => server.close().subscribe());
  });
}
