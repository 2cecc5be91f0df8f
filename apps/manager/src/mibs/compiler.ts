import { Worker } from 'node:worker_threads';
import { DeadlineError, YosugaraError } from '@yosugara/kernel';
import type { MibResult, MibSource } from '@yosugara/store';
import { compileAll, type KnownObjects, type SplitUpload, splitUpload, type UploadedFile } from './compile-job.js';

export type Job =
  | { readonly kind: 'split'; readonly files: readonly UploadedFile[] }
  | { readonly kind: 'compile'; readonly sources: readonly MibSource[]; readonly known: KnownObjects };

/** The largest set that is kept takes half a minute of a slow core. */
const DEADLINE_MS = 120_000;
const MAX_HEAP_MB = 1_024;
/** So little is done before a thread has begun: a tenth of a second at most. */
const SMALL_CHARS = 128 * 1024;
const HERE = import.meta.url;
/** Specs run the sources, and a thread of its own needs the built file. */
const FILE = new URL(HERE.endsWith('.ts') ? '../../dist/mibs/compile-worker.js' : './compile-worker.js', HERE);

/** Compiling, what is large in a thread of its own, one at a time: the manager's must answer its controller meanwhile. */
export class MibCompiler {
  #last: Promise<unknown> = Promise.resolve();
  readonly #workers = new Set<Worker>();
  #isClosed = false;

  /** @throws YosugaraError MIB_COMPILER_FAILED, DeadlineError */
  async split(files: readonly UploadedFile[]): Promise<SplitUpload> {
    if (isSmall(files.map(({ text }) => text))) return splitUpload(files);
    const [answer] = await this.#run<SplitUpload>({ kind: 'split', files });
    const modules = (answer?.modules ?? []).map((module) => ({ ...module, digest: Buffer.from(module.digest) }));
    return { modules, refused: answer?.refused ?? [] };
  }

  /** @throws YosugaraError MIB_COMPILER_FAILED, DeadlineError */
  async compile(sources: readonly MibSource[], known: KnownObjects): Promise<readonly MibResult[]> {
    if (isSmall(sources.map(({ source }) => source))) return [...compileAll(sources, known)];
    const results = await this.#run<MibResult>({ kind: 'compile', sources, known });
    // A Buffer comes through as its bytes.
    return results.map((result) => ({ ...result, objectsDigest: Buffer.from(result.objectsDigest) }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#workers].map(async (worker) => await worker.terminate()));
  }

  async #run<Answer>(job: Job): Promise<readonly Answer[]> {
    const before = this.#last;
    const mine = before.then(async () => await this.#work<Answer>(job));
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #work<Answer>(job: Job): Promise<readonly Answer[]> {
    if (this.#isClosed) throw new YosugaraError('MIB_COMPILER_FAILED', 'the manager is stopping');
    const worker = new Worker(FILE, {
      ...{ workerData: job, execArgv: [], stdin: false, stdout: false, stderr: false },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    this.#workers.add(worker);
    let timer: NodeJS.Timeout | undefined;
    try {
      const answers: Answer[] = [];
      await new Promise<void>((resolve, reject) => {
        const failed = (why: string, cause?: unknown) =>
          reject(new YosugaraError('MIB_COMPILER_FAILED', `the compiler of MIB modules failed: ${why}`, { cause }));
        timer = setTimeout(() => reject(new DeadlineError('the compiler of MIB modules', DEADLINE_MS)), DEADLINE_MS);
        worker.on('message', (answer: Answer) => answers.push(answer));
        worker.once('messageerror', (error) => failed('its answer cannot be read', error));
        worker.once('error', (error) => failed(error instanceof Error ? error.message : 'it threw', error));
        // Messages sent before the end have come by then.
        worker.once('exit', (code) => (code === 0 ? resolve() : failed(`its thread ended with ${code}`)));
      });
      return answers;
    } finally {
      clearTimeout(timer);
      await worker.terminate();
      this.#workers.delete(worker);
    }
  }
}

const isSmall = (texts: readonly string[]): boolean => texts.reduce((sum, text) => sum + text.length, 0) <= SMALL_CHARS;
