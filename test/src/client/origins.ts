import { map } from 'rxjs';
import { onTestFinished } from 'vitest';
import { text } from '../../../operators/body/text.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { serve } from '../../../src/server/serve.js';
import { memoryNetwork, type MemoryNetworkConfig } from '../../../src/sockets/memory.js';
import type { Network } from '../../../src/sockets/network.js';

/** A request as it arrived somewhere. */
export interface Arrived {
  readonly method: string;
  /** Where it arrived: scheme, authority, path. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * All origins there are, in memory: every name answers, on port 80 without TLS, and with it on 443 and 8443. What they answer
 * is one function; what they were asked is kept.
 */
export function origins(
  answer: (request: Arrived, index: number) => ServerResponse,
  config: MemoryNetworkConfig = {},
): { readonly network: Network; readonly arrived: Arrived[] } {
  const network = memoryNetwork(config);
  const { scheduler } = config;
  const arrived: Arrived[] = [];
  const handle = (request: ServerRequest) =>
    request.body.pipe(
      text(),
      map((body) => {
        const fields = Object.fromEntries([...request.fields].map(({ name, value }) => [name, value]));
        const { method, scheme, authority, path } = request;
        const one: Arrived = { method, url: `${scheme}://${authority}${path}`, fields, body };
        return answer(one, arrived.push(one) - 1);
      }),
    );
  for (const [port, tls] of [
    [80, undefined],
    [443, {}],
    [8443, {}],
  ] as const) {
    const serving = serve({ network, port, ...(tls && { tls }), ...(scheduler && { scheduler }) }, handle).subscribe();
    onTestFinished(() => serving.unsubscribe());
  }
  return { network, arrived };
}

/** A redirect to there. */
export function to(location: string, status = 302, fields: Readonly<Record<string, string>> = {}): ServerResponse {
  return { status, fields: { location, ...fields }, body: 'moved' };
}
