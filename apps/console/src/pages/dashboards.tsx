import '../operations.js';
import '../styles/dashboards.css';
import { Button, Modal, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { DashboardBodySchema, type SettingView, usualOwnerOf } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { settingsApi } from '../api/settings.js';
import { boardIdOf, overviewWidgets } from '../components/board/new-board.js';
import { downloadText } from '../components/download.js';
import { Failed } from '../components/failed.js';
import { ImportDialog } from '../components/import-dialog.js';
import { OwnerSelect, useOwners } from '../components/owner-select.js';
import { SettingTable } from '../components/setting-table.js';
import { useToast } from '../components/toasts.js';
import { useCommand } from '../components/use-command.js';
import { useMe } from '../components/use-me.js';
import { useSettings } from '../components/use-settings.js';
import { yamlOf } from '../components/yaml-text.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const pathOf = (id: string) => `/dashboards/${encodeURIComponent(id)}`;

function About({ setting }: { readonly setting: SettingView }) {
  const { t } = useText();
  const body = DashboardBodySchema.safeParse(setting.body).data;
  return (
    <>
      <strong className="clip">{visible(body?.name ?? '')}</strong>{' '}
      <span className="dim">{t('board.widgets', { count: body?.widgets.length ?? 0 })}</span>{' '}
      <span className="tag">{setting.ownerRole}</span>
    </>
  );
}

function NewDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const taken = useSettings('dashboard').rows;
  const [name, setName] = useState('');
  const [isFilled, setFilled] = useState(true);
  const owners = useOwners('');
  const [chosen, setOwner] = useState<string | null>(null);
  const { account } = useMe();
  const usual = usualOwnerOf(account?.roles ?? []);
  const owner = chosen ?? (owners.includes(usual) ? usual : (owners[0] ?? usual));
  const making = useCommand({
    mutationFn: async () => {
      const id = boardIdOf(name, new Set(taken.map((each) => each.id)));
      const body = DashboardBodySchema.parse({ name: name.trim(), widgets: isFilled ? overviewWidgets() : [] });
      await settingsApi.put('dashboard', { id, description: '', enabled: true, ownerRole: owner, revision: null, body });
      return id;
    },
    onSuccess: async (id) => {
      await client.invalidateQueries({ queryKey: ['settings'] });
      void navigate(`${pathOf(id)}?edit=1`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') making.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={t('board.new')} centered closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form onSubmit={submit} className="dialog-form">
        <TextInput
          size="xs"
          label={t('board.name')}
          value={name}
          maxLength={256}
          required
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="board-name"
        />
        <OwnerSelect value={owner} onChange={setOwner} />
        <Switch
          size="xs"
          label={t('board.filled')}
          description={t('board.filledHint')}
          checked={isFilled}
          onChange={(event) => setFilled(event.currentTarget.checked)}
          data-testid="board-filled"
        />
        <Failed error={making.error} />
        <div className="dialog-buttons">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={making.isPending} disabled={name.trim() === ''} data-testid="board-make">
            {t('board.make')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** What people made to look at. */
export function DashboardsPage() {
  const { t } = useText();
  const { may } = useMe();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<'new' | 'import' | null>(null);
  const toast = useToast();
  const exporting = useCommand({
    mutationFn: async () => await settingsApi.export('dashboard'),
    onSuccess: (documents) => downloadText('dashboards.yaml', documents.map(yamlOf).join('---\n')),
    onError: (error) => toast({ text: t('common.error', { message: error.message }), tone: 'bad' }),
  });
  return (
    <div className="messages-page" data-testid="dashboards-page">
      <div className="page-head">
        <h1>{t('nav.dashboards')}</h1>
      </div>
      <SettingTable
        kind="dashboard"
        about={(setting) => <About setting={setting} />}
        onOpen={(id) => void navigate(pathOf(id))}
        onNew={() => setAsking('new')}
        empty={t('board.noneYet')}
        tools={
          <>
            <Button
              size="xs"
              variant="default"
              loading={exporting.isPending}
              onClick={() => exporting.mutate()}
              data-testid="board-export"
            >
              {t('board.export')}
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={!may('dashboard', 'add')}
              onClick={() => setAsking('import')}
              data-testid="board-import"
            >
              {t('board.import')}
            </Button>
          </>
        }
      />
      {asking === 'new' && <NewDialog onClose={() => setAsking(null)} />}
      {asking === 'import' && <ImportDialog onClose={() => setAsking(null)} />}
    </div>
  );
}
