import type { Status } from '@yosugara/protocol';
import type { DataName } from './layout.js';

export function isHealthy(status: Status): boolean {
  const home = homeNodes(status);
  return (
    status.master !== null &&
    home.length === 2 &&
    home.some((node) => node.name === status.master) &&
    status.nodes.every((node) => (node.kind === 'dr' ? follows(node) : node.syncSet)) &&
    (status.arbiter === null || status.arbiter.voting)
  );
}

/** The copy in the other site. */
export const follows = ({ role, postgres }: Status['nodes'][number]): boolean =>
  role === 'DR_ASYNC' && postgres === 'standby, streaming';

/** Who may be elected: the copy in another site may not. */
export const homeNodes = (status: Status) => status.nodes.filter((node) => node.kind !== 'dr');

/** Who is Master in a healthy cluster, and who is not. */
export function rolesOf(status: Status): { readonly master: DataName; readonly standby: DataName } {
  const master = status.master === 'b' ? 'b' : 'a';
  return { master, standby: master === 'a' ? 'b' : 'a' };
}

export function summary(status: Status): string {
  const nodes = status.nodes.map(
    (node) => `${node.name} ${node.role}${node.syncSet ? ' in sync set' : ''}${node.why === '' ? '' : ` (${node.why})`}`,
  );
  return `epoch ${status.epoch} ${status.phase}, master ${status.master ?? 'none'}; ${nodes.join('; ')}; arbiter ${status.arbiter?.voting === true ? 'votes' : 'does not vote'}`;
}
