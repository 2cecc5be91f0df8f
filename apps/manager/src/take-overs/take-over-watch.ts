import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type LastFence, type Status, StatusSchema } from '@yosugara/protocol';
import type { AskController } from '../cluster/cluster-view.js';
import type { Authority } from '../control/authority.js';
import type { Lifecycle } from '../lifecycle.js';
import { Again } from '../self/again.js';
import { LagMinutes } from './lag-minutes.js';
import type { TakeOverTables } from './take-over-tables.js';
import { TakeOverTrace } from './trace.js';

const CALM_MS = 1_000;
/** While something is going on; one answer comes from the controller's memory. */
const LOOK_MS = 200;
const ASK_DEADLINE_MS = 1_000;
const RETRY_MS = 5_000;

export interface TakeOverWatchOptions {
  readonly node: string;
  readonly ask: AskController;
  readonly authority: Pick<Authority, 'now' | 'demand' | 'watch'>;
  readonly lifecycle: Pick<Lifecycle, 'database' | 'isReady' | 'ingestMovedAtMs'>;
  readonly runsJobs: () => boolean;
  readonly tables: Pick<TakeOverTables, 'add' | 'see' | 'addRecover' | 'addFence' | 'addLag'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Watches the cluster through this node's controller, on a Standby, too: what it sees of its own take-over it writes down when it serves, with what
 * the cluster's record says of the ones before, the reports of recovers, and how far the others are behind. Nothing waits for it.
 */
export class TakeOverWatch {
  readonly #o: TakeOverWatchOptions;
  readonly #trace: TakeOverTrace;
  readonly #lag = new LagMinutes();
  readonly #again = new Again(
    () => (this.#trace.isOpen ? LOOK_MS : CALM_MS),
    async () => await this.#turn(),
  );
  #unwatch: () => void = () => undefined;
  #status: Status | null = null;
  #writing: Promise<void> | null = null;
  #notBeforeMs = 0;
  #writtenEpoch = 0;
  #writtenVersion = '';
  readonly #recovers = new Map<string, string>();
  #writtenFence = '';

  constructor(options: TakeOverWatchOptions) {
    this.#o = options;
    this.#trace = new TakeOverTrace(options.node, LOOK_MS);
  }

  start(): void {
    // What the controller says by itself is seen at once.
    this.#unwatch = this.#o.authority.watch(() => this.#see());
    this.#again.startNow();
  }

  async stop(): Promise<void> {
    this.#again.stop();
    this.#unwatch();
    await this.#writing;
  }

  async #turn(): Promise<void> {
    this.#status = await this.#o.ask({ method: 'status' }, ASK_DEADLINE_MS).then(
      (answer) => StatusSchema.safeParse(answer).data ?? null,
      () => null,
    );
    if (this.#again.isStopped) return;
    this.#see();
    if (this.#status !== null) this.#lag.add(this.#status, this.#o.clock.wallMs());
    this.#write();
  }

  #see(): void {
    const { authority, lifecycle, runsJobs, clock } = this.#o;
    const { epoch, mode, vip } = authority.now();
    const own = {
      ...{ epoch, mode, vip, isWritable: lifecycle.database === 'primary', isReady: lifecycle.isReady() },
      ...{ ingests: lifecycle.ingestMovedAtMs !== null, runsJobs: runsJobs() },
    };
    this.#trace.look({ atMs: clock.wallMs(), status: this.#status, own });
  }

  #write(): void {
    const { authority, lifecycle, clock, log } = this.#o;
    const { mode, epoch } = authority.now();
    if (this.#writing !== null || clock.monotonicMs() < this.#notBeforeMs) return;
    if (mode !== 'active' || !lifecycle.isReady() || this.#status === null) {
      // Of a take-over of somebody else's: they write it down.
      if (this.#trace.isSettled) this.#trace.forget();
      return;
    }
    this.#writing = this.#writeAll(this.#status, epoch)
      .catch((error: unknown) => {
        this.#notBeforeMs = clock.monotonicMs() + RETRY_MS;
        log.warn('takeOver.notWritten', { why: explain(error) });
      })
      .finally(() => {
        this.#writing = null;
      });
  }

  async #writeAll(status: Status, epoch: number): Promise<void> {
    const { tables, authority, clock } = this.#o;
    const guard = () => void authority.demand('active', epoch);
    const newest = status.history[0]?.epoch ?? 0;
    if (newest > this.#writtenEpoch) {
      await tables.add(status.history, epoch, guard);
      this.#writtenEpoch = newest;
    }
    const { mine } = this.#trace;
    if (mine !== null && mine.epoch <= this.#writtenEpoch && `${mine.epoch}/${mine.version}` !== this.#writtenVersion) {
      await tables.see(mine.epoch, mine.seen, epoch, guard);
      this.#writtenVersion = `${mine.epoch}/${mine.version}`;
    }
    if (this.#trace.isSettled && (mine === null || this.#writtenVersion === `${mine.epoch}/${mine.version}`))
      this.#trace.forget();
    for (const { recoverReport } of status.nodes) {
      if (recoverReport == null || recoverReport.state === 'running') continue;
      const { requestId, endedAt } = recoverReport;
      if (this.#recovers.get(requestId) === (endedAt ?? '')) continue;
      await tables.addRecover(recoverReport, epoch, guard);
      this.#recovers.set(requestId, endedAt ?? '');
    }
    await this.#writeFence(status.lastFence ?? null, epoch, guard);
    const minutes = this.#lag.over(clock.wallMs());
    if (minutes.length > 0) await tables.addLag(minutes, epoch, guard);
  }

  /** The cluster's record knows the newest only. */
  async #writeFence(fence: LastFence | null, epoch: number, guard: () => void): Promise<void> {
    const now = fence === null || fence.state === 'requested' ? '' : `${fence.requestId}/${fence.state}`;
    if (fence === null || now === '' || now === this.#writtenFence) return;
    await this.#o.tables.addFence(fence, this.#o.node, epoch, guard);
    this.#writtenFence = now;
  }
}
