import { firstValueFrom } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import {
  nodeNetwork,
  type ConnectTarget,
  type ListenConfig,
  type Listener,
  type Network,
} from '../../../src/sockets/network.js';

/** Asks again each turn of the event loop; the test's own time limit is the only clock. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Lets everything that is ready happen. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a reader saw. */
export class Reader {
  bytes = 0;
  text = '';
  ended = false;
  error: unknown;
  readonly #subscription: { unsubscribe(): void };

  constructor(duplex: DuplexSubject<Uint8Array, Uint8Array>, onChunk?: (chunk: Uint8Array) => void) {
    this.#subscription = duplex.subscribe({
      next: (chunk) => {
        this.bytes += chunk.length;
        if (this.bytes <= 65_536) this.text += Buffer.from(chunk).toString('latin1');
        onChunk?.(chunk);
      },
      error: (error: unknown) => (this.error = error),
      complete: () => (this.ended = true),
    });
  }

  get over(): boolean {
    return this.ended || this.error !== undefined;
  }

  get code(): string | undefined {
    return (this.error as { code?: string } | undefined)?.code;
  }

  get phase(): string | undefined {
    return (this.error as { phase?: string } | undefined)?.phase;
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }
}

export interface Served {
  readonly listener: Listener;
  readonly port: number;
  readonly accepted: ByteDuplex[];
  readonly errors: unknown[];
  /** The next connection not yet taken. */
  readonly next: () => Promise<ByteDuplex>;
}

/** Listens on 127.0.0.1 (or as told) until the test is over. */
export async function serve(config: ListenConfig = {}, network: Network = nodeNetwork): Promise<Served> {
  const listener = await firstValueFrom(
    network.listen(config.path === undefined ? { host: '127.0.0.1', ...config } : config),
  );
  const accepted: ByteDuplex[] = [];
  const errors: unknown[] = [];
  listener.connections.subscribe((connection) => accepted.push(connection));
  listener.errors.subscribe((error) => errors.push(error));
  onTestFinished(() => {
    listener.close();
    for (const connection of accepted) connection.error(new Error('the test is over'));
  });
  let taken = 0;
  return {
    listener,
    port: listener.address.port,
    accepted,
    errors,
    async next() {
      const index = taken++;
      await until(() => accepted.length > index);
      return accepted[index] as ByteDuplex;
    },
  };
}

/** Connects; closed when the test is over. */
export async function dial(target: ConnectTarget, network: Network = nodeNetwork): Promise<ByteDuplex> {
  const connection = await firstValueFrom(network.connect(target));
  onTestFinished(() => connection.error(new Error('the test is over')));
  return connection;
}

/** Both ends of a new connection over 127.0.0.1. */
export async function connected(
  config: ListenConfig = {},
  target: Partial<ConnectTarget> = {},
): Promise<[client: ByteDuplex, server: ByteDuplex]> {
  const served = await serve(config);
  const client = await dial({ host: '127.0.0.1', port: served.port, ...target });
  return [client, await served.next()];
}

/** The error a connection attempt ends with. */
export async function failure(target: ConnectTarget, network: Network = nodeNetwork): Promise<Record<string, unknown>> {
  return firstValueFrom(network.connect(target)).then(
    () => {
      throw new Error('it connected');
    },
    (error: unknown) => error as Record<string, unknown>,
  );
}

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Handles that keep this process alive, by kind, sockets and the like only. */
export function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Pipe|TLS|JSStream/.test(name))
    .sort();
}
