import { Loader } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { age, bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';
import { AlertIcon, CheckIcon } from './icons.js';
import { Said } from './said.js';
import { useNow } from './use-now.js';

function lossText(verdict: Status['ifMasterDied'], t: Translate): string {
  if (verdict.dataLoss === null) return t('verdict.lossUnknown');
  return verdict.dataLoss === 0 ? t('verdict.noLoss') : t('verdict.loss', { bytes: bytes(verdict.dataLoss) });
}

/** While nobody is heard the last verdict is not a verdict: it must not look green. */
function NoVerdict({ heardAtMs }: { readonly heardAtMs: number }) {
  const { t, language } = useText();
  const now = useNow(1_000);
  return (
    <section className="verdict verdict-none" data-testid="cluster-stale">
      <span className="verdict-icon">
        <Loader size={22} color="gray" aria-hidden="true" />
      </span>
      <div>
        <p className="verdict-line">
          <strong>{t('verdict.waiting')}</strong>
        </p>
        <p className="verdict-reason tabular">{t('cluster.stale', { age: age(now - heardAtMs, language) })}</p>
      </div>
    </section>
  );
}

/** The one sentence an operator reads before going home. */
interface VerdictProps {
  readonly verdict: Status['ifMasterDied'];
  /** By an operator: that is why nobody would take over. */
  readonly paused: boolean;
  readonly stale: boolean;
  readonly heardAtMs: number;
}

export function Verdict({ verdict, paused, stale, heardAtMs }: VerdictProps) {
  const { t } = useText();
  if (stale) return <NoVerdict heardAtMs={heardAtMs} />;
  const to = verdict.to ?? t('common.unknown');
  const headline = !verdict.failsOver
    ? t('verdict.stops')
    : verdict.seconds === null
      ? t('verdict.takesOver', { to })
      : t('verdict.takesOverWithin', { to, seconds: Math.ceil(verdict.seconds) });
  return (
    <section
      className={verdict.failsOver ? 'verdict verdict-good' : 'verdict verdict-bad'}
      aria-label={t('verdict.label')}
      aria-live="polite"
      data-testid="if-master-died"
      data-fails-over={verdict.failsOver}
    >
      <span className="verdict-icon">{verdict.failsOver ? <CheckIcon size={26} /> : <AlertIcon size={26} />}</span>
      <div>
        <p className="verdict-line">
          <strong>{headline}</strong>{' '}
          {verdict.failsOver ? lossText(verdict, t) : t(paused ? 'verdict.pausedHint' : 'verdict.stopsHint')}
        </p>
        <p className="verdict-reason">
          <Said text={verdict.reason} />
        </p>
      </div>
    </section>
  );
}
