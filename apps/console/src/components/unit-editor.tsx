import { Alert, Button, Loader, Menu, NumberInput, SegmentedControl, Switch, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { JobForm } from './job-form.js';
import { GraphPath } from './job-graph.js';
import { SchemaForm } from './schema-form.js';
import { fieldOf, type JsonSchema, problemsAt } from './schema-model.js';
import { SettingHistoryList } from './setting-history.js';
import { UnitGraph } from './unit-graph.js';
import {
  addJob,
  changeJob,
  duplicateJob,
  findJob,
  JOB_TYPES,
  jobsIn,
  moveJob,
  pathTo,
  problemsByJob,
  removeJobs,
  type UnitDraft,
} from './unit-model.js';
import { Conflict, SaveDialog } from './unit-save.js';
import { UnitYaml } from './unit-yaml.js';
import { useMe } from './use-me.js';
import { type UnitEditing, useUnitDraft } from './use-unit-draft.js';

export const UNIT_TABS = ['graph', 'unit', 'yaml', 'history'] as const;
export type UnitTab = (typeof UNIT_TABS)[number];

interface EditorProps {
  /** null = a new one. */
  readonly id: string | null;
  readonly net: string;
  readonly job: string | null;
  readonly tab: UnitTab;
  readonly put: (parts: Readonly<Record<string, string | null>>) => void;
  readonly onRun: (unit: string) => void;
}

/** A job unit: its graph, its own settings, its text, its revisions. */
export function UnitEditor(props: EditorProps) {
  const { editing, error } = useUnitDraft(props.id);
  const schema = useQuery({
    queryKey: ['settings', 'schema', 'job-unit'],
    queryFn: ({ signal }) => settingsApi.schema('job-unit', signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const failed = error ?? schema.error;
  if (editing === null || schema.data === undefined)
    return failed === null ? (
      <Loader size="sm" />
    ) : (
      <Alert color="red" role="alert">
        {failed.message}
      </Alert>
    );
  return <Loaded {...props} editing={editing} schema={schema.data as JsonSchema} />;
}

interface LoadedProps extends EditorProps {
  readonly editing: UnitEditing;
  readonly schema: JsonSchema;
}

function Loaded({ id, net, job: chosen, tab, put, onRun, editing, schema }: LoadedProps) {
  const { t } = useText();
  const { may } = useMe();
  const mayEdit = may('job', id === null ? 'add' : 'modify');
  const [isSaving, setSaving] = useState(false);
  /** Another form for another job, and after a step back; not while one is renamed. */
  const [form, setForm] = useState(0);
  const { doc, problems } = editing;
  const unit = doc.body;
  const byJob = useMemo(() => problemsByJob(unit, problems), [unit, problems]);
  const within = jobsIn(unit, net) === null ? '' : net;
  const found = chosen === null ? null : findJob(unit, chosen);
  const choose = (job: string | null) => {
    setForm((now) => now + 1);
    put({ job, tab: null });
  };
  const step = (back: boolean) => {
    if (back) editing.undo();
    else editing.redo();
    setForm((now) => now + 1);
  };
  useSteps(step);
  const add = (type: (typeof JOB_TYPES)[number]) => {
    const made = addJob(unit, within, type);
    editing.edit(() => made.unit);
    choose(made.id);
  };
  return (
    <section className="unit-editor" aria-label={doc.id === '' ? t('unit.new') : doc.id} data-testid="unit-editor">
      <div className="unit-head">
        <GraphPath
          unit={doc.id === '' ? t('unit.new') : doc.id}
          path={pathTo(unit, within)}
          onGo={(to) => put({ in: to === '' ? null : to, job: null, tab: null })}
        />
        <span className="grow" />
        {editing.isChanged && (
          <span className="unit-changed" data-testid="unit-changed">
            ● {t('unit.unsaved')}
          </span>
        )}
        <Button
          size="compact-sm"
          variant="default"
          disabled={!editing.mayUndo}
          onClick={() => step(true)}
          title="Ctrl+Z"
          data-testid="unit-undo"
        >
          {t('unit.undo')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={!editing.mayRedo}
          onClick={() => step(false)}
          title="Ctrl+Y"
          data-testid="unit-redo"
        >
          {t('unit.redo')}
        </Button>
        {id !== null && may('job', 'execute') && (
          <Button size="compact-sm" variant="default" onClick={() => onRun(doc.id)}>
            {t('jobs.run')}
          </Button>
        )}
        <Button
          size="compact-sm"
          disabled={!mayEdit || !editing.isChanged || editing.theirs !== null || doc.id === ''}
          onClick={() => setSaving(true)}
          data-testid="unit-save-open"
        >
          {t('unit.save')}
        </Button>
      </div>
      <Conflict editing={editing} />
      <div className="unit-bar">
        <SegmentedControl
          size="xs"
          aria-label={t('unit.parts')}
          value={tab}
          onChange={(next) => put({ tab: next === 'graph' ? null : next })}
          data={UNIT_TABS.filter((each) => each !== 'history' || id !== null).map((each) => ({
            value: each,
            label: t(`unit.tab.${each}`),
          }))}
          data-testid="unit-tabs"
        />
        {tab === 'graph' && (
          <>
            <Menu position="bottom-start">
              <Menu.Target>
                <Button size="compact-sm" variant="default" disabled={!mayEdit} data-testid="unit-add">
                  {t('unit.add')}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {JOB_TYPES.map((type) => (
                  <Menu.Item key={type} onClick={() => add(type)} data-testid={`unit-add-${type}`}>
                    {t(`jobType.${type}`)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
            <span className="dim small keys-hint">{t('graph.keys')}</span>
          </>
        )}
        <span className="grow" />
        <Mistakes
          byJob={byJob}
          onGo={(job) =>
            job === '' ? put({ tab: 'unit', job: null }) : put({ in: findJob(unit, job)?.parent || null, job, tab: null })
          }
        />
      </div>
      {tab === 'graph' && (
        <div className="map">
          <div className="map-main">
            <UnitGraph
              editing={editing}
              net={within}
              chosen={found === null ? null : chosen}
              problems={byJob}
              mayEdit={mayEdit}
              onChoose={choose}
              onOpen={(to) => put({ in: to, job: null })}
            />
          </div>
          {found !== null && (
            <aside className="side-form" aria-label={t('map.job', { job: found.job.id })} data-testid="job-side">
              <div className="side-head">
                <h2 className="clip">{found.job.id}</h2>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="gray"
                  onClick={() => choose(null)}
                  aria-label={t('common.close')}
                >
                  ✕
                </Button>
              </div>
              {mayEdit && (
                <div className="side-tools">
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => {
                      const made = duplicateJob(unit, found.job.id);
                      if (made === null) return;
                      editing.edit(() => made.unit);
                      choose(made.id);
                    }}
                  >
                    {t('unit.duplicate')}
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => editing.edit((before) => moveJob(before, found.job.id, -1))}
                    aria-label={t('unit.earlier')}
                  >
                    ↑
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => editing.edit((before) => moveJob(before, found.job.id, 1))}
                    aria-label={t('unit.later')}
                  >
                    ↓
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => {
                      editing.edit((before) => removeJobs(before, [found.job.id]));
                      choose(null);
                    }}
                    data-testid="job-remove"
                  >
                    {t('form.remove')}
                  </Button>
                </div>
              )}
              <JobForm
                key={form}
                schema={schema}
                unit={unit}
                job={found.job}
                problems={byJob.get(found.job.id) ?? []}
                disabled={!mayEdit}
                onChange={(next) => {
                  editing.edit((before) => changeJob(before, found.job.id, next), `form ${form}`);
                  if (next.id !== found.job.id) put({ job: next.id });
                }}
                onOpen={() => put({ in: found.job.id, job: null })}
              />
            </aside>
          )}
        </div>
      )}
      {tab === 'unit' && (
        <UnitForm
          key={form}
          editing={editing}
          schema={schema}
          problems={byJob.get('') ?? []}
          isNew={id === null}
          disabled={!mayEdit}
        />
      )}
      {tab === 'yaml' && <UnitYaml editing={editing} mayEdit={mayEdit} />}
      {tab === 'history' && id !== null && (
        <div className="panel">
          <SettingHistoryList kind="job-unit" id={id} />
        </div>
      )}
      {isSaving && (
        <SaveDialog
          editing={editing}
          onClose={() => setSaving(false)}
          onSaved={(saved) => {
            setSaving(false);
            if (id === null) put({ unit: saved });
          }}
        />
      )}
    </section>
  );
}

const isText = (target: EventTarget | null) => target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(target.tagName);

/** Ctrl+Z and Ctrl+Y; within a field they are the browser's own. */
function useSteps(step: (back: boolean) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || isText(event.target)) return;
      const key = event.key.toLowerCase();
      const isRedo = key === 'y' || (key === 'z' && event.shiftKey);
      if (key !== 'z' && !isRedo) return;
      event.preventDefault();
      step(!isRedo);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
}

/** How many there are, and a way to each. */
function Mistakes({
  byJob,
  onGo,
}: {
  readonly byJob: ReadonlyMap<string, readonly { readonly place: string; readonly allowed: string }[]>;
  readonly onGo: (job: string) => void;
}) {
  const { t } = useText();
  const count = [...byJob.values()].reduce((sum, list) => sum + list.length, 0);
  if (count === 0) return <span className="dim small">{t('unit.noMistakes')}</span>;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="compact-sm" color="red" variant="light" data-testid="unit-mistakes">
          {t('unit.mistakes', { count })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className="mistakes-list">
        {[...byJob].flatMap(([job, list]) =>
          list.slice(0, 20).map(({ place, allowed }) => (
            <Menu.Item key={`${job} ${place} ${allowed}`} onClick={() => onGo(job)}>
              <strong>{job === '' ? t('unit.itself') : job}</strong> <code>{place}</code> <span lang="en">{allowed}</span>
            </Menu.Item>
          )),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface UnitFormProps {
  readonly editing: UnitEditing;
  readonly schema: JsonSchema;
  readonly problems: readonly { readonly place: string; readonly found: string; readonly allowed: string }[];
  readonly isNew: boolean;
  readonly disabled: boolean;
}

/** What the unit says of itself. */
function UnitForm({ editing, schema, problems, isNew, disabled }: UnitFormProps) {
  const { t } = useText();
  const { doc, change } = editing;
  const rest = useMemo(() => {
    const field = fieldOf(schema);
    return field.kind === 'fields'
      ? field.members.filter(({ name }) => !['name', 'timeZone', 'keepDays', 'jobs'].includes(name))
      : [];
  }, [schema]);
  const put = (part: Partial<typeof doc>) => change({ ...doc, ...part }, 'unit');
  const body = (part: object) => put({ body: { ...doc.body, ...part } as UnitDraft });
  const error = (name: string) => problemsAt(problems, name)[0];
  return (
    <div className="panel unit-form" data-testid="unit-form">
      <div className="form-grid">
        <TextInput
          size="xs"
          label={t('settings.id')}
          withAsterisk
          disabled={disabled || !isNew}
          value={doc.id}
          maxLength={128}
          error={isNew && doc.id === '' ? t('unit.idMissing') : undefined}
          onChange={({ currentTarget: { value } }) => put({ id: value.trim() })}
          data-testid="unit-id"
        />
        <TextInput
          size="xs"
          label={t('jobForm.name')}
          withAsterisk
          disabled={disabled}
          value={doc.body.name}
          error={error('name')}
          onChange={({ currentTarget: { value } }) => body({ name: value })}
          data-testid="unit-name"
        />
        <TextInput
          size="xs"
          label={t('unit.timeZone')}
          description={t('unit.timeZoneHelp')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          disabled={disabled}
          value={String(doc.body['timeZone'] ?? '')}
          error={error('timeZone')}
          onChange={({ currentTarget: { value } }) => body({ timeZone: value })}
          data-testid="unit-zone"
        />
        <NumberInput
          size="xs"
          label={t('unit.keepDays')}
          disabled={disabled}
          value={Number(doc.body['keepDays'] ?? 31)}
          error={error('keepDays')}
          hideControls
          onChange={(value) => body({ keepDays: Number(value) })}
        />
        <TextInput
          size="xs"
          label={t('unit.ownerRole')}
          disabled={disabled}
          value={doc.ownerRole}
          onChange={({ currentTarget: { value } }) => put({ ownerRole: value })}
        />
        <Switch
          size="xs"
          className="form-check"
          label={t('settings.enabled')}
          description={t('settings.enabledHint')}
          checked={doc.enabled}
          disabled={disabled}
          onChange={(event) => put({ enabled: event.currentTarget.checked })}
        />
      </div>
      <Textarea
        size="xs"
        label={t('settings.description')}
        disabled={disabled}
        value={doc.description}
        maxLength={1_024}
        autosize
        onChange={({ currentTarget: { value } }) => put({ description: value })}
      />
      <SchemaForm
        field={{ kind: 'fields', members: rest }}
        value={doc.body}
        onChange={(value) => put({ body: value as UnitDraft })}
        problems={problems}
        hasSecret={[]}
        disabled={disabled}
        names="job"
      />
    </div>
  );
}
