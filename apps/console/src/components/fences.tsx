import { useQuery } from '@tanstack/react-query';
import type { LastFence as Fence } from '@yosugara/protocol';
import { Link } from 'react-router';
import { accessApi } from '../api/access.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { type FenceRow, fencesOf } from './fences-model.js';
import { Time } from './time.js';
import { useMe } from './use-me.js';
import { useTakeOvers } from './use-take-overs.js';

const EVERY_MS = 30_000;
const NONE = { orders: [], outcomes: [] };
const TONES: Readonly<Record<FenceRow['state'], string>> = {
  ...{ requested: 'text-busy', given: 'text-busy', confirmed: 'text-good', failed: 'text-bad', refused: 'text-bad' },
};

function Row({ row: { at, target, ordered, epoch, state, said } }: { readonly row: FenceRow }) {
  const { t } = useText();
  return (
    <li className="fence-row" data-testid="fence-row" data-state={state}>
      <Time iso={at} />
      <strong>{visible(target)}</strong>
      <span className={`tag ${TONES[state]}`}>{t(`fences.${state}`)}</span>
      <span className="breakable">
        {ordered !== null && `${visible(ordered.by)}: ${visible(ordered.why)}`}
        {ordered === null && epoch === null && t('lastFence.takeOver')}
        {ordered === null && epoch !== null && <Link to={`/cluster?takeover=${epoch}`}>{t('fences.takeOver', { epoch })}</Link>}
      </span>
      {said !== '' && <span className="dim breakable">{visible(said)}</span>}
    </li>
  );
}

/** Orders to cut a node's power: who gave them, why, and what became of them. */
export function Fences({ last }: { readonly last: Fence | null | undefined }) {
  const { t } = useText();
  const { may } = useMe();
  const takeOvers = useTakeOvers();
  const written = useQuery({
    queryKey: ['audit', 'fences'],
    queryFn: async ({ signal }) => {
      const [orders, outcomes] = await Promise.all(
        ['cluster.fence', 'cluster.fenced'].map(async (what) => await accessApi.audit(`what=${what}&limit=10`, signal)),
      );
      return { orders: orders?.rows ?? [], outcomes: outcomes?.rows ?? [] };
    },
    enabled: may('audit', 'read'),
    refetchInterval: EVERY_MS,
  });
  const rows = fencesOf(last ?? null, takeOvers.data?.pages.flatMap((page) => page.rows) ?? [], written.data ?? NONE);
  if (rows.length === 0) return null;
  return (
    <section className="panel" data-testid="fences">
      <h2>{t('fences.title')}</h2>
      <ul className="fence-list" aria-label={t('fences.title')}>
        {rows.map((row) => (
          <Row key={`${row.at} ${row.target} ${row.ordered?.by ?? ''}`} row={row} />
        ))}
      </ul>
    </section>
  );
}
