import type { SettingKind, SettingView } from '@yosugara/protocol';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named, type Translate } from '../i18n/translate.js';
import { SettingEditor } from './setting-editor.js';
import { SettingTable } from './setting-table.js';
import { TriggerTimes } from './trigger-times.js';
import type { Put } from './use-page-address.js';

const NEW = '+';

function aboutTrigger(body: Partial<Record<string, unknown>>, t: Translate): string {
  const schedule = body['schedule'] as Partial<Record<string, unknown>> | undefined;
  const when = schedule === undefined ? '' : String(schedule['expression'] ?? [schedule['kind'], schedule['at'] ?? ''].join(' '));
  const calendar = body['calendar'] == null ? '' : t('plan.calendar', { calendar: String(body['calendar']) });
  return [
    named(t, 'triggerType', String(body['type'] ?? '')),
    when,
    `→ ${[body['unit'], body['job']].filter(Boolean).join('/')}`,
    calendar,
  ]
    .filter(Boolean)
    .join(' · ');
}

function About({ setting }: { readonly setting: SettingView }) {
  const { t } = useText();
  const body = (setting.body ?? {}) as Partial<Record<string, unknown>>;
  const text =
    setting.kind === 'job-trigger'
      ? aboutTrigger(body, t)
      : t('queues.about', { concurrency: String(body['concurrency'] ?? ''), capacity: String(body['capacity'] ?? '') });
  return <span className="dim">{visible(text)}</span>;
}

/** What begins sessions, and where jobs queue. */
export function JobSettings({
  kind,
  opened,
  put,
}: {
  readonly kind: SettingKind & ('job-trigger' | 'job-queue');
  readonly opened: string | null;
  readonly put: Put;
}) {
  const { t } = useText();
  return (
    <>
      <SettingTable
        kind={kind}
        about={(setting) => <About setting={setting} />}
        onOpen={(id) => put({ id })}
        onNew={() => put({ id: NEW })}
        empty={t('settings.noneYet')}
      />
      {opened !== null && (
        <SettingEditor
          key={opened}
          kind={kind}
          id={opened === NEW ? null : opened}
          names="job"
          {...(kind === 'job-trigger' ? { begin: { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } } : {})}
          above={({ body }) => (kind === 'job-trigger' ? <TriggerTimes body={body} /> : null)}
          onClose={() => put({ id: null })}
        />
      )}
    </>
  );
}
