import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { readIfThere, writeWhole } from '@yosugara/host-control/files';
import { AgentConfigError } from './errors.js';

export interface ManagerAddress {
  readonly host: string;
  readonly port: number;
}

/** Who an agent is, and whom it trusts. */
export interface Identity {
  readonly agent: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

const folderOf = (dataDir: string) => join(dataDir, 'identity');
const managersFile = (dataDir: string) => join(dataDir, 'managers.json');

/** Key and certificate are one file: both are new, or both are the old ones. */
export async function saveIdentity(dataDir: string, identity: Identity): Promise<void> {
  await mkdir(folderOf(dataDir), { recursive: true, mode: 0o700 });
  await writeWhole(join(folderOf(dataDir), 'identity.json'), `${JSON.stringify(identity, null, 2)}\n`);
}

/** @throws AgentConfigError — it did not join. */
export async function loadIdentity(dataDir: string): Promise<Identity> {
  const path = join(folderOf(dataDir), 'identity.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new AgentConfigError(`there is no identity in ${dataDir}: run "yosugara-agent join" first`, error);
  }
  return JSON.parse(text) as Identity;
}

/** When two thirds of a certificate's life are over. */
export function renewAtMs(certificate: string): number {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + (2 * (to - from)) / 3;
}

export async function saveManagers(dataDir: string, managers: readonly ManagerAddress[]): Promise<void> {
  await writeWhole(managersFile(dataDir), `${JSON.stringify(managers)}\n`);
}

export async function loadManagers(dataDir: string): Promise<readonly ManagerAddress[]> {
  const text = await readIfThere(managersFile(dataDir));
  return text === null ? [] : (JSON.parse(text) as ManagerAddress[]);
}

/** `HOST:PORT`, `[V6]:PORT`; null = it is neither. */
export function addressOf(text: string): ManagerAddress | null {
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

export const contextOf = ({ key, certificate, authority }: Identity): SecureContext =>
  createSecureContext({ key, cert: certificate, ca: authority, minVersion: 'TLSv1.3' });

/** Others are the managers' authorities from now on: kept on disk before it is said that they are. @throws what is no certificate, and the disk */
export async function withAuthority(dataDir: string, identity: Identity, authority: string): Promise<Identity> {
  if (authority === identity.authority) return identity;
  // What is no certificate would be taken by TLS as nobody.
  new X509Certificate(authority);
  const trusting = { ...identity, authority };
  contextOf(trusting);
  await saveIdentity(dataDir, trusting);
  return trusting;
}
