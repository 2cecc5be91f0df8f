import '../operations.js';
import { SegmentedControl } from '@mantine/core';
import { PRIORITIES, type SettingKind, type SettingView } from '@yosugara/protocol';
import type { SettingDraft } from '../api/settings.js';
import { SettingEditor } from '../components/setting-editor.js';
import { SettingTable } from '../components/setting-table.js';
import { TestNotification } from '../components/test-notification.js';
import { usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named, type Translate } from '../i18n/translate.js';

const NEW = '+';
const KINDS = ['notification', 'mail-server', 'mail-template', 'rest-access'] as const satisfies readonly SettingKind[];

function About({ setting, t }: { readonly setting: SettingView; readonly t: Translate }) {
  const body = (setting.body ?? {}) as Partial<Record<string, unknown>>;
  if (setting.kind === 'notification') {
    const priorities = (body['priorities'] ?? {}) as object;
    return (
      <>
        <span className="tag">{named(t, 'choice', String(body['kind'] ?? ''))}</span>{' '}
        {PRIORITIES.filter((priority) => priority in priorities).map((priority) => (
          <i key={priority} className={`swatch priority-fill-${priority}`} title={t(`priority.${priority}`)} />
        ))}{' '}
        {typeof body['calendar'] === 'string' && <span className="dim">{visible(body['calendar'])}</span>}
      </>
    );
  }
  const said = body['host'] ?? body['subject'] ?? body['url'];
  return <span className="dim">{typeof said === 'string' ? visible(said) : ''}</span>;
}

const Test = ({ draft: { id, body } }: { readonly draft: SettingDraft }) => (
  <TestNotification key={id} id={id} priorities={(body as { readonly priorities?: object } | null)?.priorities ?? {}} />
);

/** Whom monitors tell, and by what. */
export function NotificationsPage() {
  const { t } = useText();
  const { address, setAddress } = usePageAddress();
  const kind = KINDS.find((each) => each === address.get('kind')) ?? 'notification';
  const opened = address.get('id');
  const open = (id: string | null) =>
    setAddress({ ...(kind === 'notification' ? {} : { kind }), ...(id === null ? {} : { id }) });
  return (
    <div className="messages-page" data-testid="notifications-page">
      <div className="page-head">
        <h1>{t('notifications.title')}</h1>
        <SegmentedControl
          size="xs"
          aria-label={t('notifications.title')}
          value={kind}
          onChange={(next) => setAddress(next === 'notification' ? {} : { kind: next })}
          data={KINDS.map((each) => ({ value: each, label: t(`settingKinds.${each}`) }))}
          data-testid="notification-kinds"
        />
      </div>
      <SettingTable
        key={kind}
        kind={kind}
        about={(setting) => <About setting={setting} t={t} />}
        onOpen={open}
        onNew={() => open(NEW)}
        empty={t('settings.noneYet')}
      />
      {opened !== null && (
        <SettingEditor
          kind={kind}
          id={opened === NEW ? null : opened}
          onClose={() => open(null)}
          above={(draft) => kind === 'notification' && draft.revision !== null && <Test draft={draft} />}
        />
      )}
    </div>
  );
}
