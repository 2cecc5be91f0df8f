import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error a plain script
import { startSchemaProvider } from './schema-provider.mjs';

const NAME = 'registry.terraform.io/terraform-provider-openstack/openstack';
const EXAMPLE = join(import.meta.dirname, '../../packaging/terraform/main.tf');
const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'openstack-schema.json'), 'utf8')) as object;
const isHere = spawnSync('terraform', ['version']).status === 0;

interface Said {
  readonly valid: boolean;
  readonly diagnostics: readonly { readonly summary: string; readonly detail: string }[];
}

// Terraform is in no package of Debian: where it is not, this file says “skipped”.
describe.skipIf(!isHere)('the example for OpenStack, as terraform and the schema of its provider (3.4) have it', () => {
  let folder = '';
  let provider: { env: NodeJS.ProcessEnv; close: () => Promise<void> };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-terraform-'));
    provider = await (startSchemaProvider as (name: string, of: object) => Promise<typeof provider>)(NAME, schema);
  });
  afterEach(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const terraform = async (...words: string[]): Promise<string> => {
    // Nothing of this machine's own settings, and nobody is asked whether there is a newer one.
    const env = { ...provider.env, PATH: process.env['PATH'], HOME: folder, CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '' };
    const args = [`-chdir=${folder}`, ...words];
    return await promisify(execFile)('terraform', args, { env, timeout: 120_000 }).then(
      ({ stdout }) => stdout,
      (failed: { stdout?: string; message: string }) => failed.stdout || failed.message,
    );
  };
  const validated = async (): Promise<Said> => JSON.parse(await terraform('validate', '-json')) as Said;
  const changed = (from: string, to: string) => {
    const text = readFileSync(EXAMPLE, 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(folder, 'main.tf'), text.replace(from, to));
  };

  it('is valid, and formatted', async () => {
    copyFileSync(EXAMPLE, join(folder, 'main.tf'));
    expect(await validated()).toMatchObject({ valid: true, diagnostics: [] });
    expect(await terraform('fmt', '-check', '-diff')).toBe('');
  });

  it.each([
    ['an attribute that there is not', 'image_name        = var.image', 'image_nam = var.image', /image_nam/],
    ['a block that there is not', 'dynamic "allowed_address_pairs"', 'dynamic "allowed_address_pair"', /allowed_address_pair/],
    ['one that is missing', '  direction         = "ingress"\n', '', /direction/],
    ['a value of another type', 'security_group_ids = [', 'admin_state_up = "perhaps"\n  security_group_ids = [', /bool/],
    [
      'an attribute of another resource',
      '[openstack_networking_secgroup_v2.yosugara.id]',
      '[openstack_networking_secgroup_v2.yosugara.image]',
      /image/,
    ],
    ['a resource that there is not', '"openstack_compute_instance_v2"', '"openstack_compute_instance_v9"', /instance_v9/],
  ])('is not with %s', async (_, from, to, why) => {
    changed(from, to);
    const { valid, diagnostics } = await validated();
    expect(valid).toBe(false);
    expect(diagnostics.map(({ summary, detail }) => `${summary} ${detail}`).join('\n')).toMatch(why);
  });
});
