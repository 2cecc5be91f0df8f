export * from './ports/consensus.js';
export * from './ports/host.js';
export * from './config/load.js';
