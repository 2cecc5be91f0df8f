import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { YosugaraError } from '@yosugara/kernel';

export interface CertificateRequest {
  readonly key: string;
  readonly request: string;
}

const PROGRAM = fileURLToPath(new URL('../bin/yosugara-agent.mjs', import.meta.url));
const DEADLINE_MS = 60_000;

/** In a process of its own: what it needs for that once a year would stay in this one's memory for ever. */
export async function requestInChild(commonName: string): Promise<CertificateRequest> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'make-request', commonName], {
      timeout: DEADLINE_MS,
    });
    return JSON.parse(stdout) as CertificateRequest;
  } catch (error) {
    throw new YosugaraError('AGENT_REQUEST', 'no request for a certificate could be made', { cause: error });
  }
}
