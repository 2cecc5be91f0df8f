import { Alert } from '@mantine/core';
import { useLinkState } from '../api/live.js';
import { lostAtMs } from '../api/reconnect.js';
import { useText } from '../i18n/language.js';
import { useNow } from './use-now.js';

/** A blink is not worth a word. */
const QUIET_MS = 400;

/** The banner of a take-over lies behind a dialog: whoever is about to send something is told in front of it. */
export function NoMasterNow() {
  const { t } = useText();
  const lost = lostAtMs(useLinkState());
  useNow(lost === null ? 0 : 250);
  if (lost === null || performance.now() - lost < QUIET_MS) return null;
  return (
    <Alert color="yellow" role="status" data-testid="no-master-now">
      {t('banner.dialog')}
    </Alert>
  );
}
