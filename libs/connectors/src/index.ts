export * from './notify/index.js';
export * from './patterns/index.js';
export { createProbes, type ProbesOptions, type WindowsPort } from './probes/index.js';
