import type { Status } from '@yosugara/protocol';
import type { Controllers } from '../control/client.js';
import type { Paint, Terminal } from '../output/terminal.js';
import { change, type MasterChange } from './masters.js';

/** By hand only: a DR site cannot know what has become of the other one, so an operator says it, and it is written down. */
export async function drPromote(
  controllers: Controllers,
  options: {
    readonly node: string;
    readonly evidence: string;
    readonly by: string;
    readonly override: boolean;
    readonly deadlineMs: number;
  },
  terminal: Terminal,
): Promise<MasterChange> {
  const { node, evidence, by, override, deadlineMs } = options;
  const before = await controllers.status();
  return await change(controllers, { method: 'drPromote', node, evidence, by, override }, before, node, deadlineMs, terminal);
}

export interface DrReport {
  readonly master: string | null;
  /** null: the cluster has no copy in another site. */
  readonly siteLoss: NonNullable<Status['siteLoss']> | null;
  readonly away: NonNullable<Status['away']> | null;
}

export const drStatus = ({ master, siteLoss = null, away = null }: Status): DrReport => ({ master, siteLoss, away });

export function renderDr({ siteLoss, away, master }: DrReport, paint: Paint): string {
  const lines = [];
  if (away !== null) lines.push(paint(`the cluster is away on ${away.node} since ${away.at} (${away.evidence})`, 'red'));
  if (siteLoss === null) lines.push(away === null ? 'this cluster has no copy in another site' : `${master ?? 'nobody'} serves`);
  else lines.push(ifSiteWasLost(siteLoss, paint));
  return lines.join('\n');
}

const SHORT_S = 10;

/** What the status says below what would happen if the Master died. */
export function ifSiteWasLost({ to, bytes, seconds, isFollowing }: NonNullable<Status['siteLoss']>, paint: Paint): string {
  const lost =
    seconds === null
      ? 'how much is not known'
      : bytes === 0 && seconds < SHORT_S
        ? 'next to nothing'
        : `at most what was acknowledged in the last ${Math.ceil(seconds)} s (${bytes ?? 'nobody knows how many'} bytes of WAL)`;
  const isWell = isFollowing && seconds !== null && seconds < SHORT_S;
  const behind = isFollowing ? '' : `; ${to} does not follow now`;
  return `If the site of the Master were lost now: ${paint(`${lost} would be gone${behind}`, isWell ? 'green' : 'yellow')}; \`yosugara dr promote ${to}\``;
}
