import type { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { memoryNetwork, type MemoryNetworkConfig } from '../../../src/sockets/memory.js';
import type { ListenConfig, Listener, Network } from '../../../src/sockets/network.js';
import { runMarbles } from '../../support/marbles.js';

type Helpers = Parameters<Parameters<typeof runMarbles>[0]>[0];

export interface World extends Helpers {
  readonly network: Network;
  readonly accepted: ByteDuplex[];
  readonly errors: unknown[];
  readonly listener: () => Listener;
}

/** A network with one listener, in virtual time. */
export function world(config: MemoryNetworkConfig, listen: ListenConfig, body: (world: World) => void): void {
  runMarbles((helpers) => {
    const network = memoryNetwork({ scheduler: helpers.scheduler, ...config });
    const accepted: ByteDuplex[] = [];
    const errors: unknown[] = [];
    let listener: Listener | undefined;
    network.listen(listen).subscribe((one) => {
      listener = one;
      one.errors.subscribe((error) => errors.push(error));
      one.connections.subscribe((connection) => accepted.push(connection));
    });
    body({ ...helpers, network, accepted, errors, listener: () => listener as Listener });
  });
}
