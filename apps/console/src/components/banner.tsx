import { Loader } from '@mantine/core';
import { useLinkState } from '../api/live.js';
import { lostAtMs } from '../api/reconnect.js';
import { useText } from '../i18n/language.js';
import { useNow } from './use-now.js';

/** A blink is not worth a word. */
const QUIET_MS = 400;

/** Lies over the page's upper edge, so that nothing moves under the operator's hand when it comes and goes. */
export function ReconnectBanner() {
  const { t } = useText();
  const state = useLinkState();
  const lost = lostAtMs(state);
  useNow(lost === null ? 0 : 250);
  if (lost !== null) {
    const ms = performance.now() - lost;
    if (ms < QUIET_MS) return null;
    return (
      <div className="banner" role="status" data-testid="banner-reconnecting">
        <Loader size={16} color="currentColor" aria-hidden="true" />
        <strong>{t('banner.reconnecting')}</strong>
        {/* Not announced each second by a screen reader. */}
        <span aria-hidden="true" className="banner-seconds" data-testid="banner-seconds">
          {t('banner.seconds', { seconds: Math.floor(ms / 1000) })}
        </span>
        <span className="banner-hint">{t('banner.hint')}</span>
      </div>
    );
  }
  if (state.kind === 'open' && state.hello !== null && (state.hello.mode === 'passive' || state.hello.mode === 'off'))
    return (
      <div className="banner" role="status" data-testid="banner-standby">
        <strong>{t('banner.standby', { node: state.hello.node })}</strong>
      </div>
    );
  return null;
}
