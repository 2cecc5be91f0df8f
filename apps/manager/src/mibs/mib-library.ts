import { type Clock, explain, type Log } from '@yosugara/kernel';
import { MAX_MIB_BYTES, MIB_COMPILER } from '@yosugara/operations';
import type { MibVersion } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import type { AuditEntry } from '../store/ports.js';
import type { SplitUpload, UploadedFile } from './compile-job.js';
import { MibCompiler } from './compiler.js';
import type { MibNames } from './mib-names.js';
import type { MibTables, MostMibs } from './mib-tables.js';

export interface MibLibraryOptions {
  readonly tables: MibTables;
  readonly names: MibNames;
  readonly authority: Authority;
  /** The database of this epoch is ours to write to. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly most?: MostMibs;
  readonly compiler?: MibCompiler;
}

const LOOK_MS = 1_000;
/** What failed is not tried again at once: it takes a core for a while. */
const AGAIN_MS = 60_000;
const MOST: MostMibs = { bytes: MAX_MIB_BYTES, modules: 4_096 };
/** Of one transaction, so that each ends well before its deadline. */
const CHUNK_CHARS = 4 * 1024 * 1024;

export interface UploadOutcome extends SplitUpload {
  /** Those that waited before and wait no more. */
  readonly completed: readonly string[];
  readonly compiled: boolean;
}

/**
 * The MIB modules of the cluster. Every manager follows the names; the active one compiles whatever is not compiled, also what another manager
 * left so, or an older compiler made.
 */
export class MibLibrary {
  readonly #o: MibLibraryOptions;
  readonly #compiler: MibCompiler;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #isStopped = false;
  #compiledThrough = -1;
  #failed: { readonly wanted: number; readonly atMs: number; readonly error: unknown } | null = null;

  constructor(options: MibLibraryOptions) {
    this.#o = options;
    this.#compiler = options.compiler ?? new MibCompiler();
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** A statement under way ends with its connection. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#compiler.close();
  }

  /** @param patienceMs how long to wait for the compiler. @throws MibStoreFullError, what the compiler throws */
  async upload(files: readonly UploadedFile[], by: string, entry: AuditEntry, patienceMs: number): Promise<UploadOutcome> {
    const { tables, authority, most = MOST } = this.#o;
    const { modules, refused } = await this.#compiler.split(files);
    if (modules.length === 0) return { modules, refused, completed: [], compiled: true };
    const waiting = await this.#waiting();
    const named = modules.map(({ name, file, digest }) => ({ name, file, digest: digest.toString('hex') }));
    const full = { ...entry, detail: { ...entry.detail, modules: named.slice(0, 100), of: named.length } };
    const guard = () => void authority.demand('active', entry.epoch);
    const wanted = await tables.put(modules, by, most, full, guard);
    const compiled = await this.#settled(wanted, patienceMs);
    const still = await this.#waiting();
    const own = new Set(modules.map(({ name }) => name));
    const completed = compiled ? [...waiting].filter((name) => !still.has(name) && !own.has(name)) : [];
    return { modules, refused, completed, compiled };
  }

  /** @returns false: there is no such module. @throws MibInUseError */
  async remove(name: string, entry: AuditEntry, patienceMs: number): Promise<boolean> {
    const guard = () => void this.#o.authority.demand('active', entry.epoch);
    const wanted = await this.#o.tables.remove(name, entry, guard);
    if (wanted !== null) await this.#settled(wanted, patienceMs);
    return wanted !== null;
  }

  async #waiting(): Promise<ReadonlySet<string>> {
    const all = await this.#o.tables.list();
    return new Set(all.filter(({ state }) => state === 'waiting').map(({ name }) => name));
  }

  /** Resolves to whether everything through `wanted` is compiled. @throws what the compiler threw */
  async #settled(wanted: number, patienceMs: number): Promise<boolean> {
    const { clock } = this.#o;
    const endMs = clock.monotonicMs() + patienceMs;
    while (this.#compiledThrough < wanted) {
      if (this.#failed !== null && this.#failed.wanted >= wanted) throw this.#failed.error;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 || this.#isStopped) return false;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, leftMs)));
      await Promise.race([this.#look(), late]).finally(() => clearTimeout(timer));
    }
    return true;
  }

  /** One look at a time: whoever comes meanwhile hears of the one that runs, and asks again. */
  async #look(): Promise<void> {
    if (this.#isStopped) return;
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = null));
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { tables, names, authority, isReady, log } = this.#o;
    try {
      let version = await tables.version();
      if (authority.now().mode === 'active' && isReady() && this.#isDue(version)) {
        await this.#compile(version);
        version = await tables.version();
      }
      await names.follow(version.compiled);
      this.#compiledThrough = version.compiled;
    } catch (error) {
      // The database is away, or has no such tables yet.
      log.debug('mibs.notFollowed', { why: explain(error) });
    }
  }

  #isDue({ wanted, compiled, compiler }: MibVersion): boolean {
    if (wanted === compiled && compiler === MIB_COMPILER) return false;
    return this.#failed?.wanted !== wanted || this.#o.clock.monotonicMs() - this.#failed.atMs >= AGAIN_MS;
  }

  /** Nothing is kept of it when modules change meanwhile: then the next look begins anew. */
  async #compile({ wanted }: MibVersion): Promise<void> {
    const { tables, authority, clock, log } = this.#o;
    const { epoch } = authority.now();
    const guard = () => void authority.demand('active', epoch);
    const startedMs = clock.monotonicMs();
    const [sources, digests] = await Promise.all([tables.sources(), tables.objectDigests()]);
    const known = new Map([...digests].map(([name, digest]) => [name, digest.toString('hex')]));
    const results = await this.#compiler.compile(sources, known).catch((error: unknown) => {
      if (this.#isStopped) return null;
      this.#failed = { wanted, atMs: clock.monotonicMs(), error };
      log.error('mibs.notCompiled', { modules: sources.length, why: explain(error) });
      return null;
    });
    if (results === null) return;
    for (const chunk of chunksOf(results)) if (!(await tables.storeResults(wanted, chunk, epoch, guard))) return;
    if (!(await tables.finish(wanted, MIB_COMPILER, epoch, guard))) return;
    this.#failed = null;
    log.info('mibs.compiled', { modules: sources.length, ms: Math.round(clock.monotonicMs() - startedMs) });
  }
}

function* chunksOf<Result extends { readonly objects: string }>(results: readonly Result[]): Generator<readonly Result[]> {
  let chunk: Result[] = [];
  let chars = 0;
  for (const result of results) {
    if (chunk.length > 0 && (chars + result.objects.length > CHUNK_CHARS || chunk.length >= 200)) {
      yield chunk;
      chunk = [];
      chars = 0;
    }
    chunk.push(result);
    chars += result.objects.length;
  }
  if (chunk.length > 0) yield chunk;
}
