import { PROFILES, type Settings } from '@yosugara/failover';

/** Profile `lan` without any device: a spec names only what it changes. */
export const settingsWith = (change: Partial<Settings> = {}): Settings => ({
  policy: 'available',
  stopProofs: ['P1', 'P4'],
  autoRejoin: 'clean',
  timings: PROFILES.lan,
  hasVip: false,
  drNodes: [],
  fenceable: [],
  fenceDelayMs: 10_000,
  powerOnAfterFence: false,
  rateLimit: { max: 5, withinMs: 3_600_000 },
  hooks: { beforePromotion: false, afterPromotion: false },
  ...change,
});
