import type { Status } from '@yosugara/protocol';
import { age, bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const SHORT_S = 10;

/** What would be gone if the whole site of the Master were lost; nothing where there is no copy in another one. */
export function SiteLoss({ loss }: { readonly loss: Status['siteLoss'] }) {
  const { t, language } = useText();
  if (loss == null) return null;
  const { to, seconds, isFollowing } = loss;
  const isLittle = seconds !== null && seconds < SHORT_S;
  const lost =
    seconds === null
      ? t('siteLoss.unknown', { to })
      : isLittle && loss.bytes === 0
        ? t('siteLoss.none', { to })
        : loss.bytes === null
          ? t('siteLoss.silent', { to, time: age(seconds * 1_000, language) })
          : t('siteLoss.lost', { to, time: age(seconds * 1_000, language), bytes: bytes(loss.bytes) });
  return (
    <p className={isLittle && isFollowing ? 'dim' : 'warn'} data-testid="site-loss" data-following={isFollowing}>
      {lost} {!isFollowing && t('siteLoss.behind', { to })}
    </p>
  );
}
