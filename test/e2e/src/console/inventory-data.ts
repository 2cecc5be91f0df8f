import type pg from 'pg';

/** What a host consists of, and what changed on it two days ago, as its agent would have told it. */
export async function someInventory(pool: Pick<pg.Pool, 'query'>, node: string): Promise<void> {
  const item = 'insert into inventory_item (node, kind, key, name, fields, from_at, to_at)';
  await pool.query(
    `insert into inventory_node (node, first_at, collected_at, changed_at, tried_at, cut, troubles)
     values ($1, now() - interval '30 days', now() - interval '1 hour', now() - interval '2 days', now() - interval '1 hour', '[]',
       '[{"kind":"port","why":"no /proc here"}]')`,
    [node],
  );
  for (const [kind, name, fields] of [
    ['host', 'web1.example.org', { vendor: 'QEMU', product: 'Standard PC' }],
    ['os', 'Debian GNU/Linux', { id: 'debian', version: '12', kernel: '6.1.0-40-amd64', architecture: 'x86_64' }],
    ['memory', 'memory', { total: 8_215_552_000, swap: 0 }],
    ['filesystem', '/', { device: '/dev/vda1', type: 'ext4', size: 52_521_566_208 }],
    ['package', 'libssl3', { version: '3.0.17-1~deb12u2', architecture: 'amd64', vendor: 'Debian OpenSSL Team', by: 'dpkg' }],
  ] as const)
    await pool.query(`${item} values ($1, $2, $3, $3, $4, now() - interval '30 days', null)`, [node, kind, name, fields]);
  const openssl = (version: string) => ({ version, architecture: 'amd64', vendor: 'Debian OpenSSL Team', by: 'dpkg' });
  await pool.query(
    `${item} select $1, 'package', 'openssl', 'openssl', v.fields, v.from_at, v.to_at from (values
       ($2::jsonb, now() - interval '30 days', now() - interval '2 days'), ($3::jsonb, now() - interval '2 days', null)) v(fields, from_at, to_at)`,
    [node, openssl('3.0.16-1~deb12u1'), openssl('3.0.17-1~deb12u2')],
  );
}
