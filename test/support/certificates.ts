import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../examples/support/x509.mjs';

/** A certificate and its private key, both as PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** The certificate authority that signed the others, as PEM: give it to `ca`. */
  readonly ca: string;
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: Credentials;
  /** Signed by the same authority, but for other.example only. */
  readonly other: Credentials;
  /** For localhost, and expired. */
  readonly expired: Credentials;
  /** A client's. */
  readonly client: Credentials;
  /** For localhost, but signed by an authority nobody knows. */
  readonly stranger: Credentials;
}

let made: Certificates | undefined;

/** Certificates with EC keys, made once per process. */
export function certificates(): Certificates {
  return (made ??= make());
}

function make(): Certificates {
  const authority = createAuthority('rxweir test authority');
  const altNames = ['localhost', '127.0.0.1', '::1'];
  return {
    ca: authority.cert,
    server: authority.issue({ name: 'localhost', altNames }),
    other: authority.issue({ name: 'other.example', altNames: ['other.example'] }),
    expired: authority.issue({ name: 'localhost', altNames, days: -0.5 }),
    client: authority.issue({ name: 'a test client', usage: 'client' }),
    stranger: createAuthority('rxweir unknown authority').issue({ name: 'localhost', altNames }),
  };
}

/** The same as files for programs that want paths; `remove` deletes them. */
export function certificateFiles({ cert, key }: Credentials): {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'rxweir-certificates-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    cert: write('cert.pem', cert),
    key: write('key.pem', key),
    ca: write('ca.pem', certificates().ca),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
