import type { AgentTrouble } from '@yosugara/connectors';
import type { Result } from '@yosugara/operations';
import type { Priority } from '@yosugara/protocol';

/** Whoever tries again and again is told of once in this time. */
const AGAIN_MS = 10 * 60_000;
const MOST_REMEMBERED = 1_000;

const PRIORITIES: Readonly<Record<AgentTrouble['code'], Priority>> = {
  duplicate: 'critical',
  refused: 'warning',
  protocol: 'warning',
};

/** An event of ourselves; null = it was told a moment ago. @param toldAtMs is changed. */
export function troubleResult(
  { code, agent, address, message }: AgentTrouble,
  nowMs: number,
  toldAtMs: Map<string, number>,
): Result | null {
  // A stranger's address is not his name: a port scan is one event.
  const key = `${code}/${agent ?? ''}`;
  const before = toldAtMs.get(key);
  if (before !== undefined && nowMs - before < AGAIN_MS && nowMs >= before) return null;
  toldAtMs.delete(key);
  toldAtMs.set(key, nowMs);
  const [oldest] = toldAtMs.keys();
  if (toldAtMs.size > MOST_REMEMBERED && oldest !== undefined) toldAtMs.delete(oldest);
  const period = String(Math.floor(nowMs / AGAIN_MS));
  return {
    id: ['INTERNAL', 'INTERNAL', agent ?? '', `agent-${code}`, period].map(encodeURIComponent).join('/'),
    ...{ trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null },
    ...{ item: agent ?? '', sub: `agent-${code}`, priority: PRIORITIES[code], application: 'yosugara', message },
    ...{ original: `from ${address}`, atMs: nowMs, notifications: [] },
  };
}
