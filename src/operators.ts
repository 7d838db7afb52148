/**
 * The published `rxweir/operators`: the pure operators, and the few that need I/O.
 * @module rxweir/operators
 */
export * from '../operators/index.js';
export { toFile, type ToFileConfig } from './body/to-file.js';
