export * from './changes.js';
export * from './search.js';
export * from './versions.js';
