import { Loader } from '@mantine/core';
import type { Widget } from '@yosugara/protocol';
import type { ReactNode } from 'react';
import { ApiError } from '../../api/client.js';
import { clockTime, visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { named } from '../../i18n/translate.js';
import { AlertIcon } from '../icons.js';

/** How the last question went. */
export interface Asked {
  readonly data: unknown;
  readonly error: Error | null;
  /** Of the last attempt; what passes is attempted again and again, and is no error until then. */
  readonly failureReason: Error | null;
  readonly dataUpdatedAt: number;
}

interface FrameProps {
  readonly widget: Widget;
  readonly asked?: Asked;
  /** Beside the title. */
  readonly head?: ReactNode;
  /** There is nothing to show; why. */
  readonly empty?: string | null;
  readonly children: ReactNode;
}

/** What a widget says in the place of what it cannot show. */
function Instead({ error }: { readonly error: Error | null }) {
  const { t } = useText();
  if (error === null) return <Loader size="sm" />;
  const isForbidden = error instanceof ApiError && error.status === 403;
  return (
    <p className={isForbidden ? 'dim' : 'text-bad'} role="alert" data-testid="widget-error">
      {isForbidden ? t('board.forbidden') : error.message}
    </p>
  );
}

export const titleOf = (widget: Widget, t: ReturnType<typeof useText>['t']): string =>
  widget.title === '' ? named(t, 'widget', widget.type) : widget.title;

/** A widget's title, what it shows, and how old that is when nobody answers. */
export function Frame({ widget, asked, head, empty = null, children }: FrameProps) {
  const { t } = useText();
  const isThere = asked === undefined || asked.data !== undefined;
  const failure = asked?.error ?? asked?.failureReason ?? null;
  return (
    <>
      <div className="widget-head">
        <h2 className="clip">{visible(titleOf(widget, t))}</h2>
        <span className="grow" />
        {asked !== undefined && isThere && failure !== null && (
          <span className="widget-stale text-busy tabular" title={failure.message} data-testid="widget-stale">
            <AlertIcon size={13} /> {t('board.asOf', { time: clockTime(new Date(asked.dataUpdatedAt)) })}
          </span>
        )}
        {head}
      </div>
      {!isThere ? (
        <div className="widget-instead">
          <Instead error={failure} />
        </div>
      ) : empty !== null ? (
        <div className="widget-instead dim">{empty}</div>
      ) : (
        children
      )}
    </>
  );
}
