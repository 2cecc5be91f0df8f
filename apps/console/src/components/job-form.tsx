import { Accordion, Button, Select, TagsInput, TextInput } from '@mantine/core';
import { type Job, type JobType, waitedFor } from '@yosugara/protocol';
import { useMemo, useState } from 'react';
import type { Problem } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { EndWithFields } from './end-with.js';
import { SchemaForm } from './schema-form.js';
import { type Field, fieldOf, type JsonSchema, type Member, problemsAt } from './schema-model.js';
import { findJob, JOB_TYPES, jobsIn, newJob, type UnitDraft } from './unit-model.js';
import { WaitForm } from './wait-form.js';

/** What all jobs have, by what it is about; `own`: what its type has besides. */
const SECTIONS = {
  control: ['hold', 'skip', 'calendar', 'queue', 'placePriority'],
  delays: ['startDelay', 'endDelay'],
  retry: ['retry'],
  end: ['endStatus'],
  notify: ['notify'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
/** With a form of their own here. */
const ELSEWHERE: readonly string[] = ['id', 'name', 'description', 'type', 'wait', 'exclusive', 'jobs', 'of'];
const COMMON: readonly string[] = Object.values(SECTIONS).flat();

/** The members of each type of job, out of what the manager says of job units. */
export function jobMembers(schema: JsonSchema): ReadonlyMap<string, readonly Member[]> {
  const members = new Map<string, readonly Member[]>();
  const look = (part: JsonSchema | undefined, depth: number) => {
    if (part === undefined || depth > 6) return;
    const name = /^#\/\$defs\/(.+)$/.exec(part.$ref ?? '')?.[1];
    if (name !== undefined) return look(schema.$defs?.[name], depth + 1);
    const type = part.properties?.['type']?.const;
    if (typeof type === 'string') {
      if (members.has(type)) return;
      const { jobs: _, ...properties } = part.properties!;
      const field = fieldOf({ ...part, properties }, schema);
      if (field.kind === 'fields') members.set(type, field.members);
      return;
    }
    for (const form of [...(part.anyOf ?? []), ...(part.oneOf ?? []), ...(part.allOf ?? [])]) look(form, depth + 1);
  };
  const root = schema.properties === undefined ? schema.$defs?.['JobUnit'] : schema;
  const jobs = root?.properties?.['jobs']?.items;
  look(typeof jobs === 'object' ? jobs : undefined, 0);
  return members;
}

interface JobFormProps {
  readonly schema: JsonSchema;
  readonly unit: UnitDraft;
  readonly job: Job;
  readonly problems: readonly Problem[];
  readonly disabled: boolean;
  readonly onChange: (next: Job) => void;
  readonly onOpen: () => void;
}

/** All that a job says, under headings; what is wrong stands at its place, and at the heading over it. */
export function JobForm({ schema, unit, job, problems, disabled, onChange, onOpen }: JobFormProps) {
  const { t } = useText();
  const members = useMemo(() => jobMembers(schema), [schema]);
  const of = members.get(job.type) ?? [];
  const parent = findJob(unit, job.id)?.parent ?? '';
  const siblings = (jobsIn(unit, parent) ?? []).map(({ id }) => id).filter((id) => id !== job.id);
  const own = of.filter(({ name }) => !COMMON.includes(name) && !ELSEWHERE.includes(name));
  const wrongIn = (names: readonly string[]) =>
    problems.filter(({ place }) => names.some((name) => place === name || place.startsWith(`${name}.`)));
  const sections = (Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).filter((each) =>
    of.some(({ name }) => (SECTIONS[each] as readonly string[]).includes(name)),
  );
  const change = (value: unknown) => onChange(value as Job);
  const form = (part: readonly Member[]) => (
    <SchemaForm
      field={{ kind: 'fields', members: part } satisfies Field}
      value={job}
      onChange={change}
      problems={problems}
      hasSecret={[]}
      disabled={disabled}
      names="job"
    />
  );
  const Heading = ({
    value,
    names,
    count,
  }: {
    readonly value: string;
    readonly names: readonly string[];
    readonly count?: number;
  }) => {
    const wrong = wrongIn(names).length;
    return (
      <Accordion.Control data-testid={`job-section-${value}`}>
        {t(`jobForm.${value}` as 'jobForm.wait')}
        {count !== undefined && count > 0 && <span className="dim"> ({count})</span>}
        {wrong > 0 && <span className="mistake-count"> {t('unit.mistakes', { count: wrong })}</span>}
      </Accordion.Control>
    );
  };
  return (
    <div data-testid="job-form">
      <Head job={job} problems={problems} disabled={disabled} onChange={onChange} unit={unit} />
      {job.type === 'jobnet' && (
        <p>
          <Button size="compact-sm" variant="default" onClick={onOpen} data-testid="job-open">
            {t('map.open')} ({job.jobs.length})
          </Button>
        </p>
      )}
      {job.type === 'reference' && (
        <Select
          size="xs"
          label={t('jobForm.of')}
          searchable
          allowDeselect={false}
          value={job.of}
          disabled={disabled}
          error={problemsAt(problems, 'of')[0]}
          data={referable(unit, job)}
          onChange={(of) => of !== null && onChange({ ...job, of })}
        />
      )}
      {own.length > 0 && form(own)}
      <Accordion
        multiple
        variant="separated"
        chevronPosition="left"
        defaultValue={['wait']}
        className="job-sections"
        keepMounted={false}
      >
        <Accordion.Item value="wait">
          <Heading value="wait" names={['wait']} count={waitedFor(job).length} />
          <Accordion.Panel>
            <WaitForm
              job={job}
              siblings={siblings}
              problems={problems}
              disabled={disabled}
              onChange={(wait) => onChange({ ...job, wait })}
            />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="exclusive">
          <Heading value="exclusive" names={['exclusive']} count={job.exclusive?.order.length ?? 0} />
          <Accordion.Panel>
            <Exclusive job={job} unit={unit} parent={parent} problems={problems} disabled={disabled} onChange={onChange} />
          </Accordion.Panel>
        </Accordion.Item>
        {sections.map((section) => {
          const part = of.filter(({ name }) => (SECTIONS[section] as readonly string[]).includes(name));
          return (
            <Accordion.Item key={section} value={section}>
              <Heading value={section} names={SECTIONS[section]} />
              <Accordion.Panel>{form(part)}</Accordion.Panel>
            </Accordion.Item>
          );
        })}
      </Accordion>
    </div>
  );
}

function referable(unit: UnitDraft, job: Job): string[] {
  const ids: string[] = [];
  const walk = (jobs: readonly Job[]) => {
    for (const each of jobs) {
      if (each.id !== job.id && each.type !== 'reference') ids.push(each.id);
      if (each.type === 'jobnet') walk(each.jobs);
    }
  };
  walk(unit.jobs);
  return ids;
}

function Head({ job, problems, disabled, onChange, unit }: Omit<JobFormProps, 'schema' | 'onOpen'>) {
  const { t } = useText();
  // An id that another job has is not taken over: it stays a mistake in this field until it is another one.
  const [typed, setTyped] = useState<string | null>(null);
  const isTaken = typed !== null && typed !== job.id && findJob(unit, typed) !== null;
  const error = (name: string) => problemsAt(problems, name)[0];
  return (
    <div className="form-grid">
      <TextInput
        size="xs"
        label={t('settings.id')}
        withAsterisk
        disabled={disabled}
        maxLength={128}
        value={typed ?? job.id}
        error={isTaken ? t('unit.idTaken') : typed === '' ? t('unit.idMissing') : error('id')}
        onBlur={() => setTyped(null)}
        onChange={({ currentTarget: { value } }) => {
          const next = value.trim();
          setTyped(next);
          if (next !== '' && findJob(unit, next) === null) onChange({ ...job, id: next });
        }}
        data-testid="job-id"
      />
      <TextInput
        size="xs"
        label={t('jobForm.name')}
        disabled={disabled}
        maxLength={256}
        value={job.name}
        error={error('name')}
        onChange={({ currentTarget: { value } }) => onChange({ ...job, name: value })}
        data-testid="job-name"
      />
      <Select
        size="xs"
        label={t('jobForm.type')}
        disabled={disabled}
        allowDeselect={false}
        value={job.type}
        data={JOB_TYPES.map((each) => ({ value: each, label: t(`jobType.${each}`) }))}
        onChange={(type) => type !== null && type !== job.type && onChange(asType(job, type as JobType))}
        data-testid="job-type"
      />
      <TextInput
        size="xs"
        label={t('settings.description')}
        disabled={disabled}
        maxLength={1_024}
        value={job.description}
        onChange={({ currentTarget: { value } }) => onChange({ ...job, description: value })}
      />
    </div>
  );
}

/** What both types have stays. */
function asType(job: Job, type: JobType): Job {
  const made = newJob(type, job.id) as unknown as Record<string, unknown>;
  const was = job as unknown as Record<string, unknown>;
  const same = Object.keys(made).filter((key) => key !== 'type' && key !== 'jobs' && key in was);
  return { ...made, ...Object.fromEntries(same.map((key) => [key, was[key]])) } as unknown as Job;
}

type ExclusiveProps = Pick<JobFormProps, 'job' | 'unit' | 'problems' | 'disabled' | 'onChange'> & { readonly parent: string };

/** Of those that wait for it only one runs: the first of this order that may. */
function Exclusive({ job, unit, parent, problems, disabled, onChange }: ExclusiveProps) {
  const { t } = useText();
  const waiting = (jobsIn(unit, parent) ?? []).filter((each) => waitedFor(each).includes(job.id)).map(({ id }) => id);
  const order = job.exclusive?.order ?? [];
  const put = (next: string[]) =>
    onChange({
      ...job,
      exclusive: next.length === 0 ? null : { order: next, others: job.exclusive?.others ?? { status: 'abnormal', value: -1 } },
    });
  return (
    <>
      <p className="field-help">{t('jobForm.exclusiveHelp')}</p>
      <TagsInput
        size="xs"
        label={t('jobForm.order')}
        data={waiting}
        value={[...order]}
        disabled={disabled}
        error={problemsAt(problems, 'exclusive', true)[0] ?? problemsAt(problems, 'exclusive.order', true)[0]}
        onChange={put}
        data-testid="job-branches"
      />
      {order.length === 0 && waiting.length > 1 && (
        <Button
          size="compact-xs"
          variant="default"
          mt="xs"
          disabled={disabled}
          onClick={() => put(waiting)}
          data-testid="job-branches-all"
        >
          {t('jobForm.allBranches')}
        </Button>
      )}
      {job.exclusive !== null && (
        <EndWithFields
          label={t('jobForm.others')}
          value={job.exclusive.others}
          disabled={disabled}
          onChange={(others) => others !== null && onChange({ ...job, exclusive: { order: [...order], others } })}
        />
      )}
    </>
  );
}
