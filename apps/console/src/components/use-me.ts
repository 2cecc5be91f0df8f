import { useQuery } from '@tanstack/react-query';
import type { AccessFunction, AccessMode } from '@yosugara/protocol';
import { api, type Me } from '../api/client.js';
import { mayWith } from '../api/rights.js';

interface Known {
  /** Login. */
  readonly me: string;
  readonly may: (what: AccessFunction, mode: AccessMode) => boolean;
  readonly account: Me | undefined;
}

/** Who is logged in, and what the manager would let them do. */
export function useMe(): Known {
  const { data } = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 60_000 });
  return {
    me: data?.login ?? '',
    may: (what, mode) => data !== undefined && mayWith(data.grants, what, mode),
    account: data,
  };
}
