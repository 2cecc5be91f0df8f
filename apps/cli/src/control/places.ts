import { existsSync, readFileSync } from 'node:fs';
import type { ClientRequest, RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { insideRequest } from '@yosugara/connectors/inside';
import { explain, InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import type { Found } from './find.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where one manager is asked. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly request: (options: RequestOptions) => ClientRequest;
}

/** The managers of one cluster, as they can be reached from here. */
export interface Places {
  /** What a session is kept under. */
  readonly name: string;
  /** The VIP first, since it follows the Master. */
  readonly all: readonly Place[];
  /** Each data node for itself. */
  readonly nodes: readonly { readonly id: string; readonly place: Place }[];
  /** null: not on a data node, or not readable. */
  readonly hostToken: string | null;
}

/** @param ca PEM of the cluster's CA, which signed what managers show; null: they speak plain http. */
export const inside = (host: string, port: number, ca: string | null): Place => ({
  ...{ host, port },
  request: (options) => insideRequest({ host, port, ca }, options),
});

/** YOSUGARA_SERVER, else the nodes of this host. @throws YosugaraError `NO_CLUSTER` */
export function placesOf(found: () => readonly Found[], env: Env): Places {
  const servers = env['YOSUGARA_SERVER'];
  return servers === undefined || servers === '' ? placesHere(found()) : placesAway(servers, env);
}

function placesHere(found: readonly Found[]): Places {
  for (const { config, stateDir } of found) {
    const file = join(stateDir, STATE_LAYOUT.secrets.postgresApp);
    if (config === null || !existsSync(file)) continue;
    const { vip, members, id } = config.cluster;
    const ca = config.console.tls.enabled ? readFileSync(join(stateDir, STATE_LAYOUT.secrets.clusterCa), 'utf8') : null;
    const nodes = members
      .filter((member) => member.kind === 'data')
      .map((member) => ({ id: member.id, place: inside(member.address, config.ports.console, ca) }));
    const own = nodes.map(({ place }) => place);
    const all = vip === undefined || vip.driver === 'none' ? own : [inside(vip.address, config.ports.console, ca), ...own];
    return { name: id, all, nodes, hostToken: readFileSync(file, 'utf8').trim() };
  }
  throw new YosugaraError(
    'NO_CLUSTER',
    'messages are read through a data node: no configuration with a readable secrets/pg-app was found, and no YOSUGARA_SERVER is set',
  );
}

const ALLOWED = 'https://HOST:PORT, several with commas';

/** From where an operator sits: over TLS, with the CA of YOSUGARA_CA_FILE or those that the system knows. */
function placesAway(servers: string, env: Env): Places {
  const ca = caOf(env['YOSUGARA_CA_FILE']);
  const all = servers.split(',').map((text): Place => {
    const url = URL.parse(text.trim());
    if (url === null || url.protocol !== 'https:' || url.pathname !== '/' || url.username !== '')
      throw new InvalidInputError('YOSUGARA_SERVER', text, ALLOWED);
    const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port === '' ? 443 : url.port)];
    const trusted = ca === undefined ? {} : { ca };
    return {
      ...{ host, port },
      request: (options) => tlsRequest({ ...options, ...trusted, host, port, agent: false, minVersion: 'TLSv1.2' }),
    };
  });
  return { name: servers, all, nodes: all.map((place) => ({ id: place.host, place })), hostToken: null };
}

function caOf(file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new YosugaraError(
      'BAD_CONFIG',
      `YOSUGARA_CA_FILE: found ${file}, ${explain(error)}; allowed is a PEM file that can be read`,
    );
  }
}
