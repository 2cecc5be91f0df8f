import { execFile } from 'node:child_process';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { TestAuthority } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { systemAuthorities } from './authorities.js';

it("Node's own list is trusted", () => expect(systemAuthorities()!.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(50));

it('who the system trusts is trusted, and others are not', async () => {
  const authority = new TestAuthority();
  const { key, cert } = authority.issue('127.0.0.1', ['IP:127.0.0.1']);
  const server = createServer({ key, cert }, (socket) => void socket.on('error', () => undefined).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { readonly port: number };
    // What is the system's is read once for a process: another one is asked.
    const script = `import { connect } from 'node:tls';
      import { contextOf, systemAuthorities } from ${JSON.stringify(new URL('authorities.ts', import.meta.url).href)};
      const socket = connect({ host: '127.0.0.1', port: ${port}, rejectUnauthorized: false, secureContext: contextOf(systemAuthorities()) });
      socket.once('secureConnect', () => { console.log(socket.authorized); socket.destroy(); });`;
    const trusted = async (file: string) => {
      const args = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: { SSL_CERT_FILE: file, SSL_CERT_DIR: '/nowhere' },
      });
      return stdout.trim();
    };
    expect([await trusted(authority.caFile), await trusted('/nowhere')]).toEqual(['true', 'false']);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    authority.remove();
  }
});
