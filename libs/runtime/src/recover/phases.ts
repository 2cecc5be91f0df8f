import type { RecoverPhase } from '@yosugara/protocol';

/** The ten phases of `recover` (failover.md, section 8), with the sentence that the CLI, the docs and the journal use. */
export const RECOVER_PHASES = [
  { phase: 'preflight', why: 'a majority answers, another node serves, and what is needed to come back to it is there' },
  { phase: 'quiesce', why: 'nothing of PostgreSQL may still run in a data directory that is about to change' },
  { phase: 'consensus', why: 'only a voter may ever take over: a wiped or damaged log comes back as a learner first' },
  { phase: 'decide', why: 'the cheapest way that is right: follow, rewind what diverged, or copy everything' },
  { phase: 'prepare', why: 'the Master keeps the WAL that this node will ask for, and has written a checkpoint to start from' },
  { phase: 'rewind', why: 'WAL here went past the point where the Master’s timeline left: those pages are fetched again' },
  { phase: 'rebuild', why: 'what is here cannot be used: everything is copied, and the old directory is set aside' },
  { phase: 'start', why: 'PostgreSQL runs as a standby and catches up with the Master' },
  { phase: 'join', why: 'the Master takes it into the sync set, and both receivers’ journals become level' },
  { phase: 'report', why: 'it could take over now: what was done, how long it took, what was given up' },
] as const satisfies readonly { readonly phase: RecoverPhase; readonly why: string }[];

/** 1 to 10. */
export const stepOf = (phase: RecoverPhase): number => RECOVER_PHASES.findIndex((row) => row.phase === phase) + 1;
export const RECOVER_STEPS = RECOVER_PHASES.length;

/** Exit codes of `yosugara recover` that ended in this phase: 11 (preflight) to 20. */
export const recoverExitCode = (phase: RecoverPhase): number => 10 + stepOf(phase);
