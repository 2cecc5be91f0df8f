import '../upkeep.js';
import { Alert, Button, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { RETENTION_ID, type Retained } from '@yosugara/protocol';
import { useState } from 'react';
import { ApiError } from '../api/client.js';
import { settingsApi } from '../api/settings.js';
import { upkeepApi } from '../api/upkeep.js';
import { CleanUpDialog } from '../components/clean-up-dialog.js';
import { CleanUpRuns } from '../components/clean-up-runs.js';
import { Failed } from '../components/failed.js';
import { KeptTable } from '../components/kept-table.js';
import { bodyOf, cleanable, draftOf, isSame, type RetentionDraft } from '../components/retention-model.js';
import { RetentionWindow } from '../components/retention-window.js';
import { useToast } from '../components/toasts.js';
import { useCommand } from '../components/use-command.js';
import { useMe } from '../components/use-me.js';
import { bytes, clockTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const EVERY_MS = 5_000;

interface Editing {
  readonly draft: RetentionDraft;
  /** Of the setting that it was made from. */
  readonly revision: number | null;
}

/** What is kept, how long, and what goes. */
export function RetentionPage() {
  const { t } = useText();
  const client = useQueryClient();
  const toast = useToast();
  const { may } = useMe();
  const [editing, setEditing] = useState<Editing | null>(null);
  const [asking, setAsking] = useState<{ readonly kinds: readonly Retained[]; readonly tried: boolean } | null>(null);
  const { data, error } = useQuery({
    queryKey: ['retention', 'view'],
    queryFn: ({ signal }) => upkeepApi.retention(signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  const saved = data === undefined ? null : draftOf(data);
  const draft = editing?.draft ?? saved;
  const revision = data?.setting?.revision ?? null;
  const isChanged = editing !== null && saved !== null && !isSame(editing.draft, saved);
  const change = (next: RetentionDraft) => setEditing({ draft: next, revision: editing === null ? revision : editing.revision });
  const saving = useCommand({
    mutationFn: async ({ draft: typed, revision: from }: Editing) =>
      await settingsApi.put('retention', {
        ...{ id: RETENTION_ID, description: '', enabled: true, ownerRole: 'operator', revision: from, body: bodyOf(typed) },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['retention'] });
      setEditing(null);
      toast({ text: t('retention.saved'), tone: 'good' });
    },
  });
  const isStale = saving.error instanceof ApiError && saving.error.status === 412;
  const again = () => {
    saving.reset();
    setEditing(null);
  };
  if (data === undefined || draft === null)
    return <div className="blank">{error === null ? <Loader /> : <Failed error={error} />}</div>;
  const mayEdit = may('cluster', revision === null ? 'add' : 'modify');
  const all = data.kinds.filter((kept) => cleanable(kept) && kept.kind !== 'notifications').map(({ kind }) => kind);
  return (
    <div className="cluster-page" data-testid="retention-page">
      <div className="page-head">
        <h1>{t('retention.title')}</h1>
        <span className="dim tabular">
          {t('retention.database', { size: bytes(data.databaseBytes) })} ·{' '}
          {t('cluster.asOf', { time: clockTime(new Date(data.at)) })}
        </span>
        <span className="grow" />
        {isChanged && (
          <>
            <Button
              size="xs"
              variant="default"
              onClick={() => setAsking({ kinds: all, tried: true })}
              data-testid="retention-preview"
            >
              {t('retention.previewDraft')}
            </Button>
            <Button size="xs" variant="default" onClick={again}>
              {t('retention.discard')}
            </Button>
            <Button
              size="xs"
              loading={saving.isPending}
              onClick={() => editing !== null && saving.mutate(editing)}
              data-testid="retention-save"
            >
              {t('retention.save')}
            </Button>
          </>
        )}
        {!isChanged && (
          <Button
            size="xs"
            variant="default"
            disabled={!may('cluster', 'execute')}
            onClick={() => setAsking({ kinds: all, tried: false })}
            data-testid="clean-all"
          >
            {t('retention.cleanUp')}
          </Button>
        )}
      </div>
      {isStale ? (
        <Alert color="yellow" role="alert" data-testid="retention-stale">
          {t('retention.changedMeanwhile')}{' '}
          <Button size="compact-xs" variant="default" onClick={again}>
            {t('retention.reload')}
          </Button>
        </Alert>
      ) : (
        <Failed error={saving.error} />
      )}
      <section className="panel">
        <KeptTable
          {...{ kinds: data.kinds, running: data.running, waiting: data.waiting, typed: draft.days, mayEdit }}
          mayClean={may('cluster', 'execute') && !isChanged}
          onType={(kind, text) => change({ ...draft, days: { ...draft.days, [kind]: text } })}
          onClean={(kind) => setAsking({ kinds: [kind], tried: false })}
        />
      </section>
      <RetentionWindow draft={draft} isOpen={data.isOpen} mayEdit={mayEdit} onChange={change} />
      <CleanUpRuns />
      {asking !== null && (
        <CleanUpDialog kinds={asking.kinds} tried={asking.tried ? bodyOf(draft).days : null} onClose={() => setAsking(null)} />
      )}
    </div>
  );
}
