export { Controllers, NoControllerError, RefusedError } from './control/client.js';
export { findNodes, socketsOf } from './control/find.js';
export { describe, type Verb } from './help/describe.js';
export * from './init/index.js';
export { main, programOf, runProgram } from './program.js';
