import { Worker } from 'node:worker_threads';
import type { Tally } from './batch.js';
import type { Focus } from './shape.js';

/** Small: what a kill may lose. */
const SLICE = 8;

/** All seeds over all cores, a slice at a time; `each` hears every slice as it ends. */
export async function runAll(
  from: number,
  count: number,
  workers: number,
  focus: Focus,
  each: (tally: Tally) => void,
): Promise<void> {
  let next = from;
  const end = from + count;
  const slice = (): readonly number[] => {
    const seeds = Array.from({ length: Math.min(SLICE, end - next) }, (_, place) => next + place);
    next += seeds.length;
    return seeds;
  };
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: focus });
    try {
      for (let seeds = slice(); seeds.length > 0; seeds = slice()) each(await ask(worker, seeds));
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(count / SLICE)) }, one));
}

function ask(worker: Worker, seeds: readonly number[]): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', gone);
    };
    const heard = (tally: Tally): void => {
      done();
      resolve(tally);
    };
    const failed = (error: unknown): void => {
      done();
      reject(error as Error);
    };
    const gone = (code: number): void => {
      done();
      reject(new Error(`a worker ended with ${code}`));
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', gone);
    worker.postMessage(seeds);
  });
}
