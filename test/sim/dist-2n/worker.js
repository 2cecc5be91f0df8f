import { parentPort } from 'node:worker_threads';
import { runBatch } from './batch.js';
parentPort?.on('message', (seeds) => parentPort?.postMessage(runBatch(seeds)));
//# sourceMappingURL=worker.js.map