import { Button } from '@mantine/core';
import type { Job } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { JobForm } from './job-form.js';
import type { JsonSchema } from './schema-model.js';
import { changeJob, duplicateJob, moveJob } from './unit-model.js';
import { removeJobs } from './unit-waits.js';
import type { UnitEditing } from './use-unit-draft.js';

interface SideProps {
  readonly editing: UnitEditing;
  readonly schema: JsonSchema;
  readonly job: Job;
  readonly problems: readonly Problem[];
  readonly mayEdit: boolean;
  /** Another number is another form: what was being typed is not meant any more. */
  readonly form: number;
  readonly onChoose: (job: string | null) => void;
  readonly onRename: (id: string) => void;
  readonly onOpen: () => void;
}

/** Beside the graph: the job that is chosen, and what can be done with it as a whole. */
export function UnitJobSide({ editing, schema, job, problems, mayEdit, form, onChoose, onRename, onOpen }: SideProps) {
  const { t } = useText();
  const unit = editing.doc.body;
  return (
    <aside className="side-form" aria-label={t('map.job', { job: job.id })} data-testid="job-side">
      <div className="side-head">
        <h2 className="clip">{job.id}</h2>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChoose(null)} aria-label={t('common.close')}>
          ✕
        </Button>
      </div>
      {mayEdit && (
        <div className="side-tools">
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              const made = duplicateJob(unit, job.id);
              if (made === null) return;
              editing.edit(() => made.unit);
              onChoose(made.id);
            }}
          >
            {t('unit.duplicate')}
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => editing.edit((before) => moveJob(before, job.id, -1))}
            aria-label={t('unit.earlier')}
          >
            ↑
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => editing.edit((before) => moveJob(before, job.id, 1))}
            aria-label={t('unit.later')}
          >
            ↓
          </Button>
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            onClick={() => {
              editing.edit((before) => removeJobs(before, [job.id]));
              onChoose(null);
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
        job={job}
        problems={problems}
        disabled={!mayEdit}
        onChange={(next) => {
          editing.edit((before) => changeJob(before, job.id, next), `form ${form}`);
          if (next.id !== job.id) onRename(next.id);
        }}
        onOpen={onOpen}
      />
    </aside>
  );
}
