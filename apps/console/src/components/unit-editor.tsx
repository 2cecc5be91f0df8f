import { Alert, Button, Loader, Menu, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { GraphPath } from './job-graph-path.js';
import { type JsonSchema } from './schema-model.js';
import { SettingHistoryList } from './setting-history.js';
import { UnitForm } from './unit-form.js';
import { UnitGraph } from './unit-graph.js';
import { UnitJobSide } from './unit-job-side.js';
import { Mistakes } from './unit-mistakes.js';
import { addJob, findJob, JOB_TYPES, jobsIn, pathTo } from './unit-model.js';
import { problemsByJob } from './unit-problems.js';
import { Conflict, SaveDialog } from './unit-save.js';
import { UnitYaml } from './unit-yaml.js';
import { useMe } from './use-me.js';
import { useSteps } from './use-steps.js';
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
            <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
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
            <UnitJobSide
              editing={editing}
              schema={schema}
              job={found.job}
              problems={byJob.get(found.job.id) ?? []}
              mayEdit={mayEdit}
              form={form}
              onChoose={choose}
              onRename={(to) => put({ job: to })}
              onOpen={() => put({ in: found.job.id, job: null })}
            />
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
