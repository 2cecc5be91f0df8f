import { type SeriesList, SeriesListSchema, type SeriesValues, SeriesValuesSchema } from '@yosugara/protocol';
import { known, type ManagerApi } from '../control/manager-api.js';
import { chart } from '../output/chart.js';
import { printable, table } from '../output/terminal.js';
import { queryOf } from './messages.js';

export const listSeries = async (api: ManagerApi, filter: object): Promise<SeriesList> =>
  await api.get(`/api/v1/series?${queryOf(filter)}`, SeriesListSchema);

const pathOf = (ids: readonly number[], span: object) => `/api/v1/series/${ids.join(',')}/values?${queryOf(span)}`;

export const readValues = async (api: ManagerApi, ids: readonly number[], span: object): Promise<SeriesValues> =>
  await known(api.get(pathOf(ids, span), SeriesValuesSchema));

export const valuesTable = async (api: ManagerApi, ids: readonly number[], span: object): Promise<string> =>
  await known(api.text(pathOf(ids, { ...span, format: 'csv' })));

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
