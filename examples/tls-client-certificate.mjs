// TLS with certificates on both sides, made on the spot. The server's must name the host, the client's must be known.
import { catchError, concat, of } from 'rxjs';
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';
import { createAuthority } from './support/x509.mjs';

const authority = createAuthority('an example authority');
const forServer = authority.issue({ name: 'localhost', altNames: ['localhost', '127.0.0.1'] });
const forClient = authority.issue({ name: 'a known client', usage: 'client' });
const ca = authority.cert;

serve({ host: '127.0.0.1', port: 0, tls: { ...forServer, ca, requestCert: true } }, ({ tls }) => ({
  body: `hello, ${String(tls?.peerCertificate()?.subject.CN)}, over ${tls?.protocol}`,
})).subscribe((server) => {
  const url = `https://localhost:${server.address.port}/`;
  const withCertificate = request({ url, family: 4, tls: { ca, ...forClient } }).pipe(text());
  const without = request({ url, family: 4, tls: { ca } }).pipe(text());
  const untrusted = request({ url, family: 4 }).pipe(text());

  const orItsCode = catchError((/** @type {{ name: string; code: string }} */ { name, code }) => of(`${name} ${code}`));
  concat(withCertificate, without.pipe(orItsCode), untrusted.pipe(orItsCode)).subscribe({
    next: (line) => console.log(line),
    complete: () => server.close().subscribe(),
  });
});
