import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { initCluster } from '../../../../apps/cli/src/init/index.js';

/** Of the console of node a, as `yosugara init` makes it. */
export interface ConsoleCertificate {
  readonly own: { readonly keyFile: string; readonly certFile: string };
  readonly given: null;
  readonly caFile: string;
}

/** Node a's, of a new cluster. @param dir where all of that lies. @param third of its addresses, 127.0.<third>.x */
export async function certificateOf(dir: string, third: number): Promise<ConsoleCertificate> {
  await initCluster(join(dir, 'cluster'), {
    ...{ clusterId: 'spec', profile: 'lan', stopProofs: ['P1'], dataDir: join(dir, '%n') },
    members: (['a', 'b'] as const).map((id, at) => ({ id, kind: 'data', address: `127.0.${third}.${at + 1}`, zone: id })),
  });
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const of = (file: string) => join(dir, 'cluster', 'a', file);
  return { own: { keyFile: of(tlsKey), certFile: of(tlsCert) }, given: null, caFile: of(clusterCa) };
}

/**
 * The console of a stage speaks https, as it is installed. Spec and browser take this one certificate and no other; that a browser believes
 * the cluster's authority without any exception is seen by `https.spec.ts`.
 *
 * @returns flags of the browser.
 */
export async function believing(
  third: number,
  closers: (() => unknown)[],
): Promise<{ readonly certificate: ConsoleCertificate; readonly flags: readonly string[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'yosugara-https-'));
  closers.push(async () => await rm(dir, { recursive: true, force: true }));
  const certificate = await certificateOf(dir, third);
  tls.setDefaultCACertificates([readFileSync(certificate.caFile, 'utf8')]);
  const key = new X509Certificate(readFileSync(certificate.own.certFile)).publicKey.export({ type: 'spki', format: 'der' });
  const flag = `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`;
  return { certificate, flags: [flag] };
}
