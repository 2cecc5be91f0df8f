export * from './ports/consensus.js';
