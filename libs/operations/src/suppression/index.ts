export { type Down, type Paths, PathView } from './paths.js';
export * from './reachability.js';
export * from './storms.js';
