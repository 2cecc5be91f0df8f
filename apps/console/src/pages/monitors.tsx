import '../operations.js';
import type { SettingView } from '@yosugara/protocol';
import { Link } from 'react-router';
import { RunMonitor } from '../components/run-monitor.js';
import { SettingEditor } from '../components/setting-editor.js';
import { SettingTable } from '../components/setting-table.js';
import { TryLine } from '../components/try-line.js';
import { usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named, type Translate } from '../i18n/translate.js';

const NEW = '+';

function About({ setting, t }: { readonly setting: SettingView; readonly t: Translate }) {
  const body = setting.body as Partial<Record<string, unknown>>;
  const told = Array.isArray(body['notifications']) ? body['notifications'].length : 0;
  return (
    <>
      <span className="tag">{named(t, 'choice', String(body['type'] ?? ''))}</span>{' '}
      <Link to={`/repository?scope=${encodeURIComponent(String(body['facility'] ?? ''))}`}>
        {visible(String(body['facility'] ?? ''))}
      </Link>{' '}
      <span className="dim">
        {typeof body['intervalS'] === 'number' ? t('monitors.every', { seconds: body['intervalS'] }) : t('monitors.asItComes')}
        {' · '}
        {told === 0 ? t('monitors.nobody') : t('monitors.told', { count: told })}
        {body['monitor'] === false && ` · ${t('monitors.notJudged')}`}
        {body['collect'] === true && ` · ${t('monitors.collected')}`}
      </span>
    </>
  );
}

/** What looks by itself; other monitors judge what comes. */
const isPolled = (body: unknown): boolean => typeof (body as { readonly intervalS?: unknown } | null)?.intervalS === 'number';

/** What is measured or matched, on which facility, how it is judged, whom it tells. */
export function MonitorsPage() {
  const { t } = useText();
  const { address, setAddress } = usePageAddress();
  const opened = address.get('id');
  const facility = address.get('facility');
  const open = (id: string | null) => setAddress(id === null ? {} : { id });
  return (
    <div className="messages-page" data-testid="monitors-page">
      <div className="page-head">
        <h1>{t('monitors.title')}</h1>
        <span className="dim only-wide">{t('monitors.explain')}</span>
      </div>
      <SettingTable
        kind="monitor"
        about={(setting) => <About setting={setting} t={t} />}
        onOpen={open}
        onNew={() => open(NEW)}
        empty={t('monitors.empty')}
      />
      {opened !== null && (
        <SettingEditor
          kind="monitor"
          id={opened === NEW ? null : opened}
          {...(facility === null ? {} : { begin: { facility } })}
          onClose={() => open(null)}
          beside={(draft) => <TryLine draft={draft} />}
          above={({ id, revision, body }) => revision !== null && isPolled(body) && <RunMonitor key={id} id={id} />}
        />
      )}
    </div>
  );
}
