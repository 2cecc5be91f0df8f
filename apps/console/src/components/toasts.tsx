import { Notification, Portal } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { useText } from '../i18n/language.js';

export interface Toast {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'info';
  readonly testId?: string;
}

const SHOWN_MS = 8_000;
const MAX_TOASTS = 4;
const COLOURS = { good: 'teal', bad: 'red', info: 'indigo' } as const;
const ToastContext = createContext<((toast: Toast) => void) | null>(null);

export function useToast(): (toast: Toast) => void {
  const show = useContext(ToastContext);
  if (show === null) throw new Error('useToast outside of ToastProvider');
  return show;
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const { t } = useText();
  const [toasts, setToasts] = useState<readonly (Toast & { readonly id: number })[]>([]);
  const lastId = useRef(0);
  const drop = useCallback((id: number) => setToasts((now) => now.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (toast: Toast) => {
      const id = (lastId.current += 1);
      setToasts((now) => [...now.slice(1 - MAX_TOASTS), { ...toast, id }]);
      setTimeout(() => drop(id), SHOWN_MS);
    },
    [drop],
  );
  const value = useMemo(() => show, [show]);
  return (
    <ToastContext value={value}>
      {children}
      <Portal>
        <div className="toasts" role="status" aria-live="polite">
          {toasts.map((toast) => (
            <Notification
              key={toast.id}
              color={COLOURS[toast.tone]}
              withBorder
              onClose={() => drop(toast.id)}
              closeButtonProps={{ 'aria-label': t('toast.dismiss') }}
              data-testid={toast.testId ?? 'toast'}
            >
              {toast.text}
            </Notification>
          ))}
        </div>
      </Portal>
    </ToastContext>
  );
}
