import { useQuery } from '@tanstack/react-query';
import type { AccessFunction, AccessMode } from '@yosugara/protocol';
import { api, type Me } from '../api/client.js';
import { mayWith } from '../api/rights.js';

const ACTING = ['admin', 'operator'];

interface Known {
  /** Login. */
  readonly me: string;
  /** Whoever operates: more than looking. */
  readonly mayAct: boolean;
  readonly may: (what: AccessFunction, mode: AccessMode) => boolean;
  readonly account: Me | undefined;
}

/** Who is logged in, and what the manager would let them do. */
export function useMe(): Known {
  const { data } = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 60_000 });
  return {
    me: data?.login ?? '',
    mayAct: data !== undefined && ACTING.includes(data.role),
    may: (what, mode) => data !== undefined && mayWith(data.grants, what, mode),
    account: data,
  };
}
