import { Alert, Button } from '@mantine/core';
import { Children, type ReactNode, useState } from 'react';
import { ApiError } from '../api/client.js';
import { useText } from '../i18n/language.js';
import type { FilteredView } from './filter-model.js';
import { SavedFilters } from './saved-filters.js';

interface FilterBarProps {
  /** Whose filters are saved; missing: none are. */
  readonly view?: FilteredView;
  readonly children: ReactNode;
  /** Missing or null: nothing is to be cleared. */
  readonly onClear?: (() => void) | null;
  readonly clearText?: string;
  /** Address of what is shown, as a table. */
  readonly csv?: string | null;
  /** Why this filter cannot be followed. */
  readonly refusal?: string | null;
  readonly error?: Error | null;
}

/** More than so many fields would fill a telephone's screen. */
const MOST_ALWAYS = 2;

const isMistaken = (error: Error): boolean => error instanceof ApiError && error.status === 400;

/** What a list is narrowed by, on every page with one; and why that cannot be. */
export function FilterBar({
  view,
  children,
  onClear = null,
  clearText,
  csv = null,
  refusal = null,
  error = null,
}: FilterBarProps) {
  const { t } = useText();
  const [isUnfolded, setUnfolded] = useState(false);
  const isFolding = Children.toArray(children).length > MOST_ALWAYS;
  const mistake = refusal ?? (error !== null && isMistaken(error) ? error.message : null);
  return (
    <>
      <search className={isFolding && !isUnfolded ? 'filters folded' : 'filters'} aria-label={t('messages.filters')}>
        {children}
        {isFolding && (
          <Button
            size="xs"
            variant="default"
            className="only-narrow filters-more"
            aria-expanded={isUnfolded}
            onClick={() => setUnfolded(!isUnfolded)}
            data-testid="filters-more"
          >
            {t('filters.more')}
          </Button>
        )}
        {onClear !== null && (
          <Button size="xs" variant="subtle" onClick={onClear} className="filters-clear" data-testid="filter-clear">
            {clearText ?? t('messages.clear')}
          </Button>
        )}
        {view !== undefined && <SavedFilters view={view} />}
        {csv !== null && (
          <Button size="xs" variant="default" component="a" href={csv} download title={t('csv.hint')} data-testid="csv">
            CSV
          </Button>
        )}
      </search>
      {mistake !== null ? (
        <Alert color="yellow" role="alert" title={t('messages.badFilter')} data-testid="filter-refused">
          {mistake}
        </Alert>
      ) : (
        error !== null && (
          <Alert color="red" role="alert" title={t('common.failed')}>
            {error.message}
          </Alert>
        )
      )}
    </>
  );
}
