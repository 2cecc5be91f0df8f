import { Alert, Button, FileButton, Group, Modal, SegmentedControl, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { SettingsDifference } from '@yosugara/protocol';
import { useState } from 'react';
import { ApiError } from '../api/client.js';
import { settingsApi } from '../api/settings.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Differences } from './setting-history.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

type Format = 'yaml' | 'csv';
/** Of the manager; whoever has more takes the command line. */
const MAX_CHARS = 7 * 1024 * 1024;
const MOST_SHOWN = 200;

const EXAMPLES: Readonly<Record<Format, string>> = {
  yaml: 'kind: node\nid: web1\nbody:\n  name: web1\n  addresses: [192.0.2.10]\n  scopes: [web]\n  platform: LINUX\n---\nkind: scope\nid: web\nbody: { name: Web servers }',
  csv: 'id,name,addresses,scopes,platform\nweb1,web1,192.0.2.10,web,LINUX',
};

function Names({ title, of, tone }: { readonly title: string; readonly of: SettingsDifference['added']; readonly tone: string }) {
  if (of.length === 0) return null;
  return (
    <section className={`difference difference-${tone}`}>
      <h3>{title}</h3>
      <p className="breakable">
        {of.slice(0, MOST_SHOWN).map(({ kind, id }) => (
          <span key={`${kind} ${id}`} className="difference-name">
            <span className="dim">{kind}</span> {id}
          </span>
        ))}
        {of.length > MOST_SHOWN && '…'}
      </p>
    </section>
  );
}

/** What would become of the settings: added, removed, and changed field by field. */
export function DifferenceView({ of }: { readonly of: SettingsDifference }) {
  const { t, language } = useText();
  const count = (key: 'added' | 'changed' | 'removed' | 'unchanged') => integer(of.counts[key], language);
  return (
    <div data-testid="difference">
      <p className="difference-counts" data-testid="difference-counts">
        <strong className="text-good">{t('import.added', { count: count('added') })}</strong>
        <strong className="text-busy">{t('import.changed', { count: count('changed') })}</strong>
        <strong className="text-bad">{t('import.removed', { count: count('removed') })}</strong>
        <span className="dim">{t('import.unchanged', { count: count('unchanged') })}</span>
      </p>
      <Names title={t('import.addedTitle')} of={of.added} tone="added" />
      {of.changed.length > 0 && (
        <section className="difference difference-changed">
          <h3>{t('import.changedTitle')}</h3>
          {of.changed.slice(0, MOST_SHOWN).map(({ kind, id, differences }) => (
            <div key={`${kind} ${id}`}>
              <span className="dim">{kind}</span> {id}
              <Differences of={differences} />
            </div>
          ))}
        </section>
      )}
      <Names title={t('import.removedTitle')} of={of.removed} tone="removed" />
      {of.warnings.length > 0 && (
        <section className="difference difference-changed" data-testid="difference-warnings">
          {of.warnings.map(({ kind, id, place, message }) => (
            <p key={`${kind} ${id} ${place} ${message}`} className="breakable">
              <span className="dim">{kind}</span> {id}: {place}: {message}
            </p>
          ))}
        </section>
      )}
    </div>
  );
}

/** A text becomes settings: what that would change is shown before it is done. */
export function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const [format, setFormat] = useState<Format>('yaml');
  const [text, setText] = useState('');
  const looking = useCommand({
    mutationFn: async () => {
      const documents = await settingsApi.read(format, text);
      return { documents, difference: await settingsApi.import(documents, true) };
    },
  });
  const doing = useCommand({
    mutationFn: async (documents: readonly unknown[]) => await settingsApi.import(documents, false),
    onSuccess: async ({ counts }) => {
      toast({ text: t('import.done', { added: counts.added, changed: counts.changed }), tone: 'good' });
      await client.invalidateQueries({ queryKey: ['settings'] });
      await client.invalidateQueries({ queryKey: ['facilities'] });
      onClose();
    },
  });
  const change = (next: string) => {
    setText(next);
    looking.reset();
    doing.reset();
  };
  const load = async (file: File | null) => {
    if (file === null) return;
    setFormat(/\.csv$/i.test(file.name) ? 'csv' : 'yaml');
    change(await file.text());
  };
  const seen = looking.data;
  const error = looking.error ?? doing.error;
  const isTooLarge = text.length > MAX_CHARS;
  const hasChanges =
    seen !== undefined && seen.difference.counts.added + seen.difference.counts.changed + seen.difference.counts.removed > 0;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('import.title')}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className="import" data-testid="import-dialog">
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label={t('import.format')}
            value={format}
            onChange={(next) => setFormat(next as Format)}
            data={[
              { value: 'yaml', label: 'YAML' },
              { value: 'csv', label: t('import.csv') },
            ]}
          />
          <FileButton onChange={(file) => void load(file)} accept=".yaml,.yml,.csv,.json">
            {(props) => (
              <Button {...props} size="compact-sm" variant="default">
                {t('import.file')}
              </Button>
            )}
          </FileButton>
          <span className="dim small">{t('import.explain')}</span>
        </Group>
        <Textarea
          className="mono"
          aria-label={t('import.title')}
          placeholder={EXAMPLES[format]}
          value={text}
          rows={seen === undefined ? 14 : 6}
          spellCheck={false}
          onChange={(event) => change(event.currentTarget.value)}
          error={isTooLarge ? t('import.tooLarge') : undefined}
          data-testid="import-text"
        />
        {error !== null && (
          <Alert color="red" role="alert" data-testid="import-error">
            {error instanceof ApiError && error.problems.length > 0 ? (
              <ul className="plain-list">
                {error.problems.slice(0, 20).map(({ place, found, allowed }) => (
                  <li key={place}>
                    <code>{place}</code> {t('import.problem', { found, allowed })}
                  </li>
                ))}
              </ul>
            ) : (
              error.message
            )}
          </Alert>
        )}
        {seen !== undefined && <DifferenceView of={seen.difference} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            variant={seen === undefined ? 'filled' : 'default'}
            disabled={text.trim() === '' || isTooLarge}
            loading={looking.isPending}
            onClick={() => looking.mutate()}
            data-testid="import-look"
          >
            {t('import.look')}
          </Button>
          {seen !== undefined && (
            <Button
              loading={doing.isPending}
              disabled={!hasChanges}
              onClick={() => doing.mutate(seen.documents)}
              data-testid="import-do"
            >
              {t(hasChanges ? 'import.do' : 'import.nothing')}
            </Button>
          )}
        </Group>
      </div>
    </Modal>
  );
}
