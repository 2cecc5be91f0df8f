export { type Outcome, runSeed } from './world.js';
