import type { SeriesList, SeriesValues } from '@yosugara/protocol';
import { statusesSeries, statusesValues } from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { chart } from '../output/chart.js';
import { printable, table } from '../output/terminal.js';
import { queryOf } from './messages.js';

export const listSeries = async (api: ManagerApi, filter: object): Promise<SeriesList> =>
  await api.ask(statusesSeries(queryOf(filter)));

const valuesOf = (ids: readonly number[], span: object) => statusesValues(ids.join(','), queryOf(span));

export const readValues = async (api: ManagerApi, ids: readonly number[], span: object): Promise<SeriesValues> =>
  await known(api.ask(valuesOf(ids, span)));

export const valuesTable = async (api: ManagerApi, ids: readonly number[], span: object): Promise<string> =>
  await known(api.text(valuesOf(ids, { ...span, format: 'csv' }).path));

export function renderSeries({ series, more }: SeriesList): string {
  if (series.length === 0) return 'no values are kept of that';
  const cells = series.map(({ id, monitor, facility, item, since }) => [
    String(id),
    monitor,
    printable(facility),
    printable(item),
    since,
  ]);
  return `${table(['NUMBER', 'MONITOR', 'NODE', 'ITEM', 'SINCE'], cells)}${more ? '\n… and more: --facility, --monitor or --limit' : ''}`;
}

const ROWS = 8;

export const renderValues = ({ series, stepMs }: SeriesValues, columns: number): string =>
  series
    .map(({ monitor, facility, item, points }) => {
      const head = printable(`${monitor} of ${facility}${item === '' ? '' : `, ${item}`}: mean of ${stepMs / 1_000} s`);
      return `${head}\n${chart(
        points.map(({ at, mean }) => ({ at, value: mean })),
        { columns, rows: ROWS },
      )}`;
    })
    .join('\n\n');
