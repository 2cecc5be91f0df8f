import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { streamPorts } from '../api/browser-ports.js';
import { LiveLink } from '../api/link.js';

/** What changed is read at most so often, however much changes. */
const AGAIN_MS = 400;
/** Without a stream what is shown is asked for so often, and with one now and then: what it does not tell, such as a node that joins. */
const ALONE_MS = 2_000;
const BESIDE_MS = 15_000;

/**
 * Sessions as they change, by a stream of its own while the page is in sight: what is shown of jobs is read again then.
 * @param query of the stream, such as `session=…`
 * @returns how often to ask besides.
 */
export function useJobStream(query: string): number {
  const client = useQueryClient();
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    let lastId: string | null = null;
    let reading: ReturnType<typeof setTimeout> | undefined;
    const readAgain = () => {
      reading ??= setTimeout(() => {
        reading = undefined;
        void client.invalidateQueries({ queryKey: ['jobs', 'live'] });
      }, AGAIN_MS);
    };
    const link = new LiveLink(streamPorts('/api/v1/job-sessions/stream', () => lastId));
    link.setQuery(query);
    link.listen({
      onHello: readAgain,
      onEvent: ({ name, id }) => {
        lastId = id ?? lastId;
        if (name === 'sessions' || name === 'lagging') readAgain();
      },
    });
    link.watch(() => {
      const state = link.state();
      setLive(state.kind === 'open' && state.lostAtMs === null);
    });
    const follow = () => (document.visibilityState === 'visible' ? link.start() : link.stop());
    const nudge = () => link.nudge();
    document.addEventListener('visibilitychange', follow);
    window.addEventListener('online', nudge);
    const retry = setInterval(() => link.state().kind === 'refused' && follow(), ALONE_MS);
    follow();
    return () => {
      clearInterval(retry);
      clearTimeout(reading);
      document.removeEventListener('visibilitychange', follow);
      window.removeEventListener('online', nudge);
      link.stop();
    };
  }, [query, client]);
  return isLive ? BESIDE_MS : ALONE_MS;
}
