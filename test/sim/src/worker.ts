import { parentPort, workerData } from 'node:worker_threads';
import { runBatch } from './batch.js';
import type { Focus } from './shape.js';

parentPort?.on('message', (seeds: readonly number[]) => parentPort?.postMessage(runBatch(seeds, workerData as Focus)));
