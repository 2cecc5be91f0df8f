import { useCallback, useEffect } from 'react';
import { usePageAddress } from '../use-page-address.js';

/** The whole screen, without what leads elsewhere. It is in the address: a wall display that is switched on again is one. */
export function useKiosk() {
  const { address, put } = usePageAddress();
  const isOn = address.get('kiosk') === '1';
  const enter = useCallback(() => {
    put({ kiosk: '1', edit: null });
    // A browser may refuse, as one does that nobody touched: the page is all there is then, in its window.
    document.documentElement.requestFullscreen?.().catch(() => undefined);
  }, [put]);
  const leave = useCallback(() => {
    put({ kiosk: null });
    if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
  }, [put]);
  useEffect(() => {
    if (!isOn) return;
    const changed = () => document.fullscreenElement === null && put({ kiosk: null });
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, [isOn, put]);
  useEffect(() => {
    if (!isOn) return;
    // The screen stays on where the browser can see to it; it lets go whenever the page is hidden.
    let lock: WakeLockSentinel | null = null;
    let isOver = false;
    const hold = async () => {
      if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
      lock = await navigator.wakeLock.request('screen').catch(() => null);
      if (isOver) await lock?.release();
    };
    void hold();
    document.addEventListener('visibilitychange', hold);
    return () => {
      isOver = true;
      document.removeEventListener('visibilitychange', hold);
      void lock?.release();
    };
  }, [isOn]);
  return { isOn, enter, leave };
}
