// node flood-hostile.mjs <index>: a server that means harm; prints its port.
import { hostileServers, startHostile } from '../load/hostile-servers.mjs';

const { port } = await startHostile(hostileServers[Number(process.argv[2])]);
console.log(port);
