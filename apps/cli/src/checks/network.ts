import { knock } from '../control/knock.js';
import { busyPort, listensOf } from '../local/ports.js';
import { type Check, fail, type Look, ok, selfOf, warn } from './types.js';

const CONNECT_WITHIN_MS = 2_000;

/** What the node will listen on must be free. */
export const portsFree: Look = async (context) => {
  const needed = 'every port of the node free on its address';
  if (context.running) return [ok('ports', 'this node runs and has them', needed)];
  const listens = listensOf(context.config);
  const busy = (await Promise.all(listens.map((listen) => busyPort([listen])))).filter((line) => line !== null);
  if (busy.length === 0) return [ok('ports', `${listens.length} are free`, needed)];
  const isTaken = busy.some((line) => line.includes('is in use'));
  const mend = isTaken
    ? 'end that program (ss -lntup names it), or choose another port with --port NAME=NUMBER'
    : 'run this as root; see also the check `address`';
  return busy.map((line) => fail('ports', line.replace(': end that program first', ''), needed, mend));
};

/** The others' consensus and status ports, once they run. */
export const membersReachable: Look = async (context) => {
  if (!context.running) return [];
  const { cluster, ports, node } = context.config;
  const others = cluster.members.filter((member) => member.id !== node);
  const checks = others.map(async ({ id, address }): Promise<Check> => {
    const results = await Promise.all([ports.cluster, ports.status].map((port) => reaches(address, port)));
    const needed = `${id} at ${address}, ports ${ports.cluster} and ${ports.status}`;
    const why = results.find((result) => result !== null);
    return why === undefined
      ? ok('members', `${id} answers`, needed)
      : warn(
          'members',
          `${id}: ${why}`,
          needed,
          `on ${id}: systemctl status yosugara-controller; and what filters between ${selfOf(context).address} and ${address}`,
        );
  });
  return await Promise.all(checks);
};

async function reaches(host: string, port: number): Promise<string | null> {
  const found = await knock({ host, port }, CONNECT_WITHIN_MS);
  if (found === 'open') return null;
  return found === 'silent' ? `port ${port} does not answer` : `port ${port}: ${found.code ?? found.message}`;
}

const CLOCK_GOOD_MS = 1_000;
const CLOCK_MOST_MS = 60_000;

/** @param aheadMs how far this host's clock is ahead of the first server's; what the way there and back took is in it by half. */
export function clockCheck(aheadMs: number): Check {
  const found = `${(aheadMs / 1000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the first server`;
  const needed = `within ${CLOCK_GOOD_MS / 1000} s of the other members`;
  const off = Math.abs(aheadMs);
  if (off <= CLOCK_GOOD_MS) return ok('clock', found, needed);
  return (off > CLOCK_MOST_MS ? fail : warn)('clock', found, needed, 'chronyc makestep, on the host that is wrong');
}
