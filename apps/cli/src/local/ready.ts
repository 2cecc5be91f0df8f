import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InsidePlace, insideRequest } from '@yosugara/connectors/inside';
import { explain } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT, type Status } from '@yosugara/protocol';
import { Controllers, NoControllerError } from '../control/client.js';
import { DATA_NODES, type Layout, NODES } from './layout.js';
import { configOf } from './prepare.js';

const POLL_EVERY_MS = 200;

export type Readiness = { readonly kind: 'ready'; readonly status: Status } | { readonly kind: 'late'; readonly reason: string };

/**
 * Waits until the cluster is whole: one Master that serves, one Standby in the sync set, the arbiter voting, the console open.
 *
 * @param show called with what is still missing, whenever that changes.
 */
export async function waitUntilReady(
  layout: Layout,
  deadlineMs: number,
  show: (missing: string) => void,
  stop: AbortSignal,
): Promise<Readiness> {
  const controllers = new Controllers(NODES.map((node) => join(layout.state, node, STATE_LAYOUT.controlSocket)));
  const untilMs = performance.now() + deadlineMs;
  let shown = '';
  for (;;) {
    const { missing, status } = await look(layout, controllers);
    if (missing === null && status !== null) return { kind: 'ready', status };
    if (missing !== null && missing !== shown) show(missing);
    shown = missing ?? shown;
    if (stop.aborted || performance.now() > untilMs) return { kind: 'late', reason: missing ?? 'interrupted' };
    await new Promise((done) => setTimeout(done, POLL_EVERY_MS));
  }
}

async function look(
  layout: Layout,
  controllers: Controllers,
): Promise<{ readonly missing: string | null; readonly status: Status | null }> {
  try {
    const status = await controllers.status();
    return { missing: missingFrom(status) ?? (await consoleMissing(layout, status)), status };
  } catch (error) {
    const silence = error instanceof NoControllerError ? 'no controller answers yet' : explain(error);
    return { missing: lastError(layout) ?? silence, status: null };
  }
}

/** The first thing a whole cluster has and this one has not, with the reason the node itself gives; null = whole. */
export function missingFrom(status: Status): string | null {
  const master = status.nodes.find((node) => node.name === status.master);
  if (master === undefined)
    return `no Master yet: ${status.nodes.map((node) => `${node.name} is ${node.role} (${node.why})`).join(', ')}`;
  if (!master.role.startsWith('MASTER')) return `${master.name} is on its way to Master: ${master.role} (${master.why})`;
  const standby = status.nodes.find((node) => node !== master && node.syncSet && node.role.startsWith('STANDBY'));
  if (standby === undefined) {
    const other = status.nodes.find((node) => node !== master);
    return `${master.name} is Master; no Standby in the sync set yet: ${other?.name} is ${other?.role} (${other?.why})`;
  }
  if (status.arbiter !== null && !status.arbiter.voting) return `the arbiter ${status.arbiter.name} does not vote yet`;
  return null;
}

async function consoleMissing(layout: Layout, status: Status): Promise<string | null> {
  if (!existsSync(layout.program('manager'))) return null;
  const config = configOf(layout, DATA_NODES[0]);
  const { ports, cluster } = config;
  const address = cluster.vip?.address ?? status.nodes.find((node) => node.name === status.master)?.address ?? '';
  const ca = config.console.tls.enabled ? readFileSync(join(config.stateDir, STATE_LAYOUT.secrets.clusterCa), 'utf8') : null;
  return (await answersHttp({ host: address, port: ports.console, ca }))
    ? null
    : `the console does not answer yet at ${consoleUrl(address, config)}`;
}

export const consoleUrl = (address: string, { console: { tls }, ports }: NodeConfig): string =>
  `${tls.enabled ? 'https' : 'http'}://${address}:${ports.console}`;

function answersHttp(place: InsidePlace): Promise<boolean> {
  return new Promise((resolve) => {
    const call = insideRequest(place, { path: '/', timeout: 1_000 }).once('response', (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    call.once('timeout', () => call.destroy(new Error('timeout')));
    call.once('error', () => resolve(false));
    call.end();
  });
}

/** While no controller answers: the last thing one of them complained about. */
export function lastError(layout: Layout): string | null {
  for (const node of NODES) {
    const file = logOf(layout, node);
    const line = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-50).findLast(isComplaint) : undefined;
    if (line !== undefined) return `controller of ${node}: ${readable(line)}`;
  }
  return null;
}

export const logOf = (layout: Layout, node: string) => join(layout.state, node, STATE_LAYOUT.logs, 'controller.log');

/** pino's levels error and fatal, or a plain line with an error in it. */
const isComplaint = (line: string) =>
  /"level":(50|60)\b/.test(line) || (!line.startsWith('{') && /error|cannot|refus/i.test(line));

function readable(line: string): string {
  try {
    const record = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return [record.msg, record.err?.message].filter((part) => part !== undefined).join(': ');
  } catch {
    return line.trim().slice(0, 300);
  }
}
