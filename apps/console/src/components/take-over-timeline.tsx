import type { TakeOverSeen } from '@yosugara/protocol';
import { clockTime, duration, localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Said } from './said.js';
import { drawnSteps, stepsOf } from './take-over-model.js';

/** Where the time went: one strip, and the same as a table. */
export function TakeOverTimeline({ seen }: { readonly seen: TakeOverSeen }) {
  const { t, language } = useText();
  const steps = stepsOf(seen);
  const drawn = drawnSteps(steps);
  const span = Math.max(1, drawn.at(-1)?.afterMs ?? 1);
  const numberOf = new Map(steps.map((step, at) => [step, at]));
  const servedAt = drawn.findIndex(({ phase }) => phase === 'manager');
  const name = (phase: (typeof steps)[number]['phase']) =>
    phase === null ? t('takeOver.lastServing') : t(`takeOver.phase.${phase}`);
  return (
    <div className="take-over-timeline" data-testid="take-over-timeline">
      <div
        className="take-over-strip"
        role="img"
        aria-label={t('takeOver.chart', {
          from: localTime(seen.lastServingAt),
          to: localTime(drawn.at(-1)?.at ?? seen.lastServingAt),
        })}
      >
        {drawn.slice(1).map((step, at) => (
          <span
            key={step.phase}
            className={servedAt >= 0 && at + 1 > servedAt ? 'take-over-part after' : `take-over-part part-${at % 2}`}
            style={{ left: `${((step.afterMs - step.tookMs) / span) * 100}%`, width: `${(step.tookMs / span) * 100}%` }}
            title={`${name(step.phase)}: ${duration(step.tookMs, language)}`}
          >
            {step.tookMs / span > 0.045 && numberOf.get(step)}
          </span>
        ))}
      </div>
      <div className="take-over-axis" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{duration(span * part, language)}</span>
        ))}
      </div>
      <table className="phases take-over-phases">
        <thead>
          <tr>
            <th scope="col">{t('takeOver.step')}</th>
            <th scope="col">{t('history.when')}</th>
            <th scope="col">{t('takeOver.after')}</th>
            <th scope="col">{t('takeOver.took')}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step, at) => (
            <tr key={step.phase ?? ''} data-phase={step.phase ?? 'last-serving'}>
              <td>
                {at > 0 && <span className="take-over-number">{at}</span>} {name(step.phase)}
              </td>
              <td className="tabular">{clockTime(new Date(step.at))}</td>
              <td className="tabular">{duration(step.afterMs, language)}</td>
              <td className="tabular">{at === 0 ? '' : duration(step.tookMs, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="dim small">{t('takeOver.resolution', { node: seen.by, ms: seen.everyMs })}</p>
      <p className="dim small">{t('takeOver.proofNote')}</p>
      <details>
        <summary>{t('takeOver.said')}</summary>
        <ol className="take-over-said">
          {seen.said.map(({ at, node, role, why }) => (
            <li key={`${at} ${node} ${role} ${why}`}>
              <span className="tabular dim">{clockTime(new Date(at))}</span> <strong>{node}</strong> {named(t, 'role', role)}{' '}
              <Said text={why} className="dim" />
            </li>
          ))}
          {seen.isCut && <li>…</li>}
        </ol>
      </details>
    </div>
  );
}
