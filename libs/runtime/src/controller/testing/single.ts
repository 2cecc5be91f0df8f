import { invariant, nodeId } from '@yosugara/kernel';
import { observe } from '../observe.js';
import { type ControllerState, createController } from '../state.js';
import { stepController } from '../step.js';
import { raftTimings } from '../timings.js';
import type { ControllerConfig, ControllerEffect } from '../types.js';
import { settingsWith } from './settings.js';

const SELF = nodeId('a');
const PATIENCE_MS = 20_000;
const TICK_MS = 50;

/** The controller of `a`, just started, with an empty log. */
export function startedA(members: ControllerConfig['members'], nowMs = 0): ControllerState {
  const settings = settingsWith({ stopProofs: ['P1'] });
  const raft = raftTimings(settings.timings);
  const config: ControllerConfig = {
    ...{ self: SELF, kind: 'data', boot: 'a1', members, settings, raft, compactEvery: 1_000, trailing: 10 },
  };
  return createController(config, { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }, nowMs, nowMs).state;
}

/** `a` as the only voter: it leads, every round comes back at once and what it proposes is committed at once. */
export function leadingA(others: ControllerConfig['members'] = []): { readonly state: ControllerState; readonly atMs: number } {
  const state = startedA([{ id: SELF, kind: 'data', voter: true }, ...others]);
  let atMs = 0;
  for (; atMs < PATIENCE_MS && observe(state).lead?.ready !== true; atMs += TICK_MS) tick(state, atMs);
  invariant(observe(state).lead?.ready === true, 'a leads');
  return { state, atMs };
}

export function tick(state: ControllerState, nowMs: number): ControllerEffect[] {
  return stepController(state, { kind: 'tick', nowMs, wallMs: nowMs, random: 0.5 });
}
