import { Button, NumberInput } from '@mantine/core';
import type { Retained, RetainedView } from '@yosugara/protocol';
import { bytes, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { cleanable } from './retention-model.js';
import { Time } from './time.js';

interface RowProps {
  readonly kept: RetainedView;
  readonly typed: string;
  readonly mayEdit: boolean;
  readonly mayClean: boolean;
  readonly state: 'running' | 'waiting' | null;
  readonly onType: (text: string) => void;
  readonly onClean: () => void;
}

function Last({ kept: { last, lookedAt }, state }: Pick<RowProps, 'kept' | 'state'>) {
  const { t, language } = useText();
  if (state !== null) return <strong role="status">{t(`retention.${state}`)}</strong>;
  if (last === null)
    return (
      <span className="dim">
        {lookedAt === null ? (
          t('retention.never')
        ) : (
          <>
            {t('retention.lookedAt')} <Time iso={lookedAt} />
          </>
        )}
      </span>
    );
  return (
    <span>
      <Time iso={last.startedAt} />{' '}
      <span className={last.state === 'failed' ? 'text-bad' : 'dim'} title={last.why ?? undefined}>
        {last.state === 'done' ? '' : `${t(`retention.state.${last.state}`)} · `}
        {last.parts.length > 0 ? last.parts.join(', ') : t('retention.rowsOf', { count: integer(last.rows, language) })}
      </span>
    </span>
  );
}

function Days({ kept, typed, mayEdit, onType }: Pick<RowProps, 'kept' | 'typed' | 'mayEdit' | 'onType'>) {
  const { t } = useText();
  const { kind, days, source, fileDays, isEditable, isRaised } = kept;
  if (!isEditable)
    return (
      <span>
        {days !== null && <strong className="tabular">{days} </strong>}
        <span className="dim small">{t(`retention.source.${source}`)}</span>
      </span>
    );
  const otherwise =
    fileDays === null
      ? t(kind === 'jobs' ? 'retention.source.unit' : 'retention.source.none')
      : t('retention.fromFile', { days: fileDays });
  return (
    <>
      <NumberInput
        size="xs"
        hideControls
        allowDecimal={false}
        allowNegative={false}
        min={1}
        max={36_500}
        aria-label={t('retention.daysOf', { kind: t(`kept.${kind}`) })}
        placeholder={fileDays === null ? '–' : String(fileDays)}
        value={typed}
        disabled={!mayEdit}
        onChange={(value) => onType(String(value))}
        data-testid={`days-${kind}`}
      />
      <span className="dim small">{isRaised ? `${days} · ${t('retention.raised')}` : otherwise}</span>
    </>
  );
}

function Row(props: RowProps) {
  const { t, language } = useText();
  const { kept, mayClean, onClean } = props;
  const { kind, rows, isAbout, bytes: size, oldest } = kept;
  const count = integer(rows, language);
  return (
    <li className="kept-row" data-testid="kept" data-kind={kind}>
      <strong className="kept-name" title={kept.tables.join(', ')}>
        {t(`kept.${kind}`)}
      </strong>
      <span className="kept-number tabular" data-label={t('retention.rows')} data-testid={`rows-${kind}`}>
        {isAbout ? t('retention.about', { count }) : count}
      </span>
      <span className="kept-number tabular" data-label={t('retention.size')}>
        {kind === 'confirmedEvents' ? <span className="dim small">{t('retention.inEvents')}</span> : bytes(size)}
      </span>
      <span className="small" data-label={t('retention.oldest')}>
        {oldest === null ? <span className="dim">–</span> : <Time iso={oldest} />}
      </span>
      <span className="kept-days">
        <Days {...props} />
      </span>
      <span className="kept-last small" data-testid={`last-${kind}`}>
        <Last {...props} />
      </span>
      <span>
        {cleanable(kept) && kind !== 'notifications' && (
          <Button
            size="compact-xs"
            variant="default"
            disabled={!mayClean}
            aria-label={`${t('retention.cleanUp')} ${t(`kept.${kind}`)}`}
            onClick={onClean}
            data-testid={`clean-${kind}`}
          >
            {t('retention.cleanUp')}
          </Button>
        )}
      </span>
    </li>
  );
}

/** One line a kind. */
export function KeptTable({
  kinds,
  running,
  waiting,
  typed,
  ...how
}: {
  readonly kinds: readonly RetainedView[];
  readonly running: Retained | null;
  readonly waiting: readonly Retained[];
  readonly typed: Readonly<Record<string, string>>;
  readonly mayEdit: boolean;
  readonly mayClean: boolean;
  readonly onType: (kind: Retained, text: string) => void;
  readonly onClean: (kind: Retained) => void;
}) {
  const { t } = useText();
  return (
    <>
      <div className="kept-head" aria-hidden="true">
        <span>{t('retention.kind')}</span>
        <span className="kept-number">{t('retention.rows')}</span>
        <span className="kept-number">{t('retention.size')}</span>
        <span>{t('retention.oldest')}</span>
        <span>{t('retention.days')}</span>
        <span>{t('retention.last')}</span>
      </div>
      <ul className="kept-list" aria-label={t('retention.title')}>
        {kinds.map((kept) => (
          <Row
            key={kept.kind}
            kept={kept}
            typed={typed[kept.kind] ?? ''}
            state={running === kept.kind ? 'running' : waiting.includes(kept.kind) ? 'waiting' : null}
            {...{ mayEdit: how.mayEdit, mayClean: how.mayClean }}
            onType={(text) => how.onType(kept.kind, text)}
            onClean={() => how.onClean(kept.kind)}
          />
        ))}
      </ul>
    </>
  );
}
