export * from './agents/index.js';
export * from './directory/index.js';
export { addressesOfRange, MAX_SEARCHED } from './discovery/range.js';
export { type FoundAgent, type SnmpSearchResult, searchSnmp } from './discovery/snmp-search.js';
export * from './notify/index.js';
export * from './patterns/index.js';
export { type AgentsPort, createProbes, type ProbesOptions, type WindowsPort } from './probes/index.js';
