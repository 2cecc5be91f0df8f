import { Alert } from '@mantine/core';
import type { RecoverPlan as Plan } from '@yosugara/protocol';
import { bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Said } from './said.js';

function Refusals({ refusals }: { readonly refusals: Plan['refusals'] }) {
  const { t } = useText();
  return (
    <Alert color="red" role="alert" title={t('plan.refused')} data-testid="plan-refused">
      <ul className="plain-list">
        {refusals.map(({ code, message }) => (
          <li key={code} data-code={code}>
            <strong>{named(t, 'refusal', code)}</strong> <Said text={message} />
          </li>
        ))}
      </ul>
    </Alert>
  );
}

/** It would begin, and the node has to look at its database before anybody can say what it takes. */
const isOpen = ({ method, phases }: Plan): boolean => method === null && phases.some(({ phase }) => phase === 'decide');

function Facts({ plan }: { readonly plan: Plan }) {
  const { t } = useText();
  const { cause, method, discards } = plan;
  return (
    <dl className="pairs">
      {cause !== null && <dt>{t('plan.cause')}</dt>}
      {cause !== null && <dd data-testid="plan-cause">{named(t, 'cause', cause)}</dd>}
      {(method !== null || isOpen(plan)) && <dt>{t('report.method')}</dt>}
      {isOpen(plan) && (
        <dd className="text-busy" data-testid="plan-unknown">
          {t('plan.unknown')}
        </dd>
      )}
      {method !== null && (
        <dd data-testid="plan-method">
          {named(t, 'method', method)}
          {plan.bytes !== null && ` (${t('plan.about', { size: bytes(plan.bytes) })})`}
        </dd>
      )}
      <dt>{t('plan.why')}</dt>
      <dd>
        <Said text={plan.why} />
      </dd>
      {method !== null && <dt>{t('plan.givenUp')}</dt>}
      {method !== null && (
        <dd className={discards === null ? undefined : 'text-busy'} data-testid="plan-discards">
          {discards === null ? t('plan.nothing') : t('report.range', { ...discards, size: bytes(discards.bytes) })}
          {plan.setsAside && <span> {t('plan.setsAside')}</span>}
        </dd>
      )}
    </dl>
  );
}

/** What a recover would do, told from facts; or why it would not begin. */
export function RecoverPlan({ plan }: { readonly plan: Plan }) {
  const { t } = useText();
  return (
    <div className="recover-plan" data-testid="recover-plan">
      {plan.refusals.length > 0 && <Refusals refusals={plan.refusals} />}
      {(plan.refusals.length === 0 || plan.method !== null) && <Facts plan={plan} />}
      {plan.phases.length > 0 && <strong>{t('recover.checked')}</strong>}
      <ol className="plan-phases">
        {plan.phases.map(({ phase, what }) => (
          <li key={phase}>
            {named(t, 'recover.phase', phase)}: <Said text={what} className="dim" />
          </li>
        ))}
      </ol>
    </div>
  );
}
