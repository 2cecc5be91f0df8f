import { Alert, Button, Drawer, Group, Loader, Tabs } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { FUNCTION_OF_KIND, type SettingKind, usualOwnerOf } from '@yosugara/protocol';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { ApiError } from '../api/client.js';
import { type SettingDraft, settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { DIALOG_PARTS } from './dialog.js';
import { SchemaForm } from './schema-form.js';
import { fieldOf, initialOf, type JsonSchema } from './schema-model.js';
import { SettingHead } from './setting-head.js';
import { SettingHistoryList } from './setting-history.js';
import { Time } from './time.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';
import { useFormDraft } from './use-form-draft.js';
import { useMe } from './use-me.js';

interface EditorProps {
  readonly kind: SettingKind;
  /** null = a new one. */
  readonly id: string | null;
  /** What a new one begins with, beside what its schema says. */
  readonly begin?: Readonly<Record<string, unknown>>;
  readonly onClose: () => void;
  /** In the place of `onClose`. */
  readonly onSaved?: (id: string) => void;
  /** Beside the form, such as to try it. */
  readonly beside?: (draft: SettingDraft) => ReactNode;
  /** Over the form, such as what would follow from it. */
  readonly above?: (draft: SettingDraft) => ReactNode;
  /** See the form. */
  readonly names?: string;
}

/** Opens what is there, or a new one, as a form made from the schema. */
export function SettingEditor(props: EditorProps) {
  const { t } = useText();
  const { kind, id, onClose } = props;
  const schema = useQuery({
    queryKey: ['settings', 'schema', kind],
    queryFn: ({ signal }) => settingsApi.schema(kind, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const setting = useQuery({
    queryKey: ['settings', 'one', kind, id],
    queryFn: ({ signal }) => settingsApi.show(kind, id ?? '', signal),
    enabled: id !== null,
    // A form is not to change under the hand of who fills it in; saving says when somebody else was faster.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  // Whoever closes the form is done with what is in it.
  const drop = useRef<() => void>(() => undefined);
  const close = () => {
    drop.current();
    onClose();
  };
  const error = schema.error ?? setting.error;
  const isThere = schema.data !== undefined && (id === null || setting.data !== undefined);
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={760}
      title={id === null ? t('settings.new', { kind: t(`settingKind.${kind}`) }) : `${t(`settingKind.${kind}`)} ${id}`}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      closeOnClickOutside={false}
      attributes={DIALOG_PARTS}
    >
      {error !== null && !isThere && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {!isThere ? (
        error === null && <Loader size="sm" />
      ) : (
        // Another revision, loaded on purpose, is another form.
        <Editor
          key={setting.data?.revision ?? 0}
          {...props}
          onClose={close}
          dropped={drop}
          schema={schema.data as JsonSchema}
          found={setting.data ?? null}
          reload={() => void setting.refetch()}
        />
      )}
    </Drawer>
  );
}

interface LoadedProps extends EditorProps {
  readonly schema: JsonSchema;
  readonly found: Awaited<ReturnType<typeof settingsApi.show>> | null;
  readonly reload: () => void;
  /** Takes what forgets this form. */
  readonly dropped: { current: () => void };
}

function draftOf({ found, schema, begin }: LoadedProps, roles: readonly string[]): SettingDraft {
  if (found !== null) {
    const { id, description, enabled, ownerRole, revision, body } = found;
    return { id, description, enabled, ownerRole, revision, body };
  }
  const body = { ...(initialOf(fieldOf(schema)) as object), ...begin };
  return { id: '', description: '', enabled: true, ownerRole: usualOwnerOf(roles), revision: null, body };
}

function Editor(props: LoadedProps) {
  const { kind, id, schema, found, reload, dropped, onClose, onSaved, beside, above, names } = props;
  const { t } = useText();
  const { may, account } = useMe();
  const mayAct = may(FUNCTION_OF_KIND[kind], found === null ? 'add' : 'modify');
  const toast = useToast();
  const client = useQueryClient();
  const field = useMemo(() => fieldOf(schema), [schema]);
  const [usual] = useState(() => draftOf(props, account?.roles ?? []));
  const { draft, isBegunAgain, put, drop, asStored } = useFormDraft({ kind, id, field, usual });
  dropped.current = drop;
  const [isDeleting, setDeleting] = useState(false);
  const done = async (text: string) => {
    toast({ text, tone: 'good' });
    await client.invalidateQueries({ queryKey: ['settings'] });
    await client.invalidateQueries({ queryKey: ['facilities'] });
  };
  const saving = useCommand({
    mutationFn: async () => await settingsApi.put(kind, draft),
    onSuccess: async ({ done: what }) => {
      drop();
      await done(t(`settings.${what}`, { id: draft.id }));
      if (onSaved === undefined) onClose();
      else onSaved(draft.id);
    },
  });
  const deleting = useCommand({
    mutationFn: async () => await settingsApi.remove(kind, draft.id, draft.revision ?? 0),
    onSuccess: async () => {
      await done(t('settings.removed', { id: draft.id }));
      onClose();
    },
  });
  const error = saving.error ?? deleting.error;
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <form
      data-testid="setting-editor"
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Tabs defaultValue="form" keepMounted>
        <Tabs.List mb="xs">
          <Tabs.Tab value="form">{t('settings.form')}</Tabs.Tab>
          {beside !== undefined && <Tabs.Tab value="beside">{t('try.title')}</Tabs.Tab>}
          {found !== null && <Tabs.Tab value="history">{t('settings.history')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="form">
          {isBegunAgain && (
            <Alert color="yellow" mb="xs" data-testid="setting-begun">
              {t('settings.begunAgain')}{' '}
              <Button size="compact-xs" variant="default" onClick={asStored} data-testid="setting-as-stored">
                {t(found === null ? 'settings.beginAnew' : 'settings.loadTheirs')}
              </Button>
            </Alert>
          )}
          <SettingHead {...{ kind, draft, problems, put, isNew: found === null, disabled: !mayAct }} />
          {above?.(draft)}
          <SchemaForm
            field={field}
            value={draft.body}
            onChange={(body) => put({ body })}
            problems={problems}
            hasSecret={found?.hasSecret ?? []}
            disabled={!mayAct}
            {...(names === undefined ? {} : { names })}
          />
        </Tabs.Panel>
        {beside !== undefined && <Tabs.Panel value="beside">{beside(draft)}</Tabs.Panel>}
        {found !== null && (
          <Tabs.Panel value="history">
            <p className="dim small">
              {t('settings.revisionBy', { revision: found.revision, by: found.modifiedBy })} <Time iso={found.modifiedAt} />
            </p>
            <SettingHistoryList kind={kind} id={found.id} />
          </Tabs.Panel>
        )}
      </Tabs>
      <div className="editor-foot">
        {error !== null && (
          <Alert color="red" role="alert" data-testid="setting-error" className="grow">
            {error.message}
            {error instanceof ApiError && error.status === 412 && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => {
                  asStored();
                  reload();
                }}
                ml="xs"
              >
                {t('settings.loadTheirs')}
              </Button>
            )}
          </Alert>
        )}
        <Group gap="xs" justify="flex-end" w="100%">
          {found !== null &&
            (isDeleting ? (
              <Button
                color="red"
                size="sm"
                loading={deleting.isPending}
                onClick={() => deleting.mutate()}
                data-testid="setting-delete-confirm"
              >
                {t('settings.deleteSure', { id: draft.id })}
              </Button>
            ) : (
              <Button
                color="red"
                variant="subtle"
                size="sm"
                disabled={!mayAct}
                onClick={() => setDeleting(true)}
                data-testid="setting-delete"
              >
                {t('mibs.delete')}
              </Button>
            ))}
          <span className="grow" />
          <Button variant="default" size="sm" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button
            type="submit"
            size="sm"
            loading={saving.isPending}
            disabled={!mayAct || draft.id === ''}
            data-testid="setting-save"
          >
            {t('settings.save')}
          </Button>
        </Group>
      </div>
    </form>
  );
}
