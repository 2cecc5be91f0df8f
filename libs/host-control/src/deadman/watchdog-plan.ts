import { PROFILES } from '@yosugara/failover';
import type { NodeConfig } from '@yosugara/protocol';
import type { WatchdogSetup } from './watchdog.js';

/** Other programs and folders than the host's own: for specifications. */
export interface WatchdogOverrides {
  readonly wdctl: string;
  readonly sysfs: string;
}

export interface WatchdogPlan {
  readonly setup: WatchdogSetup | null;
  /** Why there is none. */
  readonly says: string;
  /** Without a working one this node may not own. */
  readonly required: boolean;
}

/**
 * Is a watchdog wanted here, and with which time-out? `auto` only where its proof counts: a watchdog that nobody relies on would only add
 * resets. With two voters it does harm: whoever fences a silent partner has no quorum meanwhile, and would be reset in the middle of it.
 */
export function planWatchdog(config: NodeConfig, overrides?: WatchdogOverrides): WatchdogPlan {
  const { mode, device } = config.watchdog;
  const { stopProofs, members, profile } = config.cluster;
  const required = mode === 'required';
  const none = (says: string): WatchdogPlan => ({ setup: null, says, required });
  if (mode === 'off') return none('the configuration says watchdog.mode: off');
  if (members.filter((member) => member.kind !== 'dr').length < 3) return none('two voters take no proof by a watchdog');
  if (!required && !stopProofs.includes('P3')) return none('P3 is not among the stop proofs');
  const { watchdogMs, leaseOwnMs, roundMaxMs, killBudgetMs } = PROFILES[profile];
  return {
    setup: {
      device,
      seconds: Math.floor(watchdogMs / 1_000),
      leaseOwnMs,
      roundMaxMs,
      leaseMs: leaseOwnMs - killBudgetMs,
      wdctl: overrides?.wdctl ?? 'wdctl',
      sysfs: overrides?.sysfs ?? '/sys/class/watchdog',
      standIn: overrides !== undefined,
    },
    says: '',
    required,
  };
}
