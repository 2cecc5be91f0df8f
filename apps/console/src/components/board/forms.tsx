import { Button, Drawer, Loader, Tabs, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DashboardBody, Widget } from '@yosugara/protocol';
import { useMemo } from 'react';
import type { Problem } from '../../api/client.js';
import { settingsApi } from '../../api/settings.js';
import { useText } from '../../i18n/language.js';
import { DIALOG_PARTS } from '../dialog.js';
import { OwnerSelect } from '../owner-select.js';
import { SchemaForm } from '../schema-form.js';
import { type Field, fieldOf, type JsonSchema } from '../schema-model.js';
import { SettingHistoryList } from '../setting-history.js';
import type { SettingEditing } from '../use-setting-draft.js';
import { titleOf } from './frame.js';

const NO_SECRETS: readonly string[] = [];

/** What the manager says of dashboards. */
function useSchema(): Field | null {
  const { data } = useQuery({
    queryKey: ['settings', 'schema', 'dashboard'],
    queryFn: ({ signal }) => settingsApi.schema('dashboard', signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return useMemo(() => (data === undefined ? null : fieldOf(data as JsonSchema)), [data]);
}

/** Fields of one type of widget, without what is not for people. */
function fieldOfWidget(dashboard: Field | null, type: string): Field | null {
  const list = dashboard?.kind === 'fields' ? dashboard.members.find(({ name }) => name === 'widgets')?.field : undefined;
  const variants = list?.kind === 'list' && list.item.kind === 'variants' ? list.item.variants : [];
  const found = variants.find(({ value }) => value === type);
  return found === undefined ? null : { kind: 'fields', members: found.members.filter(({ name }) => name !== 'id') };
}

interface WidgetFormProps {
  readonly widget: Widget;
  /** Its place in the dashboard: problems are told by it. */
  readonly at: number;
  readonly problems: readonly Problem[];
  readonly onChange: (widget: Widget) => void;
  readonly onClose: () => void;
}

/** One widget as a form; what is changed is seen at once beside it. */
export function WidgetForm({ widget, at, problems, onChange, onClose }: WidgetFormProps) {
  const { t } = useText();
  const field = fieldOfWidget(useSchema(), widget.type);
  const place = `body.widgets.${at}.`;
  const own = problems.flatMap((each) =>
    each.place.startsWith(place) ? [{ ...each, place: each.place.slice(place.length) }] : [],
  );
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={440}
      title={titleOf(widget, t)}
      withOverlay={false}
      lockScroll={false}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={DIALOG_PARTS}
    >
      {field === null ? (
        <Loader size="sm" />
      ) : (
        <div data-testid="widget-form">
          <SchemaForm
            field={field}
            value={widget}
            onChange={(next) => onChange({ ...(next as Widget), type: widget.type, id: widget.id } as Widget)}
            problems={own}
            hasSecret={NO_SECRETS}
            disabled={false}
            names="dashboard"
          />
        </div>
      )}
      <div className="dialog-buttons">
        <Button onClick={onClose} data-testid="widget-done">
          {t('board.done')}
        </Button>
      </div>
    </Drawer>
  );
}

interface PropertiesProps {
  readonly editing: SettingEditing<DashboardBody>;
  readonly onClose: () => void;
  readonly onRemove: () => void;
}

/** All of a dashboard that is no widget, and what it was before. */
export function Properties({ editing, onClose, onRemove }: PropertiesProps) {
  const { t } = useText();
  const whole = useSchema();
  const field: Field | null =
    whole?.kind === 'fields' ? { kind: 'fields', members: whole.members.filter(({ name }) => name !== 'widgets') } : null;
  const { doc, change } = editing;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={520}
      title={t('board.properties')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={DIALOG_PARTS}
    >
      <Tabs defaultValue="form">
        <Tabs.List mb="xs">
          <Tabs.Tab value="form">{t('settings.form')}</Tabs.Tab>
          <Tabs.Tab value="history">{t('settings.history')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="form">
          {field === null ? (
            <Loader size="sm" />
          ) : (
            <SchemaForm
              field={field}
              value={doc.body}
              onChange={(next) =>
                change({ ...doc, body: { ...(next as DashboardBody), widgets: doc.body.widgets } }, 'properties')
              }
              problems={editing.problems}
              hasSecret={NO_SECRETS}
              disabled={false}
              names="dashboard"
            />
          )}
          <div className="form-grid">
            <TextInput
              size="xs"
              label={t('settings.description')}
              value={doc.description}
              maxLength={1_024}
              onChange={(event) => change({ ...doc, description: event.currentTarget.value }, 'description')}
            />
            <OwnerSelect value={doc.ownerRole} onChange={(ownerRole) => change({ ...doc, ownerRole })} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <SettingHistoryList kind="dashboard" id={doc.id} />
        </Tabs.Panel>
      </Tabs>
      <div className="dialog-buttons">
        <Button color="red" variant="subtle" onClick={onRemove} data-testid="board-remove">
          {t('board.removeBoard')}
        </Button>
        <span className="grow" />
        <Button onClick={onClose}>{t('board.done')}</Button>
      </div>
    </Drawer>
  );
}
