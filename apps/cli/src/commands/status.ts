import type { Status } from '@yosugara/protocol';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { bytes, type Paint, table } from '../output/terminal.js';
import { ifSiteWasLost } from './dr.js';

/** 0 only for a cluster that would survive the loss of its Master. */
export function healthOf(status: Status): ExitCode {
  return status.master !== null && status.ifMasterDied.failsOver && status.nodes.every((node) => node.syncSet)
    ? EXIT.ok
    : EXIT.unhealthy;
}

export function renderStatus(status: Status, paint: Paint): string {
  const parts = [
    headline(status, paint),
    nodeTable(status, paint),
    footer(status),
    progress(status),
    alarms(status, paint),
    whatToDo(status, paint),
    history(status),
  ];
  const site = status.siteLoss == null ? '' : ifSiteWasLost(status.siteLoss, paint);
  return [...parts, [ifMasterDied(status, paint), site].filter((line) => line !== '').join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline(status: Status, paint: Paint): string {
  const master = status.master === null ? paint('no Master', 'red') : `Master ${paint(status.master, 'bold')}`;
  return `Cluster ${status.clusterId}: ${master}, epoch ${status.epoch}, ${status.phase.toLowerCase()}  ${paint(
    `(term ${status.term}, leader ${status.leader ?? 'none'}, profile ${status.profile}, policy ${status.policy}, stop proofs ${status.stopProofs.join(' ')}; seen by ${status.answeredBy})`,
    'dim',
  )}`;
}

function nodeTable(status: Status, paint: Paint): string {
  const rows = status.nodes.map((node) => [
    node.name,
    node.address,
    paint(node.role, roleStyle(node.role)),
    node.syncSet ? 'yes' : paint('no', 'yellow'),
    bytes(node.lagBytes),
    node.timeline === null ? '–' : `${node.timeline} ${node.lsn ?? ''}`.trim(),
    node.postgres,
    receiver(node.receiver, paint),
    node.vip ? 'VIP' : '',
    node.deadMan,
    node.why,
  ]);
  const { arbiter } = status;
  if (arbiter !== null)
    rows.push([
      arbiter.name,
      arbiter.address,
      arbiter.voting ? 'ARBITER' : paint('ARBITER, silent', 'red'),
      '',
      '',
      '',
      '',
      '',
      '',
      '',
      arbiter.voting ? 'voting' : 'does not vote',
    ]);
  return table(['NODE', 'ADDRESS', 'ROLE', 'SYNC', 'LAG', 'TIMELINE', 'POSTGRESQL', 'RECEIVER', 'VIP', 'DEAD MAN', 'WHY'], rows);
}

const roleStyle = (role: string) =>
  role.startsWith('MASTER') || role.startsWith('STANDBY') ? 'green' : role === 'UNKNOWN' ? 'red' : 'yellow';

function receiver(state: Status['nodes'][number]['receiver'], paint: Paint): string {
  if (state?.up !== true) return paint('down', 'red');
  const behind = state.behindPeer > 0 ? `, ${state.behindPeer} behind` : '';
  return state.peerLink === 'up' ? `up${behind}` : `up, peer ${paint(state.peerLink, 'yellow')}${behind}`;
}

function footer(status: Status): string {
  const vip =
    status.vip === null
      ? 'VIP: none'
      : `VIP ${status.vip.address} (${status.vip.driver}): ${status.vip.holder ?? 'held by nobody'}`;
  const source = status.nodes.map((node) => node.postgresSource).find((text) => text !== undefined && text !== '');
  return [vip, ...(source === undefined ? [] : [`PostgreSQL: ${source}`]), ...versions(status)].join('\n');
}

/** One line; what comes next only where there is something. */
function versions({ upgrade }: Status): readonly string[] {
  if (upgrade === undefined) return [];
  const told = upgrade.members.map(({ name, heard, version }) => `${name} ${heard ? (version ?? 'older') : 'not heard'}`);
  return [`Versions: ${told.join(', ')} (level ${upgrade.level})${upgrade.state === 'none' ? '' : `: ${upgrade.next}`}`];
}

function progress(status: Status): string {
  const lines = status.nodes.flatMap(({ name, recover }) =>
    recover === null || recover.state === 'done'
      ? []
      : [`recover of ${name}: ${recover.state}, ${recover.phase} (${recover.step}/${recover.steps}): ${recover.detail}`],
  );
  return lines.join('\n');
}

function alarms(status: Status, paint: Paint): string {
  return status.alarms.map((alarm) => `${paint(`! ${alarm.code}`, alarm.level)}  ${alarm.text}`).join('\n');
}

/** At three in the morning nobody looks for a page: the command is to be copied. */
function whatToDo(status: Status, paint: Paint): string {
  const codes = [...new Set(status.alarms.map(({ code }) => code))];
  return codes.length === 0 ? '' : paint(`What to do: ${codes.map((code) => `yosugara runbook ${code}`).join('; ')}`, 'bold');
}

const HISTORY_LINES = 3;
function history(status: Status): string {
  const newest = status.history.slice(0, HISTORY_LINES);
  if (newest.length === 0) return '';
  const rows = newest.map((one) => [String(one.epoch), one.at, `${one.from ?? '–'} → ${one.owner}`, one.proof ?? '–', one.cause]);
  return table(['EPOCH', 'AT', 'MASTER', 'PROOF', 'CAUSE'], rows);
}

/** The sentence that is always there. */
export function ifMasterDied(status: Status, paint: Paint): string {
  const { failsOver, to, seconds, dataLoss, reason } = status.ifMasterDied;
  const loss = dataLoss === null ? 'data loss unknown' : dataLoss === 0 ? 'nothing lost' : `${dataLoss} bytes lost`;
  const within = seconds === null ? '' : ` within ${seconds} s`;
  const sentence = failsOver ? `${to} would take over${within}, ${loss}` : `nobody would take over: ${reason}`;
  return `If the Master died now: ${paint(sentence, failsOver ? 'green' : 'red')}`;
}
