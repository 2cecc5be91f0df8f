export { createFencePort, type FencePortOptions } from './port.js';
