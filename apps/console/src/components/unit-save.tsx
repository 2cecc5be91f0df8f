import { Alert, Button, Group, Loader, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FieldDifference } from '@yosugara/protocol';
import { ApiError } from '../api/client.js';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { DIALOG_PARTS } from './dialog.js';
import { Differences } from './setting-history.js';
import { Time } from './time.js';
import { useToast } from './toasts.js';
import { problemsByJob } from './unit-problems.js';
import { useCommand } from './use-command.js';
import type { UnitDoc, UnitEditing } from './use-unit-draft.js';

interface SaveProps {
  readonly editing: UnitEditing;
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

/** What would change, by the manager's own word, and only then it is saved. */
export function SaveDialog({ editing, onClose, onSaved }: SaveProps) {
  const { t } = useText();
  const toast = useToast();
  const { doc, revision } = editing;
  const looking = useQuery({
    queryKey: ['settings', 'dry-run', doc],
    queryFn: async () => await settingsApi.import([{ kind: 'job-unit', ...doc }], true),
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const saving = useCommand({
    mutationFn: async () => await settingsApi.put('job-unit', { ...doc, revision }),
    onSuccess: ({ revision: made }) => {
      toast({ text: t('unit.saved', { id: doc.id, revision: made }), tone: 'good', testId: 'toast-unit-saved' });
      editing.saved(made);
      onSaved(doc.id);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 412) editing.lookAgain();
    },
  });
  const error = saving.error ?? looking.error;
  const problems = error instanceof ApiError ? error.problems : [];
  const back = () => {
    editing.refuse(problems.map((problem) => ({ ...problem, place: problem.place.replace(/^(documents\.)?\d+\./, '') })));
    onClose();
  };
  const changed = looking.data?.changed[0]?.differences ?? [];
  const isNew = (looking.data?.counts.added ?? 0) > 0;
  const hasChanges = isNew || (looking.data?.counts.changed ?? 0) > 0;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('unit.saveTitle', { id: doc.id })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={DIALOG_PARTS}
    >
      <div data-testid="unit-save">
        {looking.isFetching && <Loader size="sm" />}
        {error !== null && (
          <Alert color="red" role="alert" data-testid="unit-save-error" mb="sm">
            {error instanceof ApiError && error.status === 412 ? t('unit.conflict') : error.message}
            {problems.length > 0 && (
              <ul className="plain-list">
                {problems.slice(0, 20).map(({ place, found, allowed }) => (
                  <li key={`${place} ${allowed}`}>
                    <code>{place}</code> {t('import.problem', { found, allowed })}
                  </li>
                ))}
              </ul>
            )}
          </Alert>
        )}
        {isNew && <p>{t('unit.isNew')}</p>}
        {looking.data !== undefined && !hasChanges && <p>{t('import.nothing')}</p>}
        {changed.length > 0 && (
          <div className="save-differences" data-testid="unit-differences">
            <Differences of={changed.map((each) => ({ ...each, place: nameOf(each, doc, editing.base) }))} />
          </div>
        )}
        {looking.data?.warnings.map(({ place, message }) => (
          <p key={`${place} ${message}`} className="text-busy">
            {place}: {message}
          </p>
        ))}
        <Group justify="flex-end" gap="xs" mt="sm">
          <Button variant="default" onClick={problems.length > 0 ? back : onClose}>
            {t(problems.length > 0 ? 'unit.backToMistakes' : 'common.cancel')}
          </Button>
          <Button
            loading={saving.isPending}
            disabled={!hasChanges || looking.error !== null}
            onClick={() => saving.mutate()}
            data-testid="unit-save-do"
            data-autofocus
          >
            {t('settings.save')}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}

/** `body.jobs.0.command` is `collect: command` to people; of what is gone, as it was called. */
function nameOf({ place, after }: FieldDifference, doc: UnitDoc, base: UnitDoc | null): string {
  const problem = { place, found: '', allowed: '' };
  for (const unit of after === undefined ? [base, doc] : [doc, base]) {
    if (unit === null) continue;
    for (const [job, [found]] of problemsByJob(unit.body, [problem]))
      if (job !== '') return found?.place === '' ? job : `${job}: ${found?.place}`;
  }
  return place.replace(/^body\./, '');
}

/** Somebody else was faster: what they did, and two ways to go on; what was typed is in neither lost. */
export function Conflict({ editing }: { readonly editing: UnitEditing }) {
  const { t } = useText();
  const { theirs, doc, revision } = editing;
  const { data } = useQuery({
    queryKey: ['settings', 'history', 'job-unit', doc.id, theirs?.revision],
    queryFn: ({ signal }) => settingsApi.history('job-unit', doc.id, signal),
    enabled: theirs !== null,
  });
  if (theirs === null) return null;
  const since = data?.revisions.filter((each) => each.revision > (revision ?? 0)) ?? [];
  return (
    <Alert color="yellow" role="alert" title={t('unit.conflict')} data-testid="unit-conflict" className="unit-conflict">
      <p>
        {t('settings.revisionBy', { revision: theirs.revision, by: theirs.modifiedBy })} <Time iso={theirs.modifiedAt} />{' '}
        {t('unit.conflictKept')}
      </p>
      <details>
        <summary>{t('unit.theirChanges')}</summary>
        {since.map((each) => (
          <Differences key={each.revision} of={each.differences} />
        ))}
      </details>
      <Group gap="xs" mt="xs">
        <Button size="compact-sm" variant="default" onClick={editing.keepMine} data-testid="unit-keep-mine">
          {t('unit.keepMine')}
        </Button>
        <Button size="compact-sm" variant="default" onClick={editing.takeTheirs} data-testid="unit-take-theirs">
          {t('unit.takeTheirs')}
        </Button>
      </Group>
    </Alert>
  );
}
