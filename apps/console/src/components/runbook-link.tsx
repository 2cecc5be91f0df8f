import { runbookAddress } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';

/** To the page that says what to do, in the language of the console, from this very manager: there may be no other network at night. */
export function RunbookLink({ runbook }: { readonly runbook: string }) {
  const { t, language } = useText();
  return (
    <a className="runbook-link" href={runbookAddress(runbook, language)} target="_blank" rel="noreferrer" data-testid="runbook">
      {t('common.runbook')}
    </a>
  );
}
