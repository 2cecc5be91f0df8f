import { Worker } from 'node:worker_threads';
const SLICE = 20;
/** All seeds over all cores, a slice at a time; `each` hears every slice as it ends. */
export async function runAll(from, count, workers, each) {
    let next = from;
    const end = from + count;
    const slice = () => {
        const seeds = Array.from({ length: Math.min(SLICE, end - next) }, (_, place) => next + place);
        next += seeds.length;
        return seeds;
    };
    const one = async () => {
        const worker = new Worker(new URL('./worker.js', import.meta.url));
        try {
            for (let seeds = slice(); seeds.length > 0; seeds = slice())
                each(await ask(worker, seeds));
        }
        finally {
            await worker.terminate();
        }
    };
    await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(count / SLICE)) }, one));
}
function ask(worker, seeds) {
    return new Promise((resolve, reject) => {
        const done = () => {
            worker.off('message', heard);
            worker.off('error', failed);
            worker.off('exit', gone);
        };
        const heard = (tally) => {
            done();
            resolve(tally);
        };
        const failed = (error) => {
            done();
            reject(error);
        };
        const gone = (code) => {
            done();
            reject(new Error(`a worker ended with ${code}`));
        };
        worker.on('message', heard);
        worker.on('error', failed);
        worker.on('exit', gone);
        worker.postMessage(seeds);
    });
}
//# sourceMappingURL=pool.js.map