import { runbookOf, WATCHES } from '@yosugara/operations';
import { SELF_LEVELS, type SelfView } from '@yosugara/protocol';
import type { SelfHandle } from './self-handle.js';

const rank = (level: (typeof SELF_LEVELS)[number]) => SELF_LEVELS.indexOf(level);

/** Every value that is watched, in words and with what is to be done; the worst first. */
export function selfViewOf({ last, pending }: ReturnType<SelfHandle['view']>, node: string): SelfView {
  const watches = (last?.levels ?? []).flatMap(({ watch, item, level, sinceMs, limits }) => {
    const is = WATCHES.find(({ id }) => id === watch);
    if (last === null || is === undefined) return [];
    const seen = last.seen.get(watch)?.find((each) => each.item === item);
    const { what, unit, worse, of, todo } = is;
    const { notice = null, warning = null, critical = null } = limits;
    return [
      {
        ...{ watch, what, unit, worse, of, todo, item, level, limits: { notice, warning, critical } },
        ...{ value: seen?.value ?? null, note: seen?.note ?? '', runbook: runbookOf(watch, item) },
        since: sinceMs === null ? null : new Date(last.wallMs - (last.monotonicMs - sinceMs)).toISOString(),
        says: level === 'ok' || seen === undefined ? null : is.say(seen.value, item, seen.note ?? ''),
      },
    ];
  });
  const sorted = watches.sort((one, other) => rank(other.level) - rank(one.level));
  return { node, at: last === null ? null : new Date(last.wallMs).toISOString(), watches: sorted, pending };
}
