export { runSeed } from './world.js';
//# sourceMappingURL=index.js.map