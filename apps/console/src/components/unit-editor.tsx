import { Alert, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { type JsonSchema } from './schema-model.js';
import { SettingHistoryList } from './setting-history.js';
import { UnitForm } from './unit-form.js';
import { UnitGraph } from './unit-graph.js';
import { UnitBar, UnitHead, type UnitTab } from './unit-head.js';
import { UnitJobSide } from './unit-job-side.js';
import { addJob, findJob, type JOB_TYPES, jobsIn } from './unit-model.js';
import { problemsByJob } from './unit-problems.js';
import { Conflict, SaveDialog } from './unit-save.js';
import { UnitYaml } from './unit-yaml.js';
import { useMe } from './use-me.js';
import { useSteps } from './use-steps.js';
import { type UnitEditing, useUnitDraft } from './use-unit-draft.js';

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
      <UnitHead
        id={id}
        editing={editing}
        within={within}
        mayEdit={mayEdit}
        onGo={(to) => put({ in: to === '' ? null : to, job: null, tab: null })}
        onStep={step}
        onRun={onRun}
        onSave={() => setSaving(true)}
      />
      <Conflict editing={editing} />
      <UnitBar
        isNew={id === null}
        tab={tab}
        byJob={byJob}
        mayEdit={mayEdit}
        onTab={(next) => put({ tab: next === 'graph' ? null : next })}
        onAdd={add}
        onMistake={(job) =>
          job === '' ? put({ tab: 'unit', job: null }) : put({ in: findJob(unit, job)?.parent || null, job, tab: null })
        }
      />
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
