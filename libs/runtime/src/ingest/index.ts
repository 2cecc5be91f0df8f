export { contentDigest } from './digest.js';
export { letGoThrough, owedOf } from './lanes.js';
export { IngestLoop, type IngestOptions, ingestPermitOf } from './loop.js';
export * from './lost-records.js';
export * from './ports.js';
