export * from './init/index.js';
