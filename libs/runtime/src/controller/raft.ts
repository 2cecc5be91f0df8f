import type { DiskStamp, Entry, RaftEffect, RaftMessage } from '@yosugara/consensus';
import { applyCommand, type Command, wallTime } from '@yosugara/failover';
import { demandKnown, demandLevel } from './levels.js';
import { type ControllerState, restore } from './state.js';
import type { ControllerEffect, PeerMessage } from './types.js';

/** Raft's effects, translated: what concerns the record is done here, the rest goes to the edge. */
export function noteRaft(state: ControllerState, effects: readonly RaftEffect[]): ControllerEffect[] {
  const out: ControllerEffect[] = [];
  for (const effect of effects) {
    switch (effect.kind) {
      case 'persist':
        out.push(effect);
        break;
      case 'send':
        if (!state.leftBehind.has(effect.to)) out.push({ kind: 'send', to: effect.to, message: signed(state, effect.message) });
        break;
      case 'apply':
        out.push(...apply(state, effect.entry));
        break;
      case 'restore':
        out.push(...restore(state, effect.snapshot.state, effect.snapshot.index));
        break;
      case 'rejected':
        if (state.proposal?.id === effect.requestId) state.proposal = null;
        out.push({ kind: 'log', level: 'warn', event: 'raft.rejected', fields: { why: effect.why } });
        break;
      case 'note':
        out.push({ kind: 'log', level: 'info', event: effect.event, fields: effect.fields });
        break;
      case 'accepted':
      case 'barrier':
        break;
    }
  }
  return out;
}

/** Spelt out for what nearly every message is: it is made at every one. */
function signed(state: ControllerState, m: RaftMessage): PeerMessage {
  const { inc, disk, b } = stampOf(state);
  if (inc !== undefined && disk !== undefined && b === undefined) return { k: 'raft', m, inc, disk };
  return {
    ...{ k: 'raft', m },
    ...(inc === undefined ? {} : { inc }),
    ...(disk === undefined ? {} : { disk }),
    ...(b === undefined ? {} : { b }),
  };
}

interface Stamp {
  readonly inc: string | undefined;
  readonly disk: DiskStamp | undefined;
  readonly b: string | undefined;
}

/** How our consensus directory signs: what is sent follows what was written. */
export function stampOf(state: ControllerState): Stamp {
  const { incarnation, boots, written } = state.raft;
  const b = state.branch === '' ? undefined : state.branch;
  if (incarnation === null) return { inc: undefined, disk: undefined, b };
  return { inc: incarnation, disk: { life: state.config.boot, boots, written }, b };
}

function apply(state: ControllerState, entry: Entry): ControllerEffect[] {
  state.appliedIndex = entry.index;
  if (entry.payload.kind !== 'command') return [];
  const command = entry.payload.command as Command;
  demandKnown(state, command);
  const before = state.record;
  const { record, refused } = applyCommand(before, command);
  state.record = record;
  if (record.level !== before.level) demandLevel(state);
  if (state.proposal?.id === command.id) state.proposal = null;
  // What an earlier recover did says nothing of this one.
  if (command.kind === 'recover' && command.node === state.config.self) state.progress = null;
  if (command.kind === 'join') state.failures.delete('join');
  if (command.kind === 'leave') state.lastLeaveMs = state.nowMs;
  if (record.epoch !== before.epoch) {
    state.joinMark = null;
    state.gate = null;
    state.failures.clear();
    state.stalled.clear();
  }
  if (record.owner === state.config.self && record.phase === 'serving' && state.forced !== null) state.forced = null;
  return [
    {
      kind: 'log',
      level: refused === null ? 'info' : 'warn',
      event: refused === null ? 'record.applied' : 'record.refused',
      fields: { index: entry.index, ...command, ...(refused === null ? {} : { refused }) },
    },
    ...answersOn(state, command, refused),
  ];
}

/** An operator's request is answered when its command is committed. */
function answersOn(state: ControllerState, command: Command, refused: string | null): ControllerEffect[] {
  const done = saidOf(command);
  if (done === null) return [];
  const asked = state.waiting.get(done.requestId);
  if (asked === undefined) return [];
  state.waiting.delete(done.requestId);
  const ok = refused === null;
  const message = refused ?? done.says;
  return asked.from === null
    ? [{ kind: 'answer', id: done.requestId, ok, message }]
    : [{ kind: 'send', to: asked.from, message: { k: 'answer', id: done.requestId, ok, message } }];
}

function saidOf(command: Command): { readonly requestId: string; readonly says: string } | null {
  switch (command.kind) {
    case 'recover':
      return { requestId: command.requestId, says: `recover of ${command.node} is under way` };
    case 'switchover':
      return { requestId: command.requestId, says: `switchover to ${command.to} is under way` };
    case 'pause': {
      const until = command.untilWallMs;
      const says = until === null ? 'the pause is over' : `paused until ${wallTime(until)}: nobody takes over by itself`;
      return { requestId: command.requestId, says };
    }
    case 'maintenance': {
      const { node, untilWallMs: until } = command;
      const says = until === null ? `maintenance of ${node} is over` : `${node} is in maintenance until ${wallTime(until)}`;
      return { requestId: command.requestId, says };
    }
    case 'fenceRequest':
      return command.ordered === undefined
        ? null
        : { requestId: command.requestId, says: `${command.target} is to be switched off` };
    case 'level':
      return { requestId: command.requestId, says: `the cluster is at level ${command.level}` };
    default:
      return null;
  }
}
