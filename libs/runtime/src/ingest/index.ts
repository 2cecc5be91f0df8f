export { contentDigest } from './digest.js';
export { letGoThrough } from './lanes.js';
export { IngestLoop, type IngestOptions, ingestPermitOf } from './loop.js';
export * from './ports.js';
