import { type NotificationSetting, type Result, type SampleValue, shortened } from '@yosugara/operations';
import type { MonitorLook, NotificationTested } from '@yosugara/protocol';
import type { LookSeen } from '@yosugara/runtime';
import { ApiRefusal } from '../http/errors.js';
import type { Operations } from '../operations/operations.js';

/** What runs here, when it does. */
export type TriedOut = Partial<Pick<Operations, 'look' | 'test'>>;

const MOST_ITEMS = 1_000;
const MOST_CHARS = 1_024;

const notServing = (what: string) => new ApiRefusal(503, 'NOT_SERVING', `${what} on this node just now: ask again`);

/** All at once; the answer is there when the last one is, or the time is over. @throws ApiRefusal */
export async function lookAtAll(
  { look }: TriedOut,
  monitor: string,
  nodes: readonly string[],
  withinMs: number,
): Promise<readonly MonitorLook[]> {
  const over = AbortSignal.timeout(withinMs);
  const late = new Promise<null>((resolve) => over.addEventListener('abort', () => resolve(null), { once: true }));
  const looks = nodes.map((facility) => ({ facility, asked: look?.(monitor, facility) ?? null }));
  // Whoever does not serve any more throws all of them away.
  for (const { asked } of looks) if (asked?.kind === 'looks') asked.seen.catch(() => undefined);
  if (looks.some(({ asked }) => asked === null))
    throw notServing('monitors do not look, or very many looks are asked for already');
  return await Promise.all(
    looks.map(async ({ facility, asked }): Promise<MonitorLook> => {
      const nothing = { facility, seen: [], results: [] };
      if (asked?.kind === 'closed') return { ...nothing, state: 'maintenance' };
      if (asked?.kind !== 'looks') throw notServing(`${monitor} does not look at ${facility} yet`);
      const found = await Promise.race([asked.seen, late]);
      return found === null ? { ...nothing, state: 'under way' } : { facility, state: 'seen', ...shown(found) };
    }),
  );
}

const shown = ({ seen, results }: LookSeen): Pick<MonitorLook, 'seen' | 'results'> => ({
  seen: seen.slice(0, MOST_ITEMS).map(({ item, value }) => ({ item, ...seenAs(value) })),
  results: results
    .slice(0, MOST_ITEMS)
    .map(({ item, sub, priority, message }) => ({ item, sub, priority, message: shortened(message, MOST_CHARS) })),
});

function seenAs(value: SampleValue): { readonly value: string | null; readonly why: string | null } {
  switch (value.kind) {
    case 'failure':
      return { value: null, why: shortened(value.why, MOST_CHARS) };
    case 'number':
      return { value: String(value.number), why: null };
    case 'text':
      return { value: shortened(value.text, MOST_CHARS), why: null };
    case 'truth':
      return { value: String(value.truth), why: null };
    default:
      // Of several parts: what they come to is in the results.
      return { value: null, why: null };
  }
}

/** What becomes of it, as far as it is known within the time. @throws ApiRefusal */
export async function testOf(
  { test }: TriedOut,
  result: Result,
  { id, body: { kind } }: Pick<NotificationSetting, 'id' | 'body'>,
  withinMs: number,
): Promise<NotificationTested> {
  const told = { id: `${result.id}/${id}`, kind, priority: result.priority };
  const isOurs = kind === 'event' || kind === 'status';
  const asked = test?.(result, isOurs ? null : told.id, AbortSignal.timeout(withinMs)) ?? null;
  if (asked === null) throw notServing('nothing is told');
  const settled = await asked;
  if (isOurs) return { ...told, outcome: settled === 'stored' ? 'stored' : 'under way', note: null };
  if (settled === null || settled === 'stored') return { ...told, outcome: 'under way', note: null };
  return { ...told, outcome: settled.kind === 'done' ? 'sent' : settled.kind, note: settled.note };
}
