import { Alert, Button, Menu, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type DashboardBody, MOST_WIDGETS, WIDGET_TYPES, type Widget, WidgetSchema, type WidgetType } from '@yosugara/protocol';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError, type Problem } from '../../api/client.js';
import { settingsApi } from '../../api/settings.js';
import { useText } from '../../i18n/language.js';
import { named } from '../../i18n/translate.js';
import { Failed } from '../failed.js';
import { useToast } from '../toasts.js';
import { useCommand } from '../use-command.js';
import { type SettingEditing, useSettingDraft } from '../use-setting-draft.js';
import { BoardGrid } from './board.js';
import { freeId } from './board-model.js';
import { Properties, WidgetForm } from './forms.js';
import { WidgetTools } from './tools.js';

const NO_PROBLEMS: readonly Problem[] = [];
const judge = () => NO_PROBLEMS;
const never = () => {
  throw new Error('dashboards are made before they are edited');
};
export const useBoardDraft = (id: string) => useSettingDraft<DashboardBody>({ kind: 'dashboard', id, empty: never, judge });

/** Ctrl-Z and Ctrl-Shift-Z, but for what is being typed. */
function useUndoKeys({ undo, redo }: Pick<SettingEditing<DashboardBody>, 'undo' | 'redo'>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey)) return;
      if (/^(INPUT|TEXTAREA)$/.test((event.target as HTMLElement).tagName)) return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
}

function AddMenu({ isFull, onAdd }: { readonly isFull: boolean; readonly onAdd: (type: WidgetType) => void }) {
  const { t } = useText();
  return (
    <Menu position="bottom-start" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button size="xs" disabled={isFull} data-testid="widget-add">
          {t('board.add')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {WIDGET_TYPES.map((type) => (
          <Menu.Item key={type} onClick={() => onAdd(type)} data-testid={`add-${type}`}>
            {named(t, 'widget', type)}
            <span className="dim small widget-about">{named(t, 'widgetAbout', type)}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function RemoveDialog({ editing, onClose }: { readonly editing: SettingEditing<DashboardBody>; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const removing = useCommand({
    mutationFn: async () => await settingsApi.remove('dashboard', editing.doc.id, editing.revision ?? 0),
    onSuccess: async () => {
      editing.forget();
      await client.invalidateQueries({ queryKey: ['settings'] });
      void navigate('/dashboards');
    },
  });
  return (
    <Modal
      opened
      centered
      onClose={onClose}
      title={t('board.removeTitle', { name: editing.doc.body.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Failed error={removing.error} />
      <p>{t('board.removeHint')}</p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('common.cancel')}
        </Button>
        <Button color="red" loading={removing.isPending} onClick={() => removing.mutate()} data-testid="board-remove-sure">
          {t('board.removeBoard')}
        </Button>
      </div>
    </Modal>
  );
}

interface EditorProps {
  readonly editing: SettingEditing<DashboardBody>;
  readonly onClose: () => void;
}

/** Widgets are added, moved, sized and filled in; what is shown is what will be. What was begun outlives the page. */
export function BoardEditor({ editing, onClose }: EditorProps) {
  const { t } = useText();
  const toast = useToast();
  const [opened, setOpened] = useState<string | null>(null);
  const [asking, setAsking] = useState<'properties' | 'remove' | null>(null);
  const [said, setSaid] = useState('');
  useUndoKeys(editing);
  const { doc, edit, revision, theirs } = editing;
  const { widgets } = doc.body;
  const put = (next: readonly Widget[], name?: string) =>
    edit((body) => (next === body.widgets ? body : { ...body, widgets: [...next] }), name);
  const saving = useCommand({
    mutationFn: async () => await settingsApi.put('dashboard', { ...doc, revision }),
    onSuccess: ({ revision: made }) => {
      editing.saved(made);
      toast({ text: t('board.saved', { name: doc.body.name }), tone: 'good', testId: 'toast-board-saved' });
      onClose();
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      editing.refuse(error.problems);
      if (error.status === 412) editing.lookAgain();
    },
  });
  const add = (type: WidgetType) => {
    const id = freeId(widgets, type);
    put([...widgets, WidgetSchema.parse({ type, id })]);
    setOpened(id);
  };
  const discard = () => {
    editing.forget();
    onClose();
  };
  const at = widgets.findIndex(({ id }) => id === opened);
  const widget = widgets[at];
  return (
    <>
      <div className="board-bar" role="toolbar" aria-label={t('board.toolbar')}>
        <AddMenu isFull={widgets.length >= MOST_WIDGETS} onAdd={add} />
        <Button size="xs" variant="default" onClick={() => setAsking('properties')} data-testid="board-properties">
          {t('board.properties')}
        </Button>
        <Button size="xs" variant="default" disabled={!editing.mayUndo} onClick={editing.undo} data-testid="board-undo">
          {t('board.undo')}
        </Button>
        <Button size="xs" variant="default" disabled={!editing.mayRedo} onClick={editing.redo}>
          {t('board.redo')}
        </Button>
        <span className="dim small only-wide">{t('board.editHint')}</span>
        <span className="grow" />
        <Button size="xs" variant="default" onClick={discard} data-testid="board-discard">
          {t(editing.isChanged ? 'board.discard' : 'common.close')}
        </Button>
        <Button
          size="xs"
          disabled={!editing.isChanged}
          loading={saving.isPending}
          onClick={() => saving.mutate()}
          data-testid="board-save"
        >
          {t('settings.save')}
        </Button>
      </div>
      <p className="hidden" role="status" data-testid="board-said">
        {said}
      </p>
      {theirs !== null && (
        <Alert color="yellow" role="alert" data-testid="board-theirs">
          {t('board.theirs', { by: theirs.modifiedBy })}{' '}
          <Button size="compact-xs" variant="default" onClick={editing.takeTheirs}>
            {t('settings.loadTheirs')}
          </Button>{' '}
          <Button size="compact-xs" variant="default" onClick={editing.keepMine}>
            {t('board.keepMine')}
          </Button>
        </Alert>
      )}
      <Failed error={saving.error} />
      {widgets.length === 0 && <div className="empty">{t('board.empty')}</div>}
      <BoardGrid
        widgets={widgets}
        chosen={opened}
        tools={(each, place) => (
          <WidgetTools
            widget={each}
            at={place}
            widgets={widgets}
            onChange={put}
            onOpen={() => setOpened(each.id)}
            onSay={setSaid}
          />
        )}
      />
      {widget !== undefined && (
        <WidgetForm
          key={widget.id}
          widget={widget}
          at={at}
          problems={editing.problems}
          onChange={(next) =>
            put(
              widgets.map((each) => (each.id === next.id ? next : each)),
              `form ${next.id}`,
            )
          }
          onClose={() => setOpened(null)}
        />
      )}
      {asking === 'properties' && (
        <Properties editing={editing} onClose={() => setAsking(null)} onRemove={() => setAsking('remove')} />
      )}
      {asking === 'remove' && <RemoveDialog editing={editing} onClose={() => setAsking(null)} />}
    </>
  );
}
