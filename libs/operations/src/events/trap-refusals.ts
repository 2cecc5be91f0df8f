/** Why a trap was not taken. Stable words for counters, logs and metrics; what of it was malformed stands in the samples. */
export const TRAP_REFUSALS = [
  ...(['unknown_community', 'no_users', 'unknown_user', 'security_level', 'wrong_digest', 'not_in_time_window'] as const),
  ...(['decryption_failed', 'replayed', 'another_engine', 'no_notification', 'too_many_new_engines', 'malformed'] as const),
] as const;
export type TrapRefusal = (typeof TRAP_REFUSALS)[number];

export function trapRefusal(reason: string): TrapRefusal {
  return TRAP_REFUSALS.find((known) => known === reason) ?? 'malformed';
}
