import { Alert, Button, FileButton, Group, Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { ApiError } from '../api/client.js';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { downloadText } from './download.js';
import { useToast } from './toasts.js';
import { filled, type UnitDraft } from './unit-model.js';
import { useCommand } from './use-command.js';
import type { UnitDoc, UnitEditing } from './use-unit-draft.js';
import { yamlOf } from './yaml-text.js';

interface Document {
  readonly kind?: unknown;
  readonly id?: unknown;
  readonly description?: unknown;
  readonly enabled?: unknown;
  readonly ownerRole?: unknown;
  readonly body?: unknown;
}

/** A text becomes the unit that is being edited: it can be looked at, undone, and is saved like any other change. */
export function UnitYaml({ editing, mayEdit }: { readonly editing: UnitEditing; readonly mayEdit: boolean }) {
  const { t } = useText();
  const toast = useToast();
  const { doc } = editing;
  const written = useMemo(() => {
    const { id, description, enabled, ownerRole, body } = doc;
    return yamlOf({ kind: 'job-unit', id, description, enabled, ownerRole, body });
  }, [doc]);
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? written;
  const reading = useCommand({
    mutationFn: async () => {
      const documents = (await settingsApi.read('yaml', text)) as readonly Document[];
      const units = documents.filter(({ kind }) => kind === 'job-unit');
      const found = units.find(({ id }) => id === doc.id) ?? units[0];
      if (found === undefined || typeof found.body !== 'object' || found.body === null) throw new Error(t('unit.noUnit'));
      const body = found.body as UnitDraft;
      if (!Array.isArray(body.jobs)) throw new Error(t('unit.noUnit'));
      // Of what it leaves out the manager says what it is: as a document that is not saved.
      return { found, body };
    },
    onSuccess: ({ found, body }) => {
      const said = <T,>(value: unknown, usual: T): T => (typeof value === typeof usual ? (value as T) : usual);
      const next: UnitDoc = {
        // A unit that is there keeps its name.
        id: editing.revision === null ? said(found.id, doc.id) : doc.id,
        description: said(found.description, doc.description),
        enabled: said(found.enabled, doc.enabled),
        ownerRole: said(found.ownerRole, doc.ownerRole),
        body: filled(body),
      };
      editing.change(next);
      setTyped(null);
      toast({ text: t('unit.yamlTaken'), tone: 'good' });
    },
  });
  const load = async (file: File | null) => {
    if (file !== null) setTyped(await file.text());
  };
  const save = () => {
    downloadText(`${doc.id === '' ? 'job-unit' : doc.id}.yaml`, text);
  };
  const { error } = reading;
  return (
    <div className="unit-yaml" data-testid="unit-yaml">
      <Group gap="xs">
        <FileButton onChange={(file) => void load(file)} accept=".yaml,.yml,.json">
          {(props) => (
            <Button {...props} size="compact-sm" variant="default" disabled={!mayEdit}>
              {t('import.file')}
            </Button>
          )}
        </FileButton>
        <Button size="compact-sm" variant="default" onClick={save}>
          {t('unit.download')}
        </Button>
        <Button
          size="compact-sm"
          disabled={!mayEdit || typed === null || typed === written}
          loading={reading.isPending}
          onClick={() => reading.mutate()}
          data-testid="unit-yaml-take"
        >
          {t('unit.yamlTake')}
        </Button>
        {typed !== null && typed !== written && (
          <Button size="compact-sm" variant="subtle" onClick={() => setTyped(null)}>
            {t('unit.yamlDrop')}
          </Button>
        )}
      </Group>
      {error !== null && (
        <Alert color="red" role="alert" data-testid="unit-yaml-error">
          {error.message}
          {error instanceof ApiError && error.problems.length > 0 && (
            <ul className="plain-list">
              {error.problems.map(({ place, allowed }) => (
                <li key={`${place} ${allowed}`}>
                  <code>{place}</code> {allowed}
                </li>
              ))}
            </ul>
          )}
        </Alert>
      )}
      <Textarea
        className="mono unit-yaml-text"
        aria-label="YAML"
        value={text}
        readOnly={!mayEdit}
        spellCheck={false}
        rows={28}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-testid="unit-yaml-text"
      />
    </div>
  );
}
