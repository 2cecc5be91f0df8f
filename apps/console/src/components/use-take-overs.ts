import { useInfiniteQuery } from '@tanstack/react-query';
import { upkeepApi } from '../api/upkeep.js';

const EVERY_MS = 5_000;

/** Past changes of Master, newest first; asked once, whoever on the page wants them. */
export const useTakeOvers = () =>
  useInfiniteQuery({
    queryKey: ['take-overs'],
    queryFn: ({ pageParam, signal }) => upkeepApi.takeOvers(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
