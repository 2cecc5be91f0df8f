import { parentPort } from 'node:worker_threads';
import { runBatch } from './batch.js';

parentPort?.on('message', (seeds: readonly number[]) => parentPort?.postMessage(runBatch(seeds)));
