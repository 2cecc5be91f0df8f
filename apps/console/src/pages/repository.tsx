import '../operations.js';
import { Alert, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { NodeBody, SettingView } from '@yosugara/protocol';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { settingsApi } from '../api/settings.js';
import { ImportDialog } from '../components/import-dialog.js';
import { ScopeTree } from '../components/scope-tree.js';
import { SettingEditor } from '../components/setting-editor.js';
import { SettingTable } from '../components/setting-table.js';
import { useMe } from '../components/use-me.js';
import { usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

type Editing = { readonly kind: 'node' | 'scope'; readonly id: string | null };

const NEW_NODE: Editing = { kind: 'node', id: null };

function About({ setting }: { readonly setting: SettingView }) {
  const { t } = useText();
  const body = setting.body as Partial<NodeBody>;
  return (
    <>
      {body.name !== setting.id && <strong>{visible(body.name ?? '')} </strong>}
      <span className="mono">{visible((body.addresses ?? []).join(' '))}</span>{' '}
      <span className="dim">
        {named(t, 'choice', body.platform ?? '')} {visible((body.scopes ?? []).join(', '))}
      </span>
    </>
  );
}

/** Managed hosts and their groups. */
export function RepositoryPage() {
  const { t } = useText();
  const mayAct = useMe().may('repository', 'add');
  const navigate = useNavigate();
  const { address, put } = usePageAddress();
  const scope = address.get('scope') ?? '';
  const [begun, setEditing] = useState<Editing | null>(null);
  // An address may ask for a new one: the palette does.
  const editing = begun ?? (address.get('new') === 'node' ? NEW_NODE : null);
  const stopEditing = () => {
    setEditing(null);
    put({ new: null }, { replace: true });
  };
  const [isImporting, setImporting] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['facilities'],
    queryFn: ({ signal }) => settingsApi.facilities(signal),
    refetchInterval: 30_000,
  });
  const chosen = data?.scopes.find(({ id }) => id === scope);
  const isOwn = chosen !== undefined && !chosen.builtIn;
  return (
    <div className="messages-page" data-testid="repository-page">
      <div className="page-head">
        <h1>{t('repository.title')}</h1>
        <span className="dim clip">{chosen?.path}</span>
        <span className="grow" />
        {isOwn && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => setEditing({ kind: 'scope', id: scope })}
            data-testid="scope-edit"
          >
            {t('repository.editScope')}
          </Button>
        )}
        {scope !== '' && (
          <Button size="compact-sm" variant="default" component={Link} to={`/events?facility=${encodeURIComponent(scope)}`}>
            {t('repository.itsEvents')}
          </Button>
        )}
        <Button size="compact-sm" variant="default" component={Link} to="/inventory" data-testid="inventories">
          {t('repository.inventories')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={!mayAct}
          onClick={() => setEditing({ kind: 'scope', id: null })}
          data-testid="scope-new"
        >
          {t('repository.newScope')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={!mayAct}
          onClick={() => setImporting(true)}
          data-testid="import-open"
        >
          {t('import.open')}
        </Button>
      </div>
      {error !== null && data === undefined && (
        <Alert color="red" role="alert" title={t('common.failed')}>
          {error.message}
        </Alert>
      )}
      <div className="repository">
        <ScopeTree scopes={data?.scopes ?? []} nodes={data?.nodes ?? 0} chosen={scope} onChoose={(id) => put({ scope: id })} />
        <div className="repository-nodes">
          <SettingTable
            kind="node"
            view="nodes"
            filter={{ scope }}
            about={(setting) => <About setting={setting} />}
            onOpen={(id) => void navigate(`/repository/node/${encodeURIComponent(id)}`)}
            onNew={() => setEditing({ kind: 'node', id: null })}
            empty={t(scope === '' ? 'repository.empty' : 'repository.emptyScope')}
          />
        </div>
      </div>
      {editing !== null && (
        <SettingEditor
          kind={editing.kind}
          id={editing.id}
          {...(editing.id === null && isOwn ? { begin: editing.kind === 'node' ? { scopes: [scope] } : { parent: scope } } : {})}
          onClose={stopEditing}
        />
      )}
      {isImporting && <ImportDialog onClose={() => setImporting(false)} />}
    </div>
  );
}
