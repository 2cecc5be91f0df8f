import { runSeed } from './world.js';

const args = process.argv.slice(2);
const seed = Number(args[args.indexOf('--seed') + 1]);
const outcome = runSeed(seed, { trace: (line) => console.log(line) });
console.log(JSON.stringify(outcome));
