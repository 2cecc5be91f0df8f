import { type RaftInput, step } from '@yosugara/consensus';
import { noteRaft } from './raft.js';
import type { ControllerState } from './state.js';
import type { ControllerEffect } from './types.js';

/** Step raft and take its effects as ours. */
export function raftInput(state: ControllerState, input: RaftInput): ControllerEffect[] {
  const stepped = step(state.raft, input);
  state.raft = stepped.state;
  return noteRaft(state, stepped.effects);
}
