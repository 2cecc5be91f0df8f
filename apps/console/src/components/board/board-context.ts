import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { Lanes } from '../../api/lanes.js';
import type { Span } from './board-model.js';

export interface Board {
  readonly span: Span;
  readonly refreshMs: number;
  /** Whoever edits is not led away by a link. */
  readonly isEditing: boolean;
}
export const BoardContext = createContext<Board>({ span: { kind: 'range', range: '6h' }, refreshMs: 30_000, isEditing: false });
export const useBoard = (): Board => useContext(BoardContext);

/** Questions of all widgets of a page at once; each has one at most. */
const lanes = new Lanes(4);

/** What a widget shows, asked again as often as its dashboard says; what was shown stays while nobody answers. */
export function useAsked<T>(key: readonly unknown[], ask: (signal: AbortSignal) => Promise<T>, isWanted = true) {
  const { refreshMs } = useBoard();
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => lanes.run(() => ask(signal), signal),
    refetchInterval: refreshMs,
    staleTime: refreshMs / 2,
    placeholderData: (before) => before,
    enabled: isWanted,
  });
}
