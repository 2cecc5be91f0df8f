/** Examples of the verbs that make hosts members and keep their data, without `yosugara`. */
export const HOST_EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  init: [
    'init --cluster-id main --member a=192.0.2.1 --member b=192.0.2.2 --arbiter w=192.0.2.3',
    'init --cluster-id main --member a=192.0.2.1 --member b=192.0.2.2 --arbiter w=192.0.2.3 --backup backup.yaml --secret backup-passphrase=phrase --restore latest',
    'init --out ./cluster --cluster-id main --member a=192.0.2.1,zone=x --member b=192.0.2.2,zone=y',
  ],
  join: ['join -'],
  'join-token': ['join-token b --minutes 30'],
  forming: ['forming'],
  check: ['check', 'check --accept clock'],
  'backup take': ['backup take', 'backup take --type full'],
  'backup list': ['backup list'],
  'backup verify': ['backup verify', 'backup verify --restore'],
  freeze: ['freeze --for 60s'],
  thaw: ['thaw'],
  restore: ["restore --into /srv/look --to '2026-11-22 03:00:00+09:00'", "restore --replace a --evidence 'both disks burnt'"],
};
