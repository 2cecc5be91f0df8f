import { YosugaraError } from '@yosugara/kernel';
import {
  type RecoverPhase,
  RecoverPhaseSchema,
  type RecoverPlan,
  RecoverPlanSchema,
  type RecoverProgress,
  type RecoverReport,
  type Status,
} from '@yosugara/protocol';
import { type Controllers, RefusedError } from '../control/client.js';
import { bytes, duration, Progress, type Terminal, table } from '../output/terminal.js';
import { follow, sent } from './follow.js';

export interface RecoverOptions {
  readonly node?: string | undefined;
  readonly dryRun: boolean;
  readonly discardUnknown: boolean;
  readonly deadlineMs: number;
}

export interface RecoverResult {
  readonly requestId: string | null;
  readonly node: string | null;
  /** `follow`, `rewind` or `basebackup`; null: nothing had to be done, or a dry run that cannot tell yet. */
  readonly method: string | null;
  readonly seconds: number;
  readonly state: 'done' | 'failed' | 'nothing-to-do' | 'dry-run';
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly message: string;
  /** What the returning node journaled; null where it has not told. */
  readonly report: RecoverReport | null;
  /** Of a dry run; null: there is nothing to recover. Absent: it was none. */
  readonly plan?: RecoverPlan | null;
}

/** A dry run ends like the recover that it speaks of would begin: 11 when that would be refused. */
export const exitCodeOfRecover = ({ plan }: RecoverResult): number => ((plan?.refusals.length ?? 0) > 0 ? REFUSED_BEFOREHAND : 0);

const REFUSED_BEFOREHAND = 11;

/** Refused beforehand, or given up in a phase: each phase has an exit code of its own, 11 for the first to 20 for the last. */
export class RecoverFailedError extends YosugaraError {
  override readonly name = 'RecoverFailedError';
  readonly exitCode: number;
  constructor(code: string, message: string, phase: RecoverPhase, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.exitCode = REFUSED_BEFOREHAND + RecoverPhaseSchema.options.indexOf(phase);
  }
}

/** Brings the node that is out back as Standby and follows until it is. Idempotent: asked again, it follows what is under way. */
export async function recover(controllers: Controllers, options: RecoverOptions, terminal: Terminal): Promise<RecoverResult> {
  const node = options.node ?? whoIsOut(await controllers.status());
  const ask = {
    method: 'recover' as const,
    ...(node === null ? {} : { node }),
    ...(options.dryRun ? { dryRun: true } : {}),
    ...(options.discardUnknown ? { discardUnknown: true } : {}),
  };
  const startedMs = performance.now();
  const answer = (await sent(controllers, ask).catch((error: unknown) => {
    throw error instanceof RefusedError ? new RecoverFailedError(error.code, error.message, 'preflight', error) : error;
  })) as { readonly message?: unknown; readonly plan?: unknown };
  const message = typeof answer.message === 'string' ? answer.message : 'accepted';
  const seconds = () => Math.round(performance.now() - startedMs) / 1000;
  const short = { requestId: null, node, method: null, phases: [], message, report: null };
  if (options.dryRun) {
    const plan = RecoverPlanSchema.safeParse(answer.plan).data ?? null;
    return { ...short, node: plan?.node ?? node, method: plan?.method ?? null, seconds: seconds(), state: 'dry-run', plan };
  }
  if (node === null || /^nothing to recover/.test(message)) return { ...short, seconds: seconds(), state: 'nothing-to-do' };

  const progress = new Progress(terminal);
  const phases = new Phases(startedMs);
  let report: RecoverReport | null = null;
  try {
    const last = await follow(controllers, `recover of ${node}`, options.deadlineMs, (status) => {
      const now = progressOf(status, node);
      phases.at(now.phase);
      report = reportOf(status, node, now.requestId) ?? report;
      const { step, steps, phase, detail, fraction } = now;
      progress.show(
        `recover of ${node}: ${phase}${detail === '' ? '' : `: ${detail}`}`,
        (step - 1 + (fraction ?? 0)) / Math.max(1, steps),
        numbers(now),
      );
      return now.state === 'running' ? null : now;
    });
    const result = { requestId: last.requestId, node, method: last.method, seconds: seconds(), phases: phases.end(), report };
    if (last.state === 'failed') throw failure(node, last, report);
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
  // Where nobody served, what a fence had switched off may be Master by now.
  const back = seen?.syncSet === true && (seen.role.startsWith('STANDBY') || status.master === node);
  const recover = seen?.recover ?? null;
  // A `done` of an earlier request may still stand there while the node is out again.
  if (recover !== null && !(recover.state === 'done' && !back)) return recover;
  const idle = { requestId: recover?.requestId ?? '', step: 1, steps: 1, fraction: null, method: recover?.method ?? null };
  if (back) return { ...idle, phase: 'report', detail: 'in the sync set', state: 'done' };
  return { ...idle, phase: 'request', detail: seen?.why ?? `${node} is not heard`, state: 'running' };
}

const reportOf = (status: Status, node: string, requestId: string): RecoverReport | null => {
  const report = status.nodes.find((one) => one.name === node)?.recoverReport ?? null;
  return report?.requestId === requestId ? report : null;
};

function failure(node: string, last: RecoverProgress, report: RecoverReport | null): RecoverFailedError {
  const phase = RecoverPhaseSchema.safeParse(last.phase).data ?? 'preflight';
  const tried = report?.tries.at(-1);
  const because = tried === undefined ? last.detail : `${last.detail}: ${tried.message}`;
  return new RecoverFailedError(
    tried?.code ?? 'RECOVER_FAILED',
    `recover of ${node} failed in ${last.phase}: ${because}; ${node} goes on trying: once the cause is gone it comes back`,
    phase,
  );
}

/** Bytes, rate and time left, as far as they are known. */
function numbers({ bytes: done, totalBytes, bytesPerSecond, etaMs }: RecoverProgress): string {
  const parts = [
    ...(done == null ? [] : [totalBytes == null ? bytes(done) : `${bytes(done)} of ${bytes(totalBytes)}`]),
    ...(bytesPerSecond == null ? [] : [`${bytes(bytesPerSecond)}/s`]),
    ...(etaMs == null ? [] : [`${duration(etaMs)} left`]),
  ];
  return parts.join(', ');
}

/** For people; `--json` carries the whole of it. */
export function renderReport(result: RecoverResult): string {
  const method = result.method === null ? '' : `, method ${result.method}`;
  const head = `${result.message} after ${result.seconds} s${method}`;
  const { report } = result;
  if (report === null) return head;
  const times = table(
    ['phase', 'time'],
    report.phases.map((row) => [row.phase, `${duration(row.ms)}${row.entered > 1 ? ` (entered ${row.entered} times)` : ''}`]),
  );
  const { discarded } = report;
  const facts = [
    ...(report.why === '' ? [] : [`why ${report.method}: ${report.why}`]),
    ...(report.bytes > 0 ? [`copied: ${bytes(report.bytes)}`] : []),
    ...(discarded === null
      ? ['discarded WAL: none']
      : [`discarded WAL: ${discarded.from} to ${discarded.to} of timeline ${discarded.timeline} (${bytes(discarded.bytes)})`]),
    ...(report.keptWal === null ? [] : [`kept in compressed form: ${report.keptWal}`]),
    ...(report.setAside === null ? [] : [`old data directory: ${report.setAside}`]),
    ...(report.resumed > 0 ? [`interrupted and resumed: ${report.resumed} times`] : []),
  ];
  const look = report.look.length === 0 ? [] : ['', 'Look at:', ...report.look.map((line) => `- ${line}`)];
  return [head, '', times, '', ...facts, ...look].join('\n');
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
