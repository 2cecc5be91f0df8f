import { SELF_LEVELS, type SelfView, type SelfWatchView } from '@yosugara/protocol';
import { selfShow } from '@yosugara/protocol/api';
import type { ManagerApi, NodeAnswer } from '../control/manager-api.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { amount } from '../output/amounts.js';
import { type Paint, printable, table } from '../output/terminal.js';

export interface SelfDocument {
  readonly nodes: readonly { readonly node: string; readonly self: SelfView | null; readonly why: string | null }[];
}

/** What the manager of each node sees of itself. */
export async function readSelf(api: ManagerApi): Promise<SelfDocument> {
  const answers: readonly NodeAnswer<SelfView>[] = await api.askEach(selfShow());
  return {
    nodes: answers.map((each) => ({ node: each.node, self: each.answer, why: 'why' in each ? each.why : null })),
  };
}

/** Unhealthy: something is a warning or worse, or a manager does not say. */
export function exitOfSelf({ nodes }: SelfDocument): ExitCode {
  const isWell = nodes.every(({ self }) => self?.watches.every(({ level }) => level === 'ok' || level === 'notice') === true);
  return isWell ? EXIT.ok : EXIT.unhealthy;
}

const STYLES = { ok: 'green', notice: 'dim', warning: 'yellow', critical: 'red' } as const;
/** From which value on it is how bad: what the value is to be compared with. */
function limitsOf({ limits, worse, unit }: SelfWatchView): string {
  return SELF_LEVELS.flatMap((level) => {
    const limit = level === 'ok' ? null : limits[level];
    return limit === null ? [] : [`${level} ${worse === 'above' ? 'from' : 'below'} ${amount(limit, unit)}`];
  }).join(', ');
}

/** @param all those that are well, too. */
export function renderSelf({ nodes }: SelfDocument, all: boolean, paint: Paint): string {
  return nodes
    .map(({ node, self, why }) => {
      if (self === null) return paint(`${node}: no answer: ${printable(why ?? '')}`, 'red');
      if (self.at === null) return `${node}: nothing was looked at yet`;
      const shown = self.watches.filter(({ level }) => all || level !== 'ok');
      const well = self.watches.length - self.watches.filter(({ level }) => level !== 'ok').length;
      const pending = self.pending > 0 ? `; ${self.pending} words about itself are no events yet` : '';
      const head = `${node}, ${self.at}: ${well} of ${self.watches.length} values are well${pending}`;
      if (shown.length === 0) return head;
      const rows = shown.map((watch) => [
        paint(watch.level, STYLES[watch.level]),
        watch.watch + (watch.item === '' ? '' : ` ${printable(watch.item)}`),
        watch.value === null ? '-' : amount(watch.value, watch.unit),
        limitsOf(watch),
        watch.since ?? '',
        printable(watch.says ?? watch.what),
      ]);
      return `${head}\n${table(['LEVEL', 'WATCH', 'VALUE', 'LIMITS', 'SINCE', 'WHY'], rows)}`;
    })
    .join('\n\n');
}
