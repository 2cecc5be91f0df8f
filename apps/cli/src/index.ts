export { Controllers, NoControllerError, RefusedError } from './control/client.js';
export { findNodes, socketsOf } from './control/find.js';
export * from './init/index.js';
export { main, runProgram } from './program.js';
