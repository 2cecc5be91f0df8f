import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Status } from '@yosugara/protocol';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { browserPorts } from './browser-ports.js';
import { api, decodeStatus } from './client.js';
import { elsewhere } from './elsewhere.js';
import { LiveLink } from './link.js';
import { type LinkState, lostAtMs } from './reconnect.js';

const LinkContext = createContext<LiveLink | null>(null);

export function useLink(): LiveLink {
  const link = useContext(LinkContext);
  if (link === null) throw new Error('useLink outside of LiveProvider');
  return link;
}

export function useLinkState(): LinkState {
  const link = useLink();
  return useSyncExternalStore(link.watch, link.state);
}

export const CLUSTER_KEY = ['cluster'] as const;

/** The cluster as last heard; the stream keeps it fresh, and while that is down it is asked for. */
export function useCluster(): { readonly status: Status | undefined; readonly heardAtMs: number; readonly error: Error | null } {
  const state = useLinkState();
  const asking = state.kind !== 'open' || state.lostAtMs !== null;
  const query = useQuery({
    queryKey: CLUSTER_KEY,
    queryFn: ({ signal }) => api.cluster(signal),
    refetchInterval: asking ? 2_000 : 15_000,
  });
  return { status: query.data, heardAtMs: query.dataUpdatedAt, error: query.error };
}

/** By a Master, as far as is known; without one nobody has to go anywhere. */
const isServed = (state: LinkState): boolean =>
  lostAtMs(state) === null && !(state.kind === 'open' && ['passive', 'off'].includes(state.hello?.mode ?? ''));

/** One stream for all pages, from login to logout. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [link] = useState(() => new LiveLink(browserPorts));
  const client = useQueryClient();
  useEffect(() => {
    const unlisten = link.listen({
      onHello: () => void client.invalidateQueries({ queryKey: CLUSTER_KEY }),
      onCluster: (body) => {
        try {
          client.setQueryData(CLUSTER_KEY, decodeStatus(body));
        } catch {
          // A form this console does not know: the page asks /api/v1/cluster, which reports it.
          void client.invalidateQueries({ queryKey: CLUSTER_KEY });
        }
      },
    });
    let retry: ReturnType<typeof setTimeout> | undefined;
    const unwatch = link.watch(() => {
      if (link.state().kind !== 'refused') return;
      // Logged out: `me` says so and this provider goes away. Otherwise it was passing, and the stream is tried again.
      void client.invalidateQueries({ queryKey: ['me'] });
      clearTimeout(retry);
      retry = setTimeout(() => link.start(), 2_000);
    });
    const nudge = () => {
      if (document.visibilityState === 'visible') link.nudge();
    };
    window.addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    const leaving = elsewhere.start(true);
    const unwatchServing = link.watch(() => elsewhere.here(isServed(link.state())));
    link.start();
    return () => {
      leaving();
      unwatchServing();
      clearTimeout(retry);
      window.removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      unwatch();
      unlisten();
      link.stop();
    };
  }, [link, client]);
  return <LinkContext value={link}>{children}</LinkContext>;
}
