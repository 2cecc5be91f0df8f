import type { NodeId } from '@yosugara/kernel';
import type { Observation } from './observation.js';
import { type ClusterRecord, isOutdated, type Maintenance } from './record.js';

/** Why a node is to be given nothing: neither leadership, nor the Master's part, nor a place in the sync set. */

export const maintenanceOf = (record: ClusterRecord, node: NodeId): Maintenance | null =>
  record.maintenance.find((entry) => entry.node === node) ?? null;

/** For people: to the second, UTC. */
export const wallTime = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;

const isLeaving = (o: Observation, node: NodeId): boolean => (node === o.self ? o.leaving : o.peers.get(node)?.leaving === true);

const unfitnessOf = (o: Observation, node: NodeId): string | null =>
  node === o.self ? o.unfit : (o.peers.get(node)?.unfit ?? null);

/** Somebody takes this node out on purpose: a sentence. */
export function outOnPurpose(o: Observation, node: NodeId): string | null {
  const worked = maintenanceOf(o.record, node);
  if (worked !== null) return `${node} is in maintenance until ${wallTime(worked.untilWallMs)} (${worked.why})`;
  return isLeaving(o, node) ? `${node} is being shut down` : null;
}

/** Its host may not take more on itself, whatever data it holds. null: it may. */
export function notWell(o: Observation, node: NodeId): string | null {
  const unfit = unfitnessOf(o, node);
  return outOnPurpose(o, node) ?? (unfit === null ? null : `${node} cannot serve: ${unfit}`);
}

const isAsked = (o: Observation, node: NodeId): boolean =>
  o.record.recover.some((request) => request.node === node && request.state === 'open');

/** T1: it may not be asked for every commit. null: it may. */
export function notJoinable(o: Observation, node: NodeId): string | null {
  if (o.settings.drNodes.includes(node) && o.record.away?.node !== node)
    return `${node} is a DR member: it follows asynchronously`;
  if (isOutdated(o.record, node) && !isAsked(o, node)) return outdated(o, node);
  return notWell(o, node);
}

const outdated = (o: Observation, node: NodeId): string =>
  `${node} holds data of a generation before ${o.record.generation}: it returns by \`yosugara recover\` only`;

/** It may not become Master by itself. null: it may, as far as its host and its generation go. */
export const notFit = (o: Observation, node: NodeId): string | null =>
  isOutdated(o.record, node) ? outdated(o, node) : notJoinable(o, node);
