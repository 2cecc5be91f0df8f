import type { Job } from '@yosugara/protocol';
import { useMemo } from 'react';
import type { Problem } from '../api/client.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { JobGraph } from './job-graph.js';
import { layoutOf, NARROW, WIDE } from './job-graph-model.js';
import { graphJob } from './job-graph-waits.js';
import { useToast } from './toasts.js';
import { jobsIn } from './unit-model.js';
import { connect, disconnect, removeJobs } from './unit-waits.js';
import { useNarrow } from './use-narrow.js';
import type { UnitEditing } from './use-unit-draft.js';

interface UnitGraphProps {
  readonly editing: UnitEditing;
  readonly net: string;
  readonly chosen: string | null;
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  readonly mayEdit: boolean;
  readonly onChoose: (job: string | null) => void;
  readonly onOpen: (net: string) => void;
}

/** What a box says of a job besides its name. */
function aboutOf(job: Job): string {
  if (job.name !== '') return job.name;
  if (job.type === 'command') return job.command;
  if (job.type === 'approval') return job.sentence;
  if (job.type === 'reference') return `→ ${job.of}`;
  return 'facility' in job ? job.facility : '';
}

export function UnitGraph({ editing, net, chosen, problems, mayEdit, onChoose, onOpen }: UnitGraphProps) {
  const { t } = useText();
  const toast = useToast();
  const isNarrow = useNarrow();
  const sizes = isNarrow ? NARROW : WIDE;
  const unit = editing.doc.body;
  const jobs = useMemo(() => jobsIn(unit, net) ?? [], [unit, net]);
  const graph = useMemo(() => jobs.map(graphJob), [jobs]);
  const key = JSON.stringify(graph);
  // What is typed into a form does not move the boxes.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of the graph.
  const layout = useMemo(() => layoutOf(graph, sizes), [key, sizes]);
  const byId = new Map(jobs.map((job, at) => [job.id, { job, others: graph[at]!.others, waits: graph[at]!.waits }]));
  /** Of a jobnet also what is wrong in it. */
  const wrongIn = (job: Job): number =>
    (problems.get(job.id)?.length ?? 0) + (job.type === 'jobnet' ? job.jobs.reduce((sum, each) => sum + wrongIn(each), 0) : 0);
  const look = (id: string) => {
    const found = byId.get(id);
    if (found === undefined) return { className: '', more: '', children: id };
    const { job, others, waits } = found;
    const wrong = wrongIn(job);
    const marks = [
      job.hold ? t('graph.hold') : '',
      job.skip !== null ? t('graph.skip') : '',
      job.calendar !== null ? t('graph.calendar') : '',
      job.retry !== null ? t('graph.retry') : '',
      ...others,
    ].filter(Boolean);
    const type = named(t, 'jobType', job.type);
    return {
      className: `${job.type === 'jobnet' ? 'is-net' : ''}${wrong > 0 ? ' is-wrong' : ''}`,
      more: [
        waits.length === 0 ? '' : t('jobs.waitsFor', { jobs: waits.map(({ from }) => from).join(', ') }),
        wrong === 0 ? '' : t('unit.mistakes', { count: wrong }),
      ]
        .filter(Boolean)
        .join(', '),
      children: (
        <>
          <span className="graph-box-head">
            <span className="graph-box-id clip">{visible(id)}</span>
            <span className="graph-box-type">{type}</span>
          </span>
          <span className="graph-box-about">
            {wrong > 0 && (
              <span className="mistake-count" aria-hidden="true">
                ✕ {wrong}
              </span>
            )}
            {marks.map((mark) => (
              <span key={mark} className="graph-mark">
                {visible(mark)}
              </span>
            ))}
            <span className="clip dim">{visible(aboutOf(job))}</span>
          </span>
        </>
      ),
    };
  };
  const edits = mayEdit
    ? {
        connect: (from: string, to: string) => {
          const made = connect(unit, from, to);
          if ('why' in made) toast({ text: t(`graph.not.${made.why}`, { from, to }), tone: 'bad' });
          else editing.edit(() => made.unit);
        },
        disconnect: (from: string, to: string) => editing.edit((before) => disconnect(before, from, to)),
        remove: (id: string) => {
          editing.edit((before) => removeJobs(before, [id]));
          onChoose(null);
        },
      }
    : undefined;
  if (jobs.length === 0) return <p className="empty">{t('unit.noJobs')}</p>;
  return (
    <JobGraph
      layout={layout}
      sizes={sizes}
      label={t('graph.unit', { unit: net === '' ? editing.doc.id : net })}
      chosen={chosen}
      onChoose={onChoose}
      onOpen={(id) => byId.get(id)?.job.type === 'jobnet' && onOpen(id)}
      look={look}
      edits={edits}
    />
  );
}
