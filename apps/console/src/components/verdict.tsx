import type { Status } from '@yosugara/protocol';
import { bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';
import { AlertIcon, CheckIcon } from './icons.js';

function lossText(verdict: Status['ifMasterDied'], t: Translate): string {
  if (verdict.dataLoss === null) return t('verdict.lossUnknown');
  return verdict.dataLoss === 0 ? t('verdict.noLoss') : t('verdict.loss', { bytes: bytes(verdict.dataLoss) });
}

/** The one sentence an operator reads before going home. */
export function Verdict({ verdict, stale }: { readonly verdict: Status['ifMasterDied']; readonly stale: boolean }) {
  const { t } = useText();
  const to = verdict.to ?? t('common.unknown');
  const headline = !verdict.failsOver
    ? t('verdict.stops')
    : verdict.seconds === null
      ? t('verdict.takesOver', { to })
      : t('verdict.takesOverWithin', { to, seconds: Math.ceil(verdict.seconds) });
  return (
    <section
      className={`verdict ${verdict.failsOver ? 'verdict-good' : 'verdict-bad'} ${stale ? 'stale' : ''}`}
      aria-label={t('verdict.label')}
      aria-live="polite"
      data-testid="if-master-died"
      data-fails-over={verdict.failsOver}
    >
      <span className="verdict-icon">{verdict.failsOver ? <CheckIcon size={26} /> : <AlertIcon size={26} />}</span>
      <div>
        <p className="verdict-line">
          <strong>{headline}</strong> {verdict.failsOver ? lossText(verdict, t) : t('verdict.stopsHint')}
        </p>
        <p className="verdict-reason">{verdict.reason}</p>
      </div>
    </section>
  );
}
