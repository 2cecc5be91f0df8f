import { type Action, mayServe } from '@yosugara/failover';
import { type Log, YosugaraError } from '@yosugara/kernel';
import type { HookPort } from '../ports/fencing.js';
import { observe } from './observe.js';
import type { ControllerState } from './state.js';

type HookRun = Extract<Action, { kind: 'hook.run' }>;

/** It says nothing about a promotion: should the epoch be ours after all, the hook is asked anew. */
export const HOOK_CALLED_OFF = 'HOOK_CALLED_OFF';

/** The controller's hand on the operator's programs around a promotion: one at a time, and none for longer than its epoch is ours. */
export class HookHand {
  readonly #port: HookPort | undefined;
  readonly #log: Log;
  #running: AbortController | null = null;

  constructor(port: HookPort | undefined, log: Log) {
    this.#port = port;
    this.#log = log;
  }

  /** @throws YosugaraError HOOK_VETO, HOOK_FAILED — with what the program said; HOOK_CALLED_OFF, HOOK_MISSING. */
  async run({ which, epoch }: HookRun): Promise<void> {
    if (this.#port === undefined) throw new YosugaraError('HOOK_MISSING', `no hook ${which} promotion is there to run`);
    const running = new AbortController();
    this.#running = running;
    try {
      const { good, says } = await ask(this.#port, which, epoch, running.signal);
      this.#log[good ? 'info' : 'warn']('hook.said', { which, epoch, good, says });
      if (running.signal.aborted) throw new YosugaraError('HOOK_CALLED_OFF', says);
      if (!good) throw new YosugaraError(which === 'before' ? 'HOOK_VETO' : 'HOOK_FAILED', says);
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  /** What it moves is, or will soon be, another node's to move. */
  callOff(why: string): void {
    if (this.#running === null || this.#running.signal.aborted) return;
    this.#log.warn('hook.calledOff', { why });
    this.#running.abort(why);
  }
}

async function ask(
  port: HookPort,
  which: HookRun['which'],
  epoch: HookRun['epoch'],
  signal: AbortSignal,
): Promise<{ readonly good: boolean; readonly says: string }> {
  if (which === 'before') {
    const { passed, says } = await port.before(epoch, { signal });
    return { good: passed, says };
  }
  const { ok, says } = await port.after(epoch, { signal });
  return { good: ok, says };
}

/** The hook that runs is of an epoch that is not, or may soon not be, this node's any more: its lease ends before another one's begins. */
export function hookIsOver(state: ControllerState): boolean {
  const action = state.busy.get('hook')?.action;
  if (action?.kind !== 'hook.run') return false;
  return action.epoch !== state.record.epoch || !mayServe(observe(state));
}
