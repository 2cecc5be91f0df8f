import { amnesiacs } from '@yosugara/consensus';
import { levelOf, troublesHere } from '@yosugara/failover';
import { supersededNow } from './away.js';
import { hasTwoVoters, healthForReport } from './fence-facts.js';
import { spokenHere } from './levels.js';
import { REPORT_FRESH_MS } from './manager-watch.js';
import { observe } from './observe.js';
import { stampOf } from './raft.js';
import { rateOf } from './recovering.js';
import type { ControllerState } from './state.js';
import type { NodeReport } from './types.js';

/** What we tell the others of ourselves. What is undefined is left out on the way. */
export function reportOf(state: ControllerState): NodeReport {
  const { config, nowMs } = state;
  const { inc, disk } = stampOf(state);
  return {
    node: config.self,
    boot: config.boot,
    version: config.version,
    speaks: spokenHere(state),
    level: levelOf(state.record),
    epoch: state.record.epoch,
    role: state.decision.role,
    why: state.decision.why,
    postgres: state.facts,
    vip: state.vipHeld,
    needsRecover: state.decision.needsRecover,
    consensus: inc === undefined || disk === undefined ? undefined : { incarnation: inc, disk, forgot: amnesiacs(state.raft) },
    leaving: state.leaving,
    generation: state.record.generation,
    branch: state.branch === '' ? undefined : state.branch,
    superseded: state.superseded === null || supersededNow(state) === null ? undefined : state.superseded,
    troubles: troublesHere(observe(state)),
    stopped: state.renounced > 0 ? { epoch: state.renounced, boot: config.boot } : null,
    manager: state.manager !== null && nowMs - state.manager.atMs <= REPORT_FRESH_MS ? state.manager.report : null,
    receiver: state.receiver !== null && nowMs - state.receiver.atMs <= REPORT_FRESH_MS ? state.receiver.report : null,
    progress: state.progress,
    recover: state.recover,
    rate: rateOf(state),
    survey: state.survey,
    fenceHealth: healthForReport(state),
    fenceRight: state.fenceRight,
    hears: partnersLife(state),
    host: state.host,
    heard: state.links,
  };
}

function partnersLife(state: ControllerState): string | undefined {
  if (!hasTwoVoters(state)) return undefined;
  const partner = state.config.members.find(({ id, voter }) => voter && id !== state.config.self);
  const held = partner === undefined ? undefined : state.reports.get(partner.id);
  return held !== undefined && state.nowMs - held.atMs <= REPORT_FRESH_MS ? held.report.boot : undefined;
}
