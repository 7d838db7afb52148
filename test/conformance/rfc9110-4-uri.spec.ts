import { describe, expect, it } from 'vitest';
import { certificates } from '../support/certificates.js';
import { ourClient, ourServer, outcome } from './raw-peer.js';

describe('RFC 9110 §4.2, http and https URIs', () => {
  it.each(['http://', 'https://:8080/', 'http://?query'])('%j has no host, and is refused', async (url) => {
    expect((await outcome(url)).code).toBe('INVALID_URL');
  });

  it.each(['ftp://a/', 'file:///a', 'ws://a/', 'data:,a'])('%j is of another scheme, and is refused', async (url) => {
    expect((await outcome(url)).code).toBe('UNSUPPORTED_SCHEME');
  });

  it('§4.3.4: the certificate must be for the host of the origin, whatever Host and SNI say', async () => {
    const { ca, other } = certificates();
    const server = await ourServer(undefined, { tls: other }); // for other.example only
    const request = {
      url: `https://localhost:${server.port}/`,
      family: 4,
      headers: { host: 'other.example' },
      tls: { ca, servername: 'other.example' },
    } as const;
    expect((await outcome(request, ourClient())).code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.requests).toEqual([]);
  });
});
