import type { EndStatus, JobState } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { signOf, toneOf } from './job-model.js';

interface How {
  readonly state: JobState;
  readonly endStatus: EndStatus | null;
  readonly endValue: number | null;
}

export function JobStateBadge({ how }: { readonly how: How }) {
  const { t } = useText();
  const { state, endStatus, endValue } = how;
  const end = endStatus === null ? '' : ` · ${named(t, 'endStatus', endStatus)}${endValue === null ? '' : ` (${endValue})`}`;
  return (
    <span className={`job-state job-${toneOf(how)}`} data-testid="job-state" data-state={state}>
      <span aria-hidden="true" className="job-sign">
        {signOf(how)}
      </span>{' '}
      {named(t, 'jobState', state)}
      {end}
    </span>
  );
}
