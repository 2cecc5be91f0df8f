import { parentPort, workerData } from 'node:worker_threads';
import { compileAll, splitUpload } from './compile-job.js';
import type { Job } from './compiler.js';

/** One job, then it ends. Results go one by one: a large one at once would hold up whoever reads it. */
const job = workerData as Job;
if (job.kind === 'split') parentPort?.postMessage(splitUpload(job.files));
else for (const result of compileAll(job.sources, job.known)) parentPort?.postMessage(result);
