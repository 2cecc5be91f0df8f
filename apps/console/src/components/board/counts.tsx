import { PRIORITIES, type PriorityTally, type WidgetOf } from '@yosugara/protocol';
import { Link } from 'react-router';
import { api } from '../../api/client.js';
import { integer } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { useAsked } from './board-context.js';
import { Frame } from './frame.js';

export const useOverview = () => useAsked(['overview'], async (signal) => await api.overview(signal));

export function CountsWidget({ widget }: { readonly widget: WidgetOf<'counts'> }) {
  const { t, language } = useText();
  const { what, scope } = widget;
  const asked = useOverview();
  const found = asked.data;
  const of = scope === '' ? undefined : found?.scopes?.find(({ id }) => id === scope);
  const tally: PriorityTally | null | undefined = scope === '' ? (what === 'open' ? found?.open : found?.now) : of?.[what];
  const page = what === 'open' ? '/events' : '/status';
  const query = scope === '' ? '' : `&facility=${encodeURIComponent(scope)}`;
  return (
    <Frame widget={widget} asked={asked} empty={tally === undefined || tally === null ? t('board.noScope', { scope }) : null}>
      <div className="big-counts widget-counts">
        {PRIORITIES.map((priority) => (
          <Link
            key={priority}
            to={`${page}?priority=${priority}${query}`}
            className={tally?.[priority] === 0 ? 'big-count none' : `big-count big-${priority}`}
            data-testid={`widget-count-${priority}`}
          >
            <strong className="tabular">{integer(tally?.[priority] ?? 0, language)}</strong>
            <span>{t(`priority.${priority}`)}</span>
          </Link>
        ))}
      </div>
    </Frame>
  );
}
