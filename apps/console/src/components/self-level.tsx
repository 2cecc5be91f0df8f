import type { SelfLevelName } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';

const PRIORITY_OF: Readonly<Record<SelfLevelName, string>> = {
  ok: 'ok',
  notice: 'info',
  warning: 'warning',
  critical: 'critical',
};

export function SelfLevelBadge({ level }: { readonly level: SelfLevelName }) {
  const { t } = useText();
  return <span className={`priority priority-${PRIORITY_OF[level]}`}>{t(`selfLevel.${level}`)}</span>;
}
