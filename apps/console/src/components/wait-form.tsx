import { Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { END_STATUSES, type Job, NUMBER_OPERATORS, type StartCondition, type WaitRule } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { EndWithFields } from './end-with.js';
import { ReferenceInput } from './reference-input.js';
import { problemsAt } from './schema-model.js';

const KINDS = [
  ...['end-status', 'end-value', 'return-value', 'time', 'elapsed', 'variable'],
  ...['cross-session-end-status', 'cross-session-end-value'],
] as const;
type Kind = StartCondition['kind'];

function blank(kind: Kind, job: string): StartCondition {
  switch (kind) {
    case 'end-status':
      return { kind, job, status: ['normal'] };
    case 'end-value':
    case 'return-value':
      return { kind, job, operator: '=', value: '0' };
    case 'time':
      return { kind, at: '00:00' };
    case 'elapsed':
      return { kind, minutes: 10 };
    case 'variable':
      return { kind, left: '', operator: 'equal', right: '' };
    case 'cross-session-end-status':
      return { kind, unit: '', job: '', withinMinutes: 60, status: ['normal'] };
    case 'cross-session-end-value':
      return { kind, unit: '', job: '', withinMinutes: 60, operator: '=', value: '0' };
  }
}

interface ConditionProps {
  readonly condition: StartCondition;
  readonly siblings: readonly string[];
  readonly place: string;
  readonly problems: readonly Problem[];
  readonly disabled: boolean;
  readonly onChange: (next: StartCondition) => void;
  readonly onRemove: () => void;
}

function Condition({ condition, siblings, place, problems, disabled, onChange, onRemove }: ConditionProps) {
  const { t } = useText();
  const error = (name: string) => problemsAt(problems, `${place}.${name}`, true)[0];
  const put = (part: object) => onChange({ ...condition, ...part } as StartCondition);
  const common = { size: 'xs' as const, disabled };
  return (
    <div className="list-element" data-testid="wait-condition">
      <div className="list-element-head">
        <Select
          {...common}
          aria-label={t('wait.kind')}
          value={condition.kind}
          allowDeselect={false}
          data={KINDS.map((kind) => ({ value: kind, label: t(`wait.kind.${kind}`) }))}
          onChange={(kind) =>
            kind !== null &&
            onChange(blank(kind as Kind, 'job' in condition && !('unit' in condition) ? condition.job : (siblings[0] ?? '')))
          }
          data-testid="wait-kind"
        />
        <span className="grow" />
        <Button size="compact-xs" variant="subtle" color="red" disabled={disabled} onClick={onRemove}>
          {t('form.remove')}
        </Button>
      </div>
      <div className="form-grid">
        {'unit' in condition && (
          <>
            <ReferenceInput
              {...common}
              kind="job-unit"
              label={t('jobs.unit')}
              value={condition.unit}
              error={error('unit')}
              onValue={(unit) => put({ unit })}
            />
            <TextInput
              {...common}
              label={t('wait.job')}
              value={condition.job}
              error={error('job')}
              onChange={({ currentTarget: { value } }) => put({ job: value })}
            />
            <NumberInput
              {...common}
              label={t('wait.within')}
              value={condition.withinMinutes}
              error={error('withinMinutes')}
              hideControls
              onChange={(value) => put({ withinMinutes: Number(value) })}
            />
          </>
        )}
        {'job' in condition && !('unit' in condition) && (
          <Select
            {...common}
            label={t('wait.job')}
            value={condition.job}
            allowDeselect={false}
            searchable
            data={siblings.includes(condition.job) ? [...siblings] : [condition.job, ...siblings].filter(Boolean)}
            error={error('job')}
            onChange={(job) => job !== null && put({ job })}
            data-testid="wait-job"
          />
        )}
        {'status' in condition && (
          <MultiSelect
            {...common}
            label={t('wait.ends')}
            value={[...condition.status]}
            data={END_STATUSES.map((each) => ({ value: each, label: t(`endStatus.${each}`) }))}
            error={error('status')}
            onChange={(status) => put({ status: END_STATUSES.filter((each) => status.includes(each)) })}
          />
        )}
        {condition.kind === 'variable' && (
          <TextInput
            {...common}
            label={t('wait.left')}
            placeholder="#[NAME]"
            value={condition.left}
            error={error('left')}
            onChange={({ currentTarget: { value } }) => put({ left: value })}
          />
        )}
        {'operator' in condition && (
          <Select
            {...common}
            label={t('wait.operator')}
            value={condition.operator}
            allowDeselect={false}
            data={condition.kind === 'variable' ? ['equal', 'not-equal', ...NUMBER_OPERATORS] : [...NUMBER_OPERATORS]}
            error={error('operator')}
            onChange={(operator) => operator !== null && put({ operator })}
          />
        )}
        {condition.kind === 'variable' && (
          <TextInput
            {...common}
            label={t('wait.right')}
            value={condition.right}
            error={error('right')}
            onChange={({ currentTarget: { value } }) => put({ right: value })}
          />
        )}
        {'value' in condition && (
          <TextInput
            {...common}
            label={t('wait.value')}
            value={condition.value}
            error={error('value')}
            onChange={({ currentTarget: { value } }) => put({ value })}
          />
        )}
        {condition.kind === 'time' && (
          <TextInput
            {...common}
            label={t('wait.at')}
            value={condition.at}
            error={error('at')}
            onChange={({ currentTarget: { value } }) => put({ at: value })}
          />
        )}
        {condition.kind === 'elapsed' && (
          <NumberInput
            {...common}
            label={t('wait.minutes')}
            value={condition.minutes}
            error={error('minutes')}
            hideControls
            onChange={(value) => put({ minutes: Number(value) })}
          />
        )}
      </div>
    </div>
  );
}

interface WaitFormProps {
  readonly job: Job;
  /** Those beside it. */
  readonly siblings: readonly string[];
  readonly problems: readonly Problem[];
  readonly disabled: boolean;
  readonly onChange: (wait: WaitRule) => void;
}

/** What a job waits for: groups of conditions, joined within and among each other by and, or. */
export function WaitForm({ job: { wait }, siblings, problems, disabled, onChange }: WaitFormProps) {
  const { t } = useText();
  const joins = (['and', 'or'] as const).map((each) => ({ value: each, label: t(`wait.${each}`) }));
  const putGroup = (at: number, group: WaitRule['groups'][number] | null) =>
    onChange({ ...wait, groups: wait.groups.flatMap((each, index) => (index !== at ? [each] : group === null ? [] : [group])) });
  const first = siblings[0];
  const fresh = () => (first === undefined ? blank('elapsed', '') : blank('end-status', first));
  const wrong = problemsAt(problems, 'wait');
  return (
    <div data-testid="wait-form">
      {wrong.length > 0 && <p className="field-error">{wrong.join('; ')}</p>}
      {wait.groups.length === 0 && <p className="dim">{t('wait.none')}</p>}
      {wait.groups.length > 1 && (
        <Select
          size="xs"
          label={t('wait.between')}
          value={wait.operator}
          data={joins}
          allowDeselect={false}
          disabled={disabled}
          onChange={(operator) => operator !== null && onChange({ ...wait, operator: operator as 'and' | 'or' })}
        />
      )}
      {wait.groups.map((group, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups have no names; all fields within are controlled.
        <fieldset key={at} className="form-group">
          <legend>{t('wait.group', { number: at + 1 })}</legend>
          {group.conditions.length > 1 && (
            <Select
              size="xs"
              label={t('wait.within.group')}
              value={group.operator}
              data={joins}
              allowDeselect={false}
              disabled={disabled}
              onChange={(operator) => operator !== null && putGroup(at, { ...group, operator: operator as 'and' | 'or' })}
            />
          )}
          {group.conditions.map((condition, index) => (
            <Condition
              // biome-ignore lint/suspicious/noArrayIndexKey: as above.
              key={index}
              condition={condition}
              siblings={siblings}
              place={`wait.groups.${at}.conditions.${index}`}
              problems={problems}
              disabled={disabled}
              onChange={(next) =>
                putGroup(at, { ...group, conditions: group.conditions.map((each, other) => (other === index ? next : each)) })
              }
              onRemove={() =>
                putGroup(
                  at,
                  group.conditions.length === 1
                    ? null
                    : { ...group, conditions: group.conditions.filter((_, other) => other !== index) },
                )
              }
            />
          ))}
          <Button
            size="compact-xs"
            variant="default"
            disabled={disabled}
            onClick={() => putGroup(at, { ...group, conditions: [...group.conditions, fresh()] })}
            data-testid="wait-add"
          >
            {t('wait.add')}
          </Button>
        </fieldset>
      ))}
      <Button
        size="compact-xs"
        variant="default"
        disabled={disabled}
        onClick={() => onChange({ ...wait, groups: [...wait.groups, { operator: 'and', conditions: [fresh()] }] })}
        data-testid="wait-add-group"
      >
        {t(wait.groups.length === 0 ? 'wait.add' : 'wait.addGroup')}
      </Button>
      {wait.groups.length > 0 && (
        <EndWithFields
          label={t('wait.unmatched')}
          none={t('wait.goesOn')}
          value={wait.unmatched}
          disabled={disabled}
          onChange={(unmatched) => onChange({ ...wait, unmatched })}
        />
      )}
    </div>
  );
}
