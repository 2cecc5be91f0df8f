import { MINUTE_MS } from './times.js';
import type { NodeRun } from './types.js';

/** How long a run that certainly did not start waits until it is told again, by how often that was so; the last row counts for all further ones. */
export const UNSTARTED_DELAYS = [
  { delayMs: 0, why: 'once says nothing: a take-over came between the instruction and the start check' },
  { delayMs: 1_000, why: 'twice in a row: the agent or the manager is busy for a moment' },
  { delayMs: 5_000, why: 'as long as an agent waits for the answer to a start check: whoever is slow has caught up by then' },
  {
    delayMs: 20_000,
    why: 'it is no moment: an account, a disk or a program is missing, and each try is work and a line of history',
  },
  { delayMs: MINUTE_MS, why: 'as often as an agent that is silent is asked: people have to put it right' },
] as const;

/** @param times how often it did not start, from 1 on */
export const delayAfter = (times: number): number =>
  UNSTARTED_DELAYS[Math.min(Math.max(times, 1), UNSTARTED_DELAYS.length) - 1]!.delayMs;

/** It may be told now. */
export const isReady = ({ notBeforeMs = null }: NodeRun, nowMs: number): boolean => notBeforeMs === null || nowMs >= notBeforeMs;
