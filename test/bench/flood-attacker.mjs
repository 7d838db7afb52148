// node flood-attacker.mjs <port> <index of the flood>: attacks until it is killed; prints 0 once it has begun. It has the processor time
// that others leave: attackers bring machines of their own.
import { attack, floods } from '../load/floods.mjs';
import { takeLeftoverTime } from './leftover-time.mjs';

takeLeftoverTime();
const [port, index] = process.argv.slice(2).map(Number);
attack(port, floods[index]);
setTimeout(() => console.log(0), 200);
