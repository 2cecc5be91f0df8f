import type { LastFence as Fence } from '@yosugara/protocol';
import { Link } from 'react-router';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Time } from './time.js';
import { useMe } from './use-me.js';

const TONES: Readonly<Record<Fence['state'], string>> = { requested: 'text-busy', confirmed: 'text-good', failed: 'text-bad' };

/** The newest order to cut a node's power, and what became of it: whoever gave it must not have to guess, nor whoever comes after. */
export function LastFence({ fence }: { readonly fence: Fence | null | undefined }) {
  const { t } = useText();
  const { may } = useMe();
  if (fence === null || fence === undefined) return null;
  const { target, by, state, method, evidence, at, ordered } = fence;
  const said = [method, evidence].filter((each) => each !== null && each !== '').join(': ');
  return (
    <section className="panel" data-testid="last-fence" data-state={state}>
      <h2>{t('lastFence.title')}</h2>
      <p>
        <span className={`tag ${TONES[state]}`} data-testid="last-fence-state">
          {t(`lastFence.${state}`)}
        </span>{' '}
        <strong>{visible(target)}</strong> <Time iso={at} />
      </p>
      <dl className="facts">
        <div className="fact">
          <dt>{t('lastFence.orderedBy')}</dt>
          <dd data-testid="last-fence-by">{ordered === null ? t('lastFence.takeOver') : visible(ordered.by)}</dd>
        </div>
        {ordered !== null && (
          <div className="fact">
            <dt>{t('govern.why')}</dt>
            <dd className="breakable">{visible(ordered.why)}</dd>
          </div>
        )}
        <div className="fact">
          <dt>{t('lastFence.given')}</dt>
          <dd>{visible(by)}</dd>
        </div>
        <div className="fact">
          <dt>{t('lastFence.said')}</dt>
          <dd className="breakable" data-testid="last-fence-said">
            {said === '' ? t('lastFence.nothingYet') : visible(said)}
          </dd>
        </div>
      </dl>
      {may('audit', 'read') && <Link to="/audit?what=cluster.fence">{t('lastFence.all')}</Link>}
    </section>
  );
}
