export { loadConfig } from './config.js';
export { type RunningReceiver, startReceiver } from './receiver.js';
