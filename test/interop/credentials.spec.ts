/** Credentials that lighttpd asks for: Digest with either hash, and Basic. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answerChallenges } from '../../operators/exchange/answer-challenges.js';
import { ProtectionSpace } from '../../operators/exchange/protection-space.js';
import { createClient } from '../../src/client/create-client.js';
import type { Response } from '../../src/client/response.js';
import { freePort, needPackage, startProcess, type Peer } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-credentials-'));
const PATHS = ['md5', 'sha256', 'both', 'basic'] as const;
let missing: string | undefined;
let lighttpd: Peer | undefined;
let origin = '';

beforeAll(async () => {
  missing = await needPackage('lighttpd');
  if (missing !== undefined) return;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  for (const path of PATHS) {
    mkdirSync(join(folder, path));
    writeFileSync(join(folder, path, 'file.txt'), `secret of ${path}`);
  }
  const hash = (algorithm: string): string => createHash(algorithm).update('me:weirs:secret').digest('hex');
  writeFileSync(join(folder, 'users'), `me:weirs:${hash('md5')}\nme:weirs:${hash('sha256')}\n`);
  const require = (path: string, method: string, algorithm: string): string =>
    `"/${path}/" => ("method" => "${method}", "algorithm" => "${algorithm}", "realm" => "weirs", "require" => "valid-user")`;
  writeFileSync(
    join(folder, 'lighttpd.conf'),
    `server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ("mod_auth", "mod_authn_file")
server.errorlog = "${folder}/errors"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "${folder}/users"
auth.require = (
  ${require('md5', 'digest', 'MD5')},
  ${require('sha256', 'digest', 'SHA-256')},
  ${require('both', 'digest', 'MD5|SHA-256')},
  ${require('basic', 'basic', 'MD5')}
)
`,
  );
  lighttpd = await startProcess('lighttpd', ['-D', '-f', join(folder, 'lighttpd.conf')], { ready: port });
}, 180_000);

afterAll(async () => {
  await lighttpd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('lighttpd', () => {
  it.for(PATHS)('%s: asked once, then known', async (path, context) => {
    if (missing !== undefined) context.skip(missing);
    const client = createClient();
    const url = `${origin}/${path}/file.txt`;
    const config = { origin, username: 'me', nonce: randomUUID, basic: true };
    const space = new ProtectionSpace({ ...config, password: 'secret' });
    const first = client.request(url).pipe(answerChallenges<Response>(space), text());
    expect(await lastValueFrom(first)).toBe(`secret of ${path}`);
    // Nobody answers challenges here: the credentials were right from the start, three times by one nonce.
    for (let i = 0; i < 3; i++) {
      const again = await firstValueFrom(client.request(space.authorize({ url })));
      expect([again.status, await lastValueFrom(again.body.pipe(text()))]).toEqual([200, `secret of ${path}`]);
    }
    const wrong = client.request(url).pipe(answerChallenges<Response>({ ...config, password: 'guess' }));
    expect((await firstValueFrom(wrong)).status).toBe(401);
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });

  it('of two hashes the stronger one is used', async (context) => {
    if (missing !== undefined) context.skip(missing);
    const client = createClient();
    const space = new ProtectionSpace({ origin, username: 'me', password: 'secret', nonce: randomUUID });
    const url = `${origin}/both/file.txt`;
    const response = await firstValueFrom(client.request(url).pipe(answerChallenges<Response>(space)));
    expect(
      String((response.request.headers as Iterable<unknown> & { get(name: string): string }).get('authorization')),
    ).toMatch(/algorithm=SHA-256, qop=auth, /);
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });
});
