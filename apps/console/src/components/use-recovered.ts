import type { Status } from '@yosugara/protocol';
import { useEffect, useRef } from 'react';

/** Calls once for every node whose recover was seen running here and has ended well. */
export function useRecovered(status: Status | undefined, onBack: (node: string) => void): void {
  const running = useRef(new Set<string>());
  const tell = useRef(onBack);
  tell.current = onBack;
  useEffect(() => {
    for (const { name, recover, syncSet } of status?.nodes ?? []) {
      if (recover?.state === 'running') running.current.add(name);
      else if (recover?.state === 'failed') running.current.delete(name);
      else if (syncSet && running.current.delete(name)) tell.current(name);
    }
  }, [status]);
}
