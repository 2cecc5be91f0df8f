import type { Command } from 'commander';
import { askCalendar, listCalendars, renderCalendars, renderMoment, renderMonth, showCalendar } from '../commands/calendars.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

/** The verbs about what calendars say; they are written as settings. */
export function addCalendars(program: Command, { add, set, show, terminal, api }: VerbContext): void {
  const calendars = program.command('calendars').description('what calendars say; they are written with yosugara apply');
  add('list', 'calendars, and whether each is open now', calendars).action((options: Common) =>
    set(async () => {
      const found = await listCalendars(api(options));
      show(options, { calendars: found }, () => renderCalendars(found));
      return EXIT.ok;
    })(),
  );
  add('show', 'a month of a calendar, and whether it is open now', calendars)
    .argument('<id>', 'id of the calendar')
    .option('--month <month>', 'such as 2026-11; default: the present one')
    .action((id: string, options: Common & { month?: string }) =>
      set(async () => {
        const found = await showCalendar(api(options), id, options.month);
        show(options, found, () => renderMonth(found, painter(terminal)));
        return EXIT.ok;
      })(),
    );
  add('open', 'whether it is open, why, and until when', calendars)
    .argument('<id>', 'id of the calendar')
    .option('--at <instant>', 'RFC 3339, such as 2026-11-21T09:00:00+09:00; default: now')
    .action((id: string, options: Common & { at?: string }) =>
      set(async () => {
        const found = await askCalendar(api(options), id, options.at);
        show(options, found, () => renderMoment(found));
        return EXIT.ok;
      })(),
    );
}
