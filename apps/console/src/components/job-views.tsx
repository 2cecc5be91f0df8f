import { Badge, SegmentedControl, Select } from '@mantine/core';
import { useText } from '../i18n/language.js';
import { useApprovals } from './job-approvals.js';
import { useNarrow } from './use-narrow.js';

export const JOB_VIEWS = ['sessions', 'approvals', 'gantt', 'plan', 'queues', 'units', 'triggers', 'queue-settings'] as const;
export type JobView = (typeof JOB_VIEWS)[number];

/** What an address says, or the first of what it could say. */
export const oneOf = <T extends string>(values: readonly T[], text: string | null): T =>
  values.find((each) => each === text) ?? values[0]!;

const APPROVALS_EVERY_MS = 15_000;

/** What of the jobs is looked at; how many approvals wait for whoever looks is said there. */
export function JobViews({ view, onView }: { readonly view: JobView; readonly onView: (view: JobView) => void }) {
  const { t } = useText();
  const isNarrow = useNarrow();
  const { data } = useApprovals(APPROVALS_EVERY_MS);
  const waiting = data?.approvals.filter(({ mine }) => mine).length ?? 0;
  const label = (each: JobView) => t(`jobs.view.${each}`);
  if (isNarrow)
    return (
      <Select
        size="xs"
        aria-label={t('jobs.title')}
        value={view}
        allowDeselect={false}
        onChange={(next) => onView(oneOf(JOB_VIEWS, next))}
        data={JOB_VIEWS.map((each) => ({
          value: each,
          label: each === 'approvals' && waiting > 0 ? `${label(each)} (${waiting})` : label(each),
        }))}
        data-testid="job-views"
      />
    );
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('jobs.title')}
      value={view}
      onChange={(next) => onView(oneOf(JOB_VIEWS, next))}
      data={JOB_VIEWS.map((each) => ({
        value: each,
        label:
          each === 'approvals' && waiting > 0 ? (
            <span className="view-label">
              {label(each)}{' '}
              <Badge size="xs" circle color="orange.9" data-testid="approvals-waiting">
                {waiting}
              </Badge>
            </span>
          ) : (
            label(each)
          ),
      }))}
      data-testid="job-views"
    />
  );
}
