import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';

const ACTING = ['admin', 'operator'];

/** Who is logged in, and whether the manager would let them change anything. */
export function useMe(): { readonly me: string; readonly mayAct: boolean } {
  const { data } = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 60_000 });
  return { me: data?.login ?? '', mayAct: data !== undefined && ACTING.includes(data.role) };
}
