import type { RecoverProgress, Status } from '@yosugara/protocol';
import type { Controllers } from '../control/client.js';
import { Progress, type Terminal } from '../output/terminal.js';
import { CommandFailedError, follow, send } from './follow.js';

export interface RecoverOptions {
  readonly node?: string | undefined;
  readonly dryRun: boolean;
  readonly deadlineMs: number;
}

export interface RecoverResult {
  readonly requestId: string | null;
  readonly node: string | null;
  /** `follow`, `rewind` or `basebackup`; null: nothing had to be done. */
  readonly method: string | null;
  readonly seconds: number;
  readonly state: 'done' | 'failed' | 'nothing-to-do' | 'dry-run';
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly message: string;
}

/** Brings the node that is out back as Standby and follows until it is. Idempotent: asked again, it follows what is under way. */
export async function recover(controllers: Controllers, options: RecoverOptions, terminal: Terminal): Promise<RecoverResult> {
  const node = options.node ?? whoIsOut(await controllers.status());
  const ask = { method: 'recover' as const, ...(node === null ? {} : { node }), ...(options.dryRun ? { dryRun: true } : {}) };
  const startedMs = performance.now();
  const message = await send(controllers, ask);
  const seconds = () => Math.round(performance.now() - startedMs) / 1000;
  const short = { requestId: null, node, method: null, phases: [], message };
  if (options.dryRun) return { ...short, seconds: seconds(), state: 'dry-run' };
  if (node === null || /^nothing to recover/.test(message)) return { ...short, seconds: seconds(), state: 'nothing-to-do' };

  const progress = new Progress(terminal);
  const phases = new Phases(startedMs);
  try {
    const last = await follow(controllers, `recover of ${node}`, options.deadlineMs, (status) => {
      const now = progressOf(status, node);
      phases.at(now.phase);
      const { step, steps, phase, detail, fraction } = now;
      progress.show(
        `recover of ${node}: ${phase}${detail === '' ? '' : `: ${detail}`}`,
        (step - 1 + (fraction ?? 0)) / Math.max(1, steps),
      );
      return now.state === 'running' ? null : now;
    });
    const result = { requestId: last.requestId, node, method: last.method, seconds: seconds(), phases: phases.end() };
    if (last.state === 'failed')
      throw new CommandFailedError('RECOVER_FAILED', `recover of ${node} failed in ${last.phase}: ${last.detail}`);
    return { ...result, state: 'done', message: `${node} is back in the sync set` };
  } finally {
    progress.end();
  }
}

/** The node that `recover` without a name means. */
export function whoIsOut(status: Status): string | null {
  const out = status.nodes.filter((node) => node.name !== status.master && !node.syncSet);
  return (
    (out.find((node) => node.needsRecover) ?? out[0] ?? status.nodes.find((node) => node.recover?.state === 'running'))?.name ??
    null
  );
}

/** What the status says about the request, or what stands for it until the status knows. */
export function progressOf(status: Status, node: string): RecoverProgress {
  const seen = status.nodes.find((one) => one.name === node);
  const back = seen?.syncSet === true && seen.role.startsWith('STANDBY');
  const recover = seen?.recover ?? null;
  // A `done` of an earlier request may still stand there while the node is out again.
  if (recover !== null && !(recover.state === 'done' && !back)) return recover;
  const idle = { requestId: recover?.requestId ?? '', step: 1, steps: 1, fraction: null, method: recover?.method ?? null };
  if (back) return { ...idle, phase: 'done', detail: 'in the sync set', state: 'done' };
  return { ...idle, phase: 'request', detail: seen?.why ?? `${node} is not heard`, state: 'running' };
}

/** How long each phase took, in the order they came. */
class Phases {
  readonly #done: { phase: string; seconds: number }[] = [];
  #phase: string | null = null;
  #sinceMs: number;
  constructor(startedMs: number) {
    this.#sinceMs = startedMs;
  }

  at(phase: string): void {
    if (phase === this.#phase) return;
    this.#close();
    this.#phase = phase;
  }

  end() {
    this.#close();
    return this.#done;
  }

  #close(): void {
    const nowMs = performance.now();
    if (this.#phase !== null) this.#done.push({ phase: this.#phase, seconds: Math.round(nowMs - this.#sinceMs) / 1000 });
    this.#phase = null;
    this.#sinceMs = nowMs;
  }
}
