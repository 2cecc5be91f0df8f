export { contentDigest } from './digest.js';
export { IngestLoop, type IngestOptions, ingestPermitOf } from './loop.js';
export * from './ports.js';
