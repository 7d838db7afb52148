/**
 * For tests of your own: the network in memory, under virtual time.
 * @module rxweir/testing
 */
export { memoryNetwork, type MemoryFaults, type MemoryNetworkConfig } from '../sockets/memory.js';
export { memoryPair } from '../sockets/memory-socket.js';
export { record, type RecordConfig, type Recordable, type Recording } from './record.js';
