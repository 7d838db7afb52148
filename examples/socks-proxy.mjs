// A request through a SOCKS proxy, with a password and TLS inside: the proxy learns a name and a port, and nothing else.
import { createServer, connect } from 'node:net';
import { switchMap } from 'rxjs';
import { createClient, serve } from 'rxweir';
import { text } from 'rxweir/operators';
import { createAuthority } from './support/x509.mjs';

const authority = createAuthority('an example authority');
const tls = authority.issue({ name: 'weir.example', altNames: ['weir.example'] });

/** Enough of SOCKS 5 for an example: every name is this machine. */
const proxy = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', () => {
    socket.write(Uint8Array.of(5, 2)); // user and password, please
    socket.once('data', (login) => {
      const user = login.toString('latin1', 2, 2 + (login[1] ?? 0));
      const right = login.toString('latin1', 3 + user.length) === 'secret';
      socket.write(Uint8Array.of(1, right ? 0 : 1));
      if (!right) return void socket.end();
      socket.once('data', (asked) => {
        const name = asked.toString('latin1', 5, 5 + (asked[4] ?? 0));
        const port = asked.readUInt16BE(asked.length - 2);
        console.log(`proxy: ${user} wants ${name}`);
        const out = connect(port, '127.0.0.1', () => {
          socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
          socket.once('data', (first) => console.log(`proxy: the first byte is 0x${first[0]?.toString(16)}, TLS`));
          socket.pipe(out).pipe(socket);
        });
        out.on('error', () => socket.destroy());
      });
    });
  });
});

const origin = serve({ host: '127.0.0.1', port: 0, tls }, ({ version, authority: host, tls: peer }) => ({
  body: `HTTP/${version} for ${host.split(':')[0]}, SNI ${peer?.servername}`,
}));

proxy.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address());
  origin.subscribe((server) => {
    const url = `https://weir.example:${server.address.port}/`;
    // socks5h: the proxy resolves the name, which nobody here could.
    const through = (/** @type {string} */ password) =>
      createClient({ proxy: `socks5h://me:${password}@127.0.0.1:${port}`, tls: { ca: authority.cert } });
    const client = through('secret');
    client
      .request(url)
      .pipe(text())
      .subscribe((body) => {
        console.log(body);
        through('wrong')
          .request(url)
          .subscribe({
            error: ({ name, code }) => {
              console.log(`${name} ${code}`);
              client
                .close()
                .pipe(switchMap(() => server.close()))
                .subscribe({ complete: () => proxy.close() });
            },
          });
      });
  });
});
