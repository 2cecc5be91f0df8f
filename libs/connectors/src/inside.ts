import { type ClientRequest, type RequestOptions, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { INSIDE_SERVER_NAME } from '@yosugara/protocol';

/** Where a manager of the cluster serves its API. */
export interface InsidePlace {
  /** An address. */
  readonly host: string;
  readonly port: number;
  /** PEM of the cluster's CA; null: it serves without TLS. */
  readonly ca: string | null;
}

/**
 * A request of a program of the cluster to one of its managers: over TLS only to whoever shows the certificate of that address, signed by the cluster's
 * CA, whatever certificate people see there.
 */
export function insideRequest({ host, port, ca }: InsidePlace, options: RequestOptions): ClientRequest {
  const how = { ...options, host, port, agent: false } as const;
  if (ca === null) return request(how);
  return tlsRequest({
    ...{ ...how, ca, servername: INSIDE_SERVER_NAME, minVersion: 'TLSv1.2' },
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}
