# Completion of yosugara for bash, written by `yosugara completion bash`.

# Lines of words, one of which is being typed.
_yosugara_words() {
  local word
  while IFS= read -r word; do
    if [[ -n $word && $word == "$_yosugara_cur"* ]]; then COMPREPLY+=("$word"); fi
  done <<< "$1"
}
_yosugara_files() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$_yosugara_cur")
  compopt -o filenames 2> /dev/null || :
}
_yosugara_asked() {
  _yosugara_words "$("$_yosugara_program" complete-values "$1" "${_yosugara_args[@]}" 2> /dev/null)"
}
_yosugara() {
  local _yosugara_cur=${COMP_WORDS[COMP_CWORD]} _yosugara_program=${COMP_WORDS[0]} _yosugara_args=()
  local at='' word i skip=0 previous=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((skip)); then skip=0; continue; fi
    case "$at $word" in
    '/status --config'|'/runbook --config'|'/runbook --language'|'/overview --config'|'/recover --config'|'/recover --timeout'|'/switchover --config'|'/switchover --to'|'/switchover --timeout'|'/promote --config'|'/promote --timeout'|'/pause --config'|'/pause --minutes'|'/pause --why'|'/resume --config'|'/maintenance --config'|'/maintenance --minutes'|'/maintenance --why'|'/fence/status --config'|'/fence/check --config'|'/fence/off --config'|'/fence/off --why'|'/fence/off --yes-cut-power'|'/fence/off --timeout'|'/drill --config'|'/drill --timeout'|'/dr/status --config'|'/dr/promote --config'|'/dr/promote --evidence'|'/dr/promote --timeout'|'/dr/drill --config'|'/certificates/list --config'|'/certificates/renew --config'|'/certificates/keep --config'|'/certificates/rotate-ca --config'|'/certificates/rotate-ca --timeout'|'/certificates/revoke --config'|'/take-overs --config'|'/lag --config'|'/upgrade/status --config'|'/upgrade/check --config'|'/upgrade/finish --config'|'/upgrade/postgres --config'|'/upgrade/postgres --replace'|'/upgrade/postgres --to'|'/version --config'|'/self --config'|'/capacity --config'|'/backup/take --config'|'/backup/take --type'|'/backup/list --config'|'/backup/verify --config'|'/restore --config'|'/restore --to'|'/restore --into'|'/restore --replace'|'/restore --evidence'|'/freeze --config'|'/freeze --for'|'/thaw --config'|'/messages --config'|'/messages --text'|'/messages --source'|'/messages --host'|'/messages --app'|'/messages --proc'|'/messages --facility'|'/messages --severity'|'/messages --kind'|'/messages --transport'|'/messages --sd'|'/messages --varbind'|'/messages --trap'|'/messages --only-at'|'/messages --reason'|'/messages --since'|'/messages --until'|'/messages --limit'|'/messages --after'|'/ingest/status --config'|'/ingest/status --since'|'/ingest/status --until'|'/ingest/status --source'|'/ingest/status --limit'|'/ingest/trace --config'|'/journal/verify --config'|'/journal/inspect --config'|'/journal/export --config'|'/journal/export --from'|'/journal/export --through'|'/journal/export --format'|'/mib/import --config'|'/mib/list --config'|'/mib/show --config'|'/mib/source --config'|'/mib/delete --config'|'/mib/lookup --config'|'/events --config'|'/events --state'|'/events --priority'|'/events --facility'|'/events --scope'|'/events --monitor'|'/events --plugin'|'/events --owner'|'/events --text'|'/events --since'|'/events --until'|'/events --limit'|'/events --after'|'/events/show --config'|'/events/confirm --config'|'/events/confirm --comment'|'/events/unconfirm --config'|'/events/unconfirm --comment'|'/events/comment --config'|'/events/comment --comment'|'/events/own --config'|'/events/own --owner'|'/events/counts --config'|'/statuses --config'|'/statuses --priority'|'/statuses --facility'|'/statuses --monitor'|'/statuses --limit'|'/nodes/list --config'|'/nodes/list --text'|'/nodes/list --address'|'/nodes/list --host'|'/nodes/list --scope'|'/nodes/list --owner'|'/nodes/list --limit'|'/nodes/list --after'|'/nodes/show --config'|'/nodes/add --config'|'/nodes/add --name'|'/nodes/add --address'|'/nodes/add --host'|'/nodes/add --scope'|'/nodes/add --platform'|'/nodes/add --description'|'/nodes/resolve --config'|'/nodes/search --config'|'/nodes/search --range'|'/nodes/search --snmp-file'|'/nodes/search --scope'|'/nodes/inventory --config'|'/nodes/inventory --kind'|'/nodes/inventory --text'|'/nodes/inventory --at'|'/nodes/inventory --from'|'/nodes/inventory --limit'|'/nodes/inventory --after'|'/nodes/find --config'|'/nodes/find --package'|'/nodes/find --kind'|'/nodes/find --name'|'/nodes/find --contains'|'/nodes/find --where'|'/nodes/find --at'|'/nodes/find --limit'|'/nodes/find --after'|'/nodes/remove --config'|'/scopes --config'|'/apply --config'|'/apply -f'|'/apply --file'|'/apply --delete-missing'|'/diff --config'|'/diff -f'|'/diff --file'|'/diff --delete-missing'|'/export --config'|'/export --kind'|'/export --format'|'/settings/kinds --config'|'/settings/list --config'|'/settings/list --text'|'/settings/list --owner'|'/settings/list --limit'|'/settings/list --after'|'/settings/show --config'|'/settings/schema --config'|'/settings/history --config'|'/settings/history --limit'|'/settings/revert --config'|'/settings/enable --config'|'/settings/disable --config'|'/settings/remove --config'|'/retention/show --config'|'/retention/preview --config'|'/retention/clean-up --config'|'/retention/runs --config'|'/retention/runs --kind'|'/retention/runs --limit'|'/secrets/status --config'|'/secrets/rotate --config'|'/secrets/new-key --config'|'/secrets/export-keys --config'|'/secrets/import-keys --config'|'/monitors/test --config'|'/monitors/test -f'|'/monitors/test --file'|'/monitors/test --line'|'/monitors/test --line-file'|'/monitors/run --config'|'/monitors/run --within'|'/notifications/test --config'|'/notifications/test --priority'|'/notifications/test --node'|'/notifications/test --message'|'/notifications/test --within'|'/graphs/list --config'|'/graphs/list --facility'|'/graphs/list --monitor'|'/graphs/list --limit'|'/graphs/show --config'|'/graphs/show --since'|'/graphs/show --until'|'/graphs/show --step'|'/calendars/list --config'|'/calendars/show --config'|'/calendars/show --month'|'/calendars/open --config'|'/calendars/open --at'|'/jobs/list --config'|'/jobs/list --unit'|'/jobs/list --job'|'/jobs/list --state'|'/jobs/list --end-status'|'/jobs/list --trigger'|'/jobs/list --trigger-type'|'/jobs/list --since'|'/jobs/list --until'|'/jobs/list --limit'|'/jobs/list --after'|'/jobs/show --config'|'/jobs/history --config'|'/jobs/output --config'|'/jobs/output --node'|'/jobs/run --config'|'/jobs/run --job'|'/jobs/run --trigger'|'/jobs/run -p'|'/jobs/run --parameter'|'/jobs/run --test-command'|'/jobs/run --request'|'/jobs/rerun --config'|'/jobs/rerun --node'|'/jobs/rerun --comment'|'/jobs/release-hold --config'|'/jobs/release-hold --node'|'/jobs/release-hold --comment'|'/jobs/release-skip --config'|'/jobs/release-skip --node'|'/jobs/release-skip --comment'|'/jobs/release-suspend --config'|'/jobs/release-suspend --node'|'/jobs/release-suspend --comment'|'/jobs/force-run --config'|'/jobs/force-run --node'|'/jobs/force-run --comment'|'/jobs/stop --config'|'/jobs/stop --node'|'/jobs/stop --comment'|'/jobs/suspend --config'|'/jobs/suspend --node'|'/jobs/suspend --comment'|'/jobs/skip --config'|'/jobs/skip --node'|'/jobs/skip --comment'|'/jobs/skip --status'|'/jobs/skip --value'|'/jobs/hold --config'|'/jobs/hold --node'|'/jobs/hold --comment'|'/jobs/change-end --config'|'/jobs/change-end --node'|'/jobs/change-end --comment'|'/jobs/change-end --status'|'/jobs/change-end --value'|'/jobs/set-end --config'|'/jobs/set-end --node'|'/jobs/set-end --comment'|'/jobs/set-end --status'|'/jobs/set-end --value'|'/jobs/force-end --config'|'/jobs/force-end --node'|'/jobs/force-end --comment'|'/jobs/force-end --status'|'/jobs/force-end --value'|'/jobs/force-stop --config'|'/jobs/force-stop --node'|'/jobs/force-stop --comment'|'/jobs/approve --config'|'/jobs/approve --node'|'/jobs/approve --comment'|'/jobs/deny --config'|'/jobs/deny --node'|'/jobs/deny --comment'|'/jobs/release --config'|'/jobs/release --node'|'/jobs/release --comment'|'/jobs/plan --config'|'/jobs/plan --from'|'/jobs/plan --to'|'/jobs/plan --unit'|'/jobs/plan --trigger'|'/jobs/plan --limit'|'/jobs/try-schedule --config'|'/jobs/try-schedule -f'|'/jobs/try-schedule --file'|'/jobs/try-schedule --limit'|'/jobs/queues --config'|'/jobs/approvals --config'|'/jobs/link --config'|'/jobs/link --message'|'/jobs/link --priority'|'/jobs/link --value'|'/jobs/link --id'|'/jobs/links --config'|'/jobs/links --message-id'|'/jobs/links --after'|'/jobs/links --limit'|'/agents/list --config'|'/agents/list --text'|'/agents/list --limit'|'/agents/list --after'|'/agents/token --config'|'/agents/token --node'|'/agents/token --scope'|'/agents/token --owner-role'|'/agents/token --uses'|'/agents/token --minutes'|'/agents/token --description'|'/agents/tokens --config'|'/agents/remove-token --config'|'/agents/revoke --config'|'/login --config'|'/login --password-file'|'/login --code-file'|'/logout --config'|'/whoami --config'|'/account/change --config'|'/account/change --name'|'/account/change --mail'|'/account/change --language'|'/account/change --time-zone'|'/account/password --config'|'/account/password --password-file'|'/account/password --new-password-file'|'/account/totp-begin --config'|'/account/totp-begin --password-file'|'/account/totp-confirm --config'|'/account/totp-confirm --code-file'|'/account/totp-disable --config'|'/account/totp-disable --password-file'|'/account/totp-disable --code-file'|'/users/list --config'|'/users/list --text'|'/users/list --role'|'/users/list --limit'|'/users/list --after'|'/users/show --config'|'/users/add --config'|'/users/add --name'|'/users/add --mail'|'/users/add --role'|'/users/add --language'|'/users/add --time-zone'|'/users/add --password-file'|'/users/change --config'|'/users/change --name'|'/users/change --mail'|'/users/change --role'|'/users/change --language'|'/users/change --time-zone'|'/users/remove --config'|'/users/reset-password --config'|'/users/reset-password --password-file'|'/users/unlock --config'|'/users/reset-totp --config'|'/roles/list --config'|'/roles/show --config'|'/roles/functions --config'|'/tokens/list --config'|'/tokens/list --user'|'/tokens/add --config'|'/tokens/add --role'|'/tokens/add --days'|'/tokens/add --token-file'|'/tokens/remove --config'|'/audit --config'|'/audit --who'|'/audit --what'|'/audit --object'|'/audit --since'|'/audit --until'|'/audit --limit'|'/audit --after'|'/init --out'|'/init --cluster-id'|'/init --member'|'/init --arbiter'|'/init --dr'|'/init --vip'|'/init --vip-driver'|'/init --vip-agent'|'/init --vip-interface'|'/init --vip-prefix'|'/init --profile'|'/init --policy'|'/init --auto-rejoin'|'/init --stop-proofs'|'/init --port'|'/init --state-dir'|'/init --data-dir'|'/init --postgres-bin'|'/init --static-dir'|'/init --backup'|'/init --config-dir'|'/init --account'|'/init --accept'|'/init --self'|'/init --cluster-file'|'/init --secret'|'/init --restore'|'/init --join-port'|'/init --minutes'|'/check --config'|'/check --accept'|'/join --state-dir'|'/join --data-dir'|'/join --postgres-bin'|'/join --config-dir'|'/join --account'|'/join --accept'|'/join-token --minutes'|'/join-token --config-dir'|'/forming --state-dir'|'/forming --data-dir'|'/forming --config-dir'|'/forming --account'|'/forming --accept') skip=1; continue ;;
    *' -'*) continue ;;
    esac
    case "$at/$word" in
    '/status') at='/status' ;;
    '/runbook') at='/runbook' ;;
    '/overview') at='/overview' ;;
    '/recover') at='/recover' ;;
    '/switchover') at='/switchover' ;;
    '/promote') at='/promote' ;;
    '/pause') at='/pause' ;;
    '/resume') at='/resume' ;;
    '/maintenance') at='/maintenance' ;;
    '/fence') at='/fence' ;;
    '/fence/status') at='/fence/status' ;;
    '/fence/check') at='/fence/check' ;;
    '/fence/off') at='/fence/off' ;;
    '/drill') at='/drill' ;;
    '/dr') at='/dr' ;;
    '/dr/status') at='/dr/status' ;;
    '/dr/promote') at='/dr/promote' ;;
    '/dr/drill') at='/dr/drill' ;;
    '/certificates') at='/certificates' ;;
    '/certificates/list') at='/certificates/list' ;;
    '/certificates/renew') at='/certificates/renew' ;;
    '/certificates/keep') at='/certificates/keep' ;;
    '/certificates/rotate-ca') at='/certificates/rotate-ca' ;;
    '/certificates/revoke') at='/certificates/revoke' ;;
    '/take-overs') at='/take-overs' ;;
    '/lag') at='/lag' ;;
    '/upgrade') at='/upgrade' ;;
    '/upgrade/status') at='/upgrade/status' ;;
    '/upgrade/check') at='/upgrade/check' ;;
    '/upgrade/finish') at='/upgrade/finish' ;;
    '/upgrade/postgres') at='/upgrade/postgres' ;;
    '/version') at='/version' ;;
    '/self') at='/self' ;;
    '/capacity') at='/capacity' ;;
    '/backup') at='/backup' ;;
    '/backup/take') at='/backup/take' ;;
    '/backup/list') at='/backup/list' ;;
    '/backup/verify') at='/backup/verify' ;;
    '/restore') at='/restore' ;;
    '/freeze') at='/freeze' ;;
    '/thaw') at='/thaw' ;;
    '/messages') at='/messages' ;;
    '/ingest') at='/ingest' ;;
    '/ingest/status') at='/ingest/status' ;;
    '/ingest/trace') at='/ingest/trace' ;;
    '/journal') at='/journal' ;;
    '/journal/verify') at='/journal/verify' ;;
    '/journal/inspect') at='/journal/inspect' ;;
    '/journal/export') at='/journal/export' ;;
    '/mib') at='/mib' ;;
    '/mib/import') at='/mib/import' ;;
    '/mib/list') at='/mib/list' ;;
    '/mib/show') at='/mib/show' ;;
    '/mib/source') at='/mib/source' ;;
    '/mib/delete') at='/mib/delete' ;;
    '/mib/lookup') at='/mib/lookup' ;;
    '/events') at='/events' ;;
    '/events/show') at='/events/show' ;;
    '/events/confirm') at='/events/confirm' ;;
    '/events/unconfirm') at='/events/unconfirm' ;;
    '/events/comment') at='/events/comment' ;;
    '/events/own') at='/events/own' ;;
    '/events/counts') at='/events/counts' ;;
    '/statuses') at='/statuses' ;;
    '/nodes') at='/nodes' ;;
    '/nodes/list') at='/nodes/list' ;;
    '/nodes/show') at='/nodes/show' ;;
    '/nodes/add') at='/nodes/add' ;;
    '/nodes/resolve') at='/nodes/resolve' ;;
    '/nodes/search') at='/nodes/search' ;;
    '/nodes/inventory') at='/nodes/inventory' ;;
    '/nodes/find') at='/nodes/find' ;;
    '/nodes/remove') at='/nodes/remove' ;;
    '/scopes') at='/scopes' ;;
    '/apply') at='/apply' ;;
    '/diff') at='/diff' ;;
    '/export') at='/export' ;;
    '/settings') at='/settings' ;;
    '/settings/kinds') at='/settings/kinds' ;;
    '/settings/list') at='/settings/list' ;;
    '/settings/show') at='/settings/show' ;;
    '/settings/schema') at='/settings/schema' ;;
    '/settings/history') at='/settings/history' ;;
    '/settings/revert') at='/settings/revert' ;;
    '/settings/enable') at='/settings/enable' ;;
    '/settings/disable') at='/settings/disable' ;;
    '/settings/remove') at='/settings/remove' ;;
    '/retention') at='/retention' ;;
    '/retention/show') at='/retention/show' ;;
    '/retention/preview') at='/retention/preview' ;;
    '/retention/clean-up') at='/retention/clean-up' ;;
    '/retention/runs') at='/retention/runs' ;;
    '/secrets') at='/secrets' ;;
    '/secrets/status') at='/secrets/status' ;;
    '/secrets/rotate') at='/secrets/rotate' ;;
    '/secrets/new-key') at='/secrets/new-key' ;;
    '/secrets/export-keys') at='/secrets/export-keys' ;;
    '/secrets/import-keys') at='/secrets/import-keys' ;;
    '/monitors') at='/monitors' ;;
    '/monitors/test') at='/monitors/test' ;;
    '/monitors/run') at='/monitors/run' ;;
    '/notifications') at='/notifications' ;;
    '/notifications/test') at='/notifications/test' ;;
    '/graphs') at='/graphs' ;;
    '/graphs/list') at='/graphs/list' ;;
    '/graphs/show') at='/graphs/show' ;;
    '/calendars') at='/calendars' ;;
    '/calendars/list') at='/calendars/list' ;;
    '/calendars/show') at='/calendars/show' ;;
    '/calendars/open') at='/calendars/open' ;;
    '/jobs') at='/jobs' ;;
    '/jobs/list') at='/jobs/list' ;;
    '/jobs/sessions') at='/jobs/list' ;;
    '/jobs/show') at='/jobs/show' ;;
    '/jobs/history') at='/jobs/history' ;;
    '/jobs/output') at='/jobs/output' ;;
    '/jobs/run') at='/jobs/run' ;;
    '/jobs/rerun') at='/jobs/rerun' ;;
    '/jobs/start') at='/jobs/rerun' ;;
    '/jobs/release-hold') at='/jobs/release-hold' ;;
    '/jobs/release-skip') at='/jobs/release-skip' ;;
    '/jobs/release-suspend') at='/jobs/release-suspend' ;;
    '/jobs/force-run') at='/jobs/force-run' ;;
    '/jobs/stop') at='/jobs/stop' ;;
    '/jobs/suspend') at='/jobs/suspend' ;;
    '/jobs/skip') at='/jobs/skip' ;;
    '/jobs/hold') at='/jobs/hold' ;;
    '/jobs/change-end') at='/jobs/change-end' ;;
    '/jobs/set-end') at='/jobs/set-end' ;;
    '/jobs/force-end') at='/jobs/force-end' ;;
    '/jobs/force-stop') at='/jobs/force-stop' ;;
    '/jobs/approve') at='/jobs/approve' ;;
    '/jobs/deny') at='/jobs/deny' ;;
    '/jobs/release') at='/jobs/release' ;;
    '/jobs/plan') at='/jobs/plan' ;;
    '/jobs/try-schedule') at='/jobs/try-schedule' ;;
    '/jobs/queues') at='/jobs/queues' ;;
    '/jobs/approvals') at='/jobs/approvals' ;;
    '/jobs/link') at='/jobs/link' ;;
    '/jobs/links') at='/jobs/links' ;;
    '/agents') at='/agents' ;;
    '/agents/list') at='/agents/list' ;;
    '/agents/token') at='/agents/token' ;;
    '/agents/tokens') at='/agents/tokens' ;;
    '/agents/remove-token') at='/agents/remove-token' ;;
    '/agents/revoke') at='/agents/revoke' ;;
    '/login') at='/login' ;;
    '/logout') at='/logout' ;;
    '/whoami') at='/whoami' ;;
    '/account') at='/account' ;;
    '/account/change') at='/account/change' ;;
    '/account/password') at='/account/password' ;;
    '/account/totp-begin') at='/account/totp-begin' ;;
    '/account/totp-confirm') at='/account/totp-confirm' ;;
    '/account/totp-disable') at='/account/totp-disable' ;;
    '/users') at='/users' ;;
    '/users/list') at='/users/list' ;;
    '/users/show') at='/users/show' ;;
    '/users/add') at='/users/add' ;;
    '/users/change') at='/users/change' ;;
    '/users/remove') at='/users/remove' ;;
    '/users/reset-password') at='/users/reset-password' ;;
    '/users/unlock') at='/users/unlock' ;;
    '/users/reset-totp') at='/users/reset-totp' ;;
    '/roles') at='/roles' ;;
    '/roles/list') at='/roles/list' ;;
    '/roles/show') at='/roles/show' ;;
    '/roles/functions') at='/roles/functions' ;;
    '/tokens') at='/tokens' ;;
    '/tokens/list') at='/tokens/list' ;;
    '/tokens/add') at='/tokens/add' ;;
    '/tokens/remove') at='/tokens/remove' ;;
    '/audit') at='/audit' ;;
    '/completion') at='/completion' ;;
    '/init') at='/init' ;;
    '/check') at='/check' ;;
    '/join') at='/join' ;;
    '/join-token') at='/join-token' ;;
    '/forming') at='/forming' ;;
    *) _yosugara_args+=("$word") ;;
    esac
  done
  if ((skip)); then
    case "$at $previous" in
    '/status --config') _yosugara_files ;;
    '/runbook --config') _yosugara_files ;;
    '/runbook --language') _yosugara_words 'en
ja' ;;
    '/overview --config') _yosugara_files ;;
    '/recover --config') _yosugara_files ;;
    '/switchover --config') _yosugara_files ;;
    '/switchover --to') _yosugara_asked member ;;
    '/promote --config') _yosugara_files ;;
    '/pause --config') _yosugara_files ;;
    '/resume --config') _yosugara_files ;;
    '/maintenance --config') _yosugara_files ;;
    '/fence/status --config') _yosugara_files ;;
    '/fence/check --config') _yosugara_files ;;
    '/fence/off --config') _yosugara_files ;;
    '/drill --config') _yosugara_files ;;
    '/dr/status --config') _yosugara_files ;;
    '/dr/promote --config') _yosugara_files ;;
    '/dr/drill --config') _yosugara_files ;;
    '/certificates/list --config') _yosugara_files ;;
    '/certificates/renew --config') _yosugara_files ;;
    '/certificates/keep --config') _yosugara_files ;;
    '/certificates/rotate-ca --config') _yosugara_files ;;
    '/certificates/revoke --config') _yosugara_files ;;
    '/take-overs --config') _yosugara_files ;;
    '/lag --config') _yosugara_files ;;
    '/upgrade/status --config') _yosugara_files ;;
    '/upgrade/check --config') _yosugara_files ;;
    '/upgrade/finish --config') _yosugara_files ;;
    '/upgrade/postgres --config') _yosugara_files ;;
    '/version --config') _yosugara_files ;;
    '/self --config') _yosugara_files ;;
    '/capacity --config') _yosugara_files ;;
    '/backup/take --config') _yosugara_files ;;
    '/backup/take --type') _yosugara_words 'full
diff
incr' ;;
    '/backup/list --config') _yosugara_files ;;
    '/backup/verify --config') _yosugara_files ;;
    '/restore --config') _yosugara_files ;;
    '/restore --into') _yosugara_files ;;
    '/freeze --config') _yosugara_files ;;
    '/thaw --config') _yosugara_files ;;
    '/messages --config') _yosugara_files ;;
    '/messages --facility') _yosugara_asked facility ;;
    '/messages --kind') _yosugara_words 'syslog
trap
custom' ;;
    '/messages --transport') _yosugara_words 'udp
tcp
tls
relp
http' ;;
    '/messages --only-at') _yosugara_asked member ;;
    '/ingest/status --config') _yosugara_files ;;
    '/ingest/trace --config') _yosugara_files ;;
    '/journal/verify --config') _yosugara_files ;;
    '/journal/inspect --config') _yosugara_files ;;
    '/journal/export --config') _yosugara_files ;;
    '/journal/export --format') _yosugara_words 'json
text' ;;
    '/mib/import --config') _yosugara_files ;;
    '/mib/list --config') _yosugara_files ;;
    '/mib/show --config') _yosugara_files ;;
    '/mib/source --config') _yosugara_files ;;
    '/mib/delete --config') _yosugara_files ;;
    '/mib/lookup --config') _yosugara_files ;;
    '/events --config') _yosugara_files ;;
    '/events --priority') _yosugara_words 'critical
unknown
warning
info' ;;
    '/events --facility') _yosugara_asked facility ;;
    '/events --monitor') _yosugara_asked monitor ;;
    '/events --owner') _yosugara_asked login ;;
    '/events/show --config') _yosugara_files ;;
    '/events/confirm --config') _yosugara_files ;;
    '/events/unconfirm --config') _yosugara_files ;;
    '/events/comment --config') _yosugara_files ;;
    '/events/own --config') _yosugara_files ;;
    '/events/own --owner') _yosugara_asked login ;;
    '/events/counts --config') _yosugara_files ;;
    '/statuses --config') _yosugara_files ;;
    '/statuses --priority') _yosugara_words 'critical
unknown
warning
info' ;;
    '/statuses --facility') _yosugara_asked facility ;;
    '/statuses --monitor') _yosugara_asked monitor ;;
    '/nodes/list --config') _yosugara_files ;;
    '/nodes/list --scope') _yosugara_asked scope ;;
    '/nodes/list --owner') _yosugara_asked role ;;
    '/nodes/show --config') _yosugara_files ;;
    '/nodes/add --config') _yosugara_files ;;
    '/nodes/add --scope') _yosugara_asked scope ;;
    '/nodes/add --platform') _yosugara_words 'LINUX
WINDOWS
NW_EQUIPMENT
OTHER' ;;
    '/nodes/resolve --config') _yosugara_files ;;
    '/nodes/search --config') _yosugara_files ;;
    '/nodes/search --snmp-file') _yosugara_files ;;
    '/nodes/search --scope') _yosugara_asked scope ;;
    '/nodes/inventory --config') _yosugara_files ;;
    '/nodes/inventory --kind') _yosugara_words 'host
os
boot
cpu
memory
interface
filesystem
device
package
port
process' ;;
    '/nodes/find --config') _yosugara_files ;;
    '/nodes/find --kind') _yosugara_words 'host
os
boot
cpu
memory
interface
filesystem
device
package
port
process' ;;
    '/nodes/remove --config') _yosugara_files ;;
    '/scopes --config') _yosugara_files ;;
    '/apply --config') _yosugara_files ;;
    '/apply -f') _yosugara_files ;;
    '/apply --file') _yosugara_files ;;
    '/apply --delete-missing') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/diff --config') _yosugara_files ;;
    '/diff -f') _yosugara_files ;;
    '/diff --file') _yosugara_files ;;
    '/diff --delete-missing') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/export --config') _yosugara_files ;;
    '/export --kind') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/export --format') _yosugara_words 'yaml
csv' ;;
    '/settings/kinds --config') _yosugara_files ;;
    '/settings/list --config') _yosugara_files ;;
    '/settings/list --owner') _yosugara_asked role ;;
    '/settings/show --config') _yosugara_files ;;
    '/settings/schema --config') _yosugara_files ;;
    '/settings/history --config') _yosugara_files ;;
    '/settings/revert --config') _yosugara_files ;;
    '/settings/enable --config') _yosugara_files ;;
    '/settings/disable --config') _yosugara_files ;;
    '/settings/remove --config') _yosugara_files ;;
    '/retention/show --config') _yosugara_files ;;
    '/retention/preview --config') _yosugara_files ;;
    '/retention/clean-up --config') _yosugara_files ;;
    '/retention/runs --config') _yosugara_files ;;
    '/retention/runs --kind') _yosugara_words 'messages
counts
events
confirmedEvents
statuses
values
hours
days
months
jobs
notifications
settingHistory
inventory
memory
audit
takeOvers
lag' ;;
    '/secrets/status --config') _yosugara_files ;;
    '/secrets/rotate --config') _yosugara_files ;;
    '/secrets/new-key --config') _yosugara_files ;;
    '/secrets/export-keys --config') _yosugara_files ;;
    '/secrets/import-keys --config') _yosugara_files ;;
    '/monitors/test --config') _yosugara_files ;;
    '/monitors/test -f') _yosugara_files ;;
    '/monitors/test --file') _yosugara_files ;;
    '/monitors/test --line-file') _yosugara_files ;;
    '/monitors/run --config') _yosugara_files ;;
    '/notifications/test --config') _yosugara_files ;;
    '/notifications/test --priority') _yosugara_words 'critical
unknown
warning
info' ;;
    '/graphs/list --config') _yosugara_files ;;
    '/graphs/list --facility') _yosugara_asked facility ;;
    '/graphs/list --monitor') _yosugara_asked monitor ;;
    '/graphs/show --config') _yosugara_files ;;
    '/calendars/list --config') _yosugara_files ;;
    '/calendars/show --config') _yosugara_files ;;
    '/calendars/open --config') _yosugara_files ;;
    '/jobs/list --config') _yosugara_files ;;
    '/jobs/list --unit') _yosugara_asked job-unit ;;
    '/jobs/list --trigger') _yosugara_asked job-trigger ;;
    '/jobs/list --trigger-type') _yosugara_words 'schedule
file-check
link-receive
manual
event
api' ;;
    '/jobs/show --config') _yosugara_files ;;
    '/jobs/history --config') _yosugara_files ;;
    '/jobs/output --config') _yosugara_files ;;
    '/jobs/output --node') _yosugara_asked node ;;
    '/jobs/run --config') _yosugara_files ;;
    '/jobs/run --trigger') _yosugara_asked job-trigger ;;
    '/jobs/rerun --config') _yosugara_files ;;
    '/jobs/rerun --node') _yosugara_asked node ;;
    '/jobs/release-hold --config') _yosugara_files ;;
    '/jobs/release-hold --node') _yosugara_asked node ;;
    '/jobs/release-skip --config') _yosugara_files ;;
    '/jobs/release-skip --node') _yosugara_asked node ;;
    '/jobs/release-suspend --config') _yosugara_files ;;
    '/jobs/release-suspend --node') _yosugara_asked node ;;
    '/jobs/force-run --config') _yosugara_files ;;
    '/jobs/force-run --node') _yosugara_asked node ;;
    '/jobs/stop --config') _yosugara_files ;;
    '/jobs/stop --node') _yosugara_asked node ;;
    '/jobs/suspend --config') _yosugara_files ;;
    '/jobs/suspend --node') _yosugara_asked node ;;
    '/jobs/skip --config') _yosugara_files ;;
    '/jobs/skip --node') _yosugara_asked node ;;
    '/jobs/skip --status') _yosugara_words 'normal
warning
abnormal' ;;
    '/jobs/hold --config') _yosugara_files ;;
    '/jobs/hold --node') _yosugara_asked node ;;
    '/jobs/change-end --config') _yosugara_files ;;
    '/jobs/change-end --node') _yosugara_asked node ;;
    '/jobs/change-end --status') _yosugara_words 'normal
warning
abnormal' ;;
    '/jobs/set-end --config') _yosugara_files ;;
    '/jobs/set-end --node') _yosugara_asked node ;;
    '/jobs/set-end --status') _yosugara_words 'normal
warning
abnormal' ;;
    '/jobs/force-end --config') _yosugara_files ;;
    '/jobs/force-end --node') _yosugara_asked node ;;
    '/jobs/force-end --status') _yosugara_words 'normal
warning
abnormal' ;;
    '/jobs/force-stop --config') _yosugara_files ;;
    '/jobs/force-stop --node') _yosugara_asked node ;;
    '/jobs/approve --config') _yosugara_files ;;
    '/jobs/approve --node') _yosugara_asked node ;;
    '/jobs/deny --config') _yosugara_files ;;
    '/jobs/deny --node') _yosugara_asked node ;;
    '/jobs/release --config') _yosugara_files ;;
    '/jobs/release --node') _yosugara_asked node ;;
    '/jobs/plan --config') _yosugara_files ;;
    '/jobs/plan --unit') _yosugara_asked job-unit ;;
    '/jobs/plan --trigger') _yosugara_asked job-trigger ;;
    '/jobs/try-schedule --config') _yosugara_files ;;
    '/jobs/try-schedule -f') _yosugara_files ;;
    '/jobs/try-schedule --file') _yosugara_files ;;
    '/jobs/queues --config') _yosugara_files ;;
    '/jobs/approvals --config') _yosugara_files ;;
    '/jobs/link --config') _yosugara_files ;;
    '/jobs/link --priority') _yosugara_words 'critical
unknown
warning
info' ;;
    '/jobs/links --config') _yosugara_files ;;
    '/agents/list --config') _yosugara_files ;;
    '/agents/token --config') _yosugara_files ;;
    '/agents/token --node') _yosugara_asked node ;;
    '/agents/token --scope') _yosugara_asked scope ;;
    '/agents/token --owner-role') _yosugara_asked role ;;
    '/agents/tokens --config') _yosugara_files ;;
    '/agents/remove-token --config') _yosugara_files ;;
    '/agents/revoke --config') _yosugara_files ;;
    '/login --config') _yosugara_files ;;
    '/login --password-file') _yosugara_files ;;
    '/login --code-file') _yosugara_files ;;
    '/logout --config') _yosugara_files ;;
    '/whoami --config') _yosugara_files ;;
    '/account/change --config') _yosugara_files ;;
    '/account/change --language') _yosugara_words 'en
ja' ;;
    '/account/password --config') _yosugara_files ;;
    '/account/password --password-file') _yosugara_files ;;
    '/account/password --new-password-file') _yosugara_files ;;
    '/account/totp-begin --config') _yosugara_files ;;
    '/account/totp-begin --password-file') _yosugara_files ;;
    '/account/totp-confirm --config') _yosugara_files ;;
    '/account/totp-confirm --code-file') _yosugara_files ;;
    '/account/totp-disable --config') _yosugara_files ;;
    '/account/totp-disable --password-file') _yosugara_files ;;
    '/account/totp-disable --code-file') _yosugara_files ;;
    '/users/list --config') _yosugara_files ;;
    '/users/list --role') _yosugara_asked role ;;
    '/users/show --config') _yosugara_files ;;
    '/users/add --config') _yosugara_files ;;
    '/users/add --role') _yosugara_asked role ;;
    '/users/add --language') _yosugara_words 'en
ja' ;;
    '/users/add --password-file') _yosugara_files ;;
    '/users/change --config') _yosugara_files ;;
    '/users/change --role') _yosugara_asked role ;;
    '/users/change --language') _yosugara_words 'en
ja' ;;
    '/users/remove --config') _yosugara_files ;;
    '/users/reset-password --config') _yosugara_files ;;
    '/users/reset-password --password-file') _yosugara_files ;;
    '/users/unlock --config') _yosugara_files ;;
    '/users/reset-totp --config') _yosugara_files ;;
    '/roles/list --config') _yosugara_files ;;
    '/roles/show --config') _yosugara_files ;;
    '/roles/functions --config') _yosugara_files ;;
    '/tokens/list --config') _yosugara_files ;;
    '/tokens/list --user') _yosugara_asked login ;;
    '/tokens/add --config') _yosugara_files ;;
    '/tokens/add --role') _yosugara_asked role ;;
    '/tokens/add --token-file') _yosugara_files ;;
    '/tokens/remove --config') _yosugara_files ;;
    '/audit --config') _yosugara_files ;;
    '/audit --who') _yosugara_asked login ;;
    '/init --out') _yosugara_files ;;
    '/init --vip-driver') _yosugara_words 'bind
ip
none
ocf
command' ;;
    '/init --profile') _yosugara_words 'fast
lan
tolerant
vm
wan-arbiter' ;;
    '/init --policy') _yosugara_words 'available
strict' ;;
    '/init --auto-rejoin') _yosugara_words 'never
clean
always' ;;
    '/init --state-dir') _yosugara_files ;;
    '/init --data-dir') _yosugara_files ;;
    '/init --postgres-bin') _yosugara_files ;;
    '/init --static-dir') _yosugara_files ;;
    '/init --backup') _yosugara_files ;;
    '/init --config-dir') _yosugara_files ;;
    '/init --cluster-file') _yosugara_files ;;
    '/check --config') _yosugara_files ;;
    '/join --state-dir') _yosugara_files ;;
    '/join --data-dir') _yosugara_files ;;
    '/join --postgres-bin') _yosugara_files ;;
    '/join --config-dir') _yosugara_files ;;
    '/join-token --config-dir') _yosugara_files ;;
    '/forming --state-dir') _yosugara_files ;;
    '/forming --data-dir') _yosugara_files ;;
    '/forming --config-dir') _yosugara_files ;;
    esac
    return
  fi
  if [[ $_yosugara_cur == -* ]]; then
    case "$at" in
    '') _yosugara_words '--version
--help' ;;
    '/status') _yosugara_words '--config
--json
--watch
--help' ;;
    '/runbook') _yosugara_words '--config
--json
--language
--help' ;;
    '/overview') _yosugara_words '--config
--json
--watch
--help' ;;
    '/recover') _yosugara_words '--config
--json
--dry-run
--discard-unknown
--timeout
--help' ;;
    '/switchover') _yosugara_words '--config
--json
--to
--timeout
--help' ;;
    '/promote') _yosugara_words '--config
--json
--accept-data-loss
--old-master-is-off
--timeout
--help' ;;
    '/pause') _yosugara_words '--config
--json
--minutes
--why
--help' ;;
    '/resume') _yosugara_words '--config
--json
--help' ;;
    '/maintenance') _yosugara_words '--config
--json
--on
--off
--minutes
--why
--help' ;;
    '/fence') _yosugara_words '--help' ;;
    '/fence/status') _yosugara_words '--config
--json
--help' ;;
    '/fence/check') _yosugara_words '--config
--json
--help' ;;
    '/fence/off') _yosugara_words '--config
--json
--why
--yes-cut-power
--even-if-nobody-serves
--timeout
--help' ;;
    '/drill') _yosugara_words '--config
--json
--back
--timeout
--help' ;;
    '/dr') _yosugara_words '--help' ;;
    '/dr/status') _yosugara_words '--config
--json
--help' ;;
    '/dr/promote') _yosugara_words '--config
--json
--evidence
--override
--timeout
--help' ;;
    '/dr/drill') _yosugara_words '--config
--json
--help' ;;
    '/certificates') _yosugara_words '--help' ;;
    '/certificates/list') _yosugara_words '--config
--json
--help' ;;
    '/certificates/renew') _yosugara_words '--config
--json
--help' ;;
    '/certificates/keep') _yosugara_words '--config
--json
--help' ;;
    '/certificates/rotate-ca') _yosugara_words '--config
--json
--leave-agents
--timeout
--help' ;;
    '/certificates/revoke') _yosugara_words '--config
--json
--yes
--help' ;;
    '/take-overs') _yosugara_words '--config
--json
--help' ;;
    '/lag') _yosugara_words '--config
--json
--watch
--help' ;;
    '/upgrade') _yosugara_words '--help' ;;
    '/upgrade/status') _yosugara_words '--config
--json
--help' ;;
    '/upgrade/check') _yosugara_words '--config
--json
--help' ;;
    '/upgrade/finish') _yosugara_words '--config
--json
--help' ;;
    '/upgrade/postgres') _yosugara_words '--config
--json
--replace
--to
--link
--help' ;;
    '/version') _yosugara_words '--config
--json
--help' ;;
    '/self') _yosugara_words '--config
--json
--all
--watch
--help' ;;
    '/capacity') _yosugara_words '--config
--json
--all
--watch
--help' ;;
    '/backup') _yosugara_words '--help' ;;
    '/backup/take') _yosugara_words '--config
--json
--type
--if-master
--help' ;;
    '/backup/list') _yosugara_words '--config
--json
--help' ;;
    '/backup/verify') _yosugara_words '--config
--json
--restore
--help' ;;
    '/restore') _yosugara_words '--config
--json
--to
--into
--replace
--evidence
--accept-gap
--help' ;;
    '/freeze') _yosugara_words '--config
--json
--for
--help' ;;
    '/thaw') _yosugara_words '--config
--json
--help' ;;
    '/messages') _yosugara_words '--config
--json
--text
--source
--host
--app
--proc
--facility
--severity
--kind
--transport
--sd
--varbind
--trap
--only-at
--reason
--since
--until
--limit
--after
--csv
--histogram
--follow
--help' ;;
    '/ingest') _yosugara_words '--help' ;;
    '/ingest/status') _yosugara_words '--config
--json
--since
--until
--source
--limit
--watch
--help' ;;
    '/ingest/trace') _yosugara_words '--config
--json
--help' ;;
    '/journal') _yosugara_words '--help' ;;
    '/journal/verify') _yosugara_words '--config
--json
--help' ;;
    '/journal/inspect') _yosugara_words '--config
--json
--help' ;;
    '/journal/export') _yosugara_words '--config
--json
--from
--through
--format
--help' ;;
    '/mib') _yosugara_words '--help' ;;
    '/mib/import') _yosugara_words '--config
--json
--help' ;;
    '/mib/list') _yosugara_words '--config
--json
--help' ;;
    '/mib/show') _yosugara_words '--config
--json
--help' ;;
    '/mib/source') _yosugara_words '--config
--json
--help' ;;
    '/mib/delete') _yosugara_words '--config
--json
--help' ;;
    '/mib/lookup') _yosugara_words '--config
--json
--help' ;;
    '/events') _yosugara_words '--config
--json
--state
--open
--priority
--facility
--scope
--monitor
--plugin
--owner
--text
--since
--until
--limit
--after
--csv
--follow
--help' ;;
    '/events/show') _yosugara_words '--config
--json
--help' ;;
    '/events/confirm') _yosugara_words '--config
--json
--comment
--help' ;;
    '/events/unconfirm') _yosugara_words '--config
--json
--comment
--help' ;;
    '/events/comment') _yosugara_words '--config
--json
--comment
--help' ;;
    '/events/own') _yosugara_words '--config
--json
--owner
--help' ;;
    '/events/counts') _yosugara_words '--config
--json
--watch
--help' ;;
    '/statuses') _yosugara_words '--config
--json
--priority
--facility
--monitor
--limit
--csv
--watch
--help' ;;
    '/nodes') _yosugara_words '--help' ;;
    '/nodes/list') _yosugara_words '--config
--json
--text
--address
--host
--scope
--owner
--enabled
--disabled
--limit
--after
--help' ;;
    '/nodes/show') _yosugara_words '--config
--json
--help' ;;
    '/nodes/add') _yosugara_words '--config
--json
--name
--address
--host
--scope
--platform
--description
--help' ;;
    '/nodes/resolve') _yosugara_words '--config
--json
--help' ;;
    '/nodes/search') _yosugara_words '--config
--json
--range
--snmp-file
--add
--scope
--help' ;;
    '/nodes/inventory') _yosugara_words '--config
--json
--kind
--text
--at
--diff
--from
--collect
--limit
--after
--help' ;;
    '/nodes/find') _yosugara_words '--config
--json
--package
--kind
--name
--contains
--where
--at
--limit
--after
--help' ;;
    '/nodes/remove') _yosugara_words '--config
--json
--help' ;;
    '/scopes') _yosugara_words '--config
--json
--help' ;;
    '/apply') _yosugara_words '--config
--json
-f
--file
--delete-missing
--dry-run
--help' ;;
    '/diff') _yosugara_words '--config
--json
-f
--file
--delete-missing
--help' ;;
    '/export') _yosugara_words '--config
--json
--kind
--format
--help' ;;
    '/settings') _yosugara_words '--help' ;;
    '/settings/kinds') _yosugara_words '--config
--json
--help' ;;
    '/settings/list') _yosugara_words '--config
--json
--text
--owner
--enabled
--disabled
--limit
--after
--help' ;;
    '/settings/show') _yosugara_words '--config
--json
--yaml
--help' ;;
    '/settings/schema') _yosugara_words '--config
--json
--help' ;;
    '/settings/history') _yosugara_words '--config
--json
--limit
--help' ;;
    '/settings/revert') _yosugara_words '--config
--json
--help' ;;
    '/settings/enable') _yosugara_words '--config
--json
--help' ;;
    '/settings/disable') _yosugara_words '--config
--json
--help' ;;
    '/settings/remove') _yosugara_words '--config
--json
--help' ;;
    '/retention') _yosugara_words '--help' ;;
    '/retention/show') _yosugara_words '--config
--json
--watch
--help' ;;
    '/retention/preview') _yosugara_words '--config
--json
--help' ;;
    '/retention/clean-up') _yosugara_words '--config
--json
--help' ;;
    '/retention/runs') _yosugara_words '--config
--json
--kind
--limit
--help' ;;
    '/secrets') _yosugara_words '--help' ;;
    '/secrets/status') _yosugara_words '--config
--json
--help' ;;
    '/secrets/rotate') _yosugara_words '--config
--json
--help' ;;
    '/secrets/new-key') _yosugara_words '--config
--json
--help' ;;
    '/secrets/export-keys') _yosugara_words '--config
--json
--help' ;;
    '/secrets/import-keys') _yosugara_words '--config
--json
--help' ;;
    '/monitors') _yosugara_words '--help' ;;
    '/monitors/test') _yosugara_words '--config
--json
-f
--file
--line
--line-file
--help' ;;
    '/monitors/run') _yosugara_words '--config
--json
--within
--help' ;;
    '/notifications') _yosugara_words '--help' ;;
    '/notifications/test') _yosugara_words '--config
--json
--priority
--node
--message
--within
--help' ;;
    '/graphs') _yosugara_words '--help' ;;
    '/graphs/list') _yosugara_words '--config
--json
--facility
--monitor
--limit
--help' ;;
    '/graphs/show') _yosugara_words '--config
--json
--since
--until
--step
--csv
--watch
--help' ;;
    '/calendars') _yosugara_words '--help' ;;
    '/calendars/list') _yosugara_words '--config
--json
--help' ;;
    '/calendars/show') _yosugara_words '--config
--json
--month
--help' ;;
    '/calendars/open') _yosugara_words '--config
--json
--at
--help' ;;
    '/jobs') _yosugara_words '--help' ;;
    '/jobs/list') _yosugara_words '--config
--json
--unit
--job
--state
--end-status
--trigger
--trigger-type
--open
--over
--since
--until
--limit
--after
--watch
--help' ;;
    '/jobs/show') _yosugara_words '--config
--json
--watch
--help' ;;
    '/jobs/history') _yosugara_words '--config
--json
--help' ;;
    '/jobs/output') _yosugara_words '--config
--json
--node
--stderr
--help' ;;
    '/jobs/run') _yosugara_words '--config
--json
--job
--trigger
-p
--parameter
--ignore-times
--test-command
--request
--wait
--help' ;;
    '/jobs/rerun') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/release-hold') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/release-skip') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/release-suspend') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/force-run') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/stop') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/suspend') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/skip') _yosugara_words '--config
--json
--node
--comment
--status
--value
--help' ;;
    '/jobs/hold') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/change-end') _yosugara_words '--config
--json
--node
--comment
--status
--value
--help' ;;
    '/jobs/set-end') _yosugara_words '--config
--json
--node
--comment
--status
--value
--help' ;;
    '/jobs/force-end') _yosugara_words '--config
--json
--node
--comment
--status
--value
--help' ;;
    '/jobs/force-stop') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/approve') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/deny') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/release') _yosugara_words '--config
--json
--node
--comment
--help' ;;
    '/jobs/plan') _yosugara_words '--config
--json
--from
--to
--unit
--trigger
--limit
--help' ;;
    '/jobs/try-schedule') _yosugara_words '--config
--json
-f
--file
--limit
--help' ;;
    '/jobs/queues') _yosugara_words '--config
--json
--watch
--help' ;;
    '/jobs/approvals') _yosugara_words '--config
--json
--watch
--help' ;;
    '/jobs/link') _yosugara_words '--config
--json
--message
--priority
--value
--id
--help' ;;
    '/jobs/links') _yosugara_words '--config
--json
--message-id
--after
--limit
--help' ;;
    '/agents') _yosugara_words '--help' ;;
    '/agents/list') _yosugara_words '--config
--json
--text
--connected
--away
--limit
--after
--help' ;;
    '/agents/token') _yosugara_words '--config
--json
--node
--scope
--owner-role
--uses
--minutes
--description
--help' ;;
    '/agents/tokens') _yosugara_words '--config
--json
--help' ;;
    '/agents/remove-token') _yosugara_words '--config
--json
--help' ;;
    '/agents/revoke') _yosugara_words '--config
--json
--help' ;;
    '/login') _yosugara_words '--config
--json
--password-file
--code-file
--help' ;;
    '/logout') _yosugara_words '--config
--json
--help' ;;
    '/whoami') _yosugara_words '--config
--json
--help' ;;
    '/account') _yosugara_words '--help' ;;
    '/account/change') _yosugara_words '--config
--json
--name
--mail
--language
--time-zone
--help' ;;
    '/account/password') _yosugara_words '--config
--json
--password-file
--new-password-file
--help' ;;
    '/account/totp-begin') _yosugara_words '--config
--json
--password-file
--help' ;;
    '/account/totp-confirm') _yosugara_words '--config
--json
--code-file
--help' ;;
    '/account/totp-disable') _yosugara_words '--config
--json
--password-file
--code-file
--help' ;;
    '/users') _yosugara_words '--help' ;;
    '/users/list') _yosugara_words '--config
--json
--text
--role
--enabled
--disabled
--limit
--after
--help' ;;
    '/users/show') _yosugara_words '--config
--json
--help' ;;
    '/users/add') _yosugara_words '--config
--json
--name
--mail
--role
--language
--time-zone
--disable
--password-file
--help' ;;
    '/users/change') _yosugara_words '--config
--json
--name
--mail
--role
--language
--time-zone
--enable
--disable
--help' ;;
    '/users/remove') _yosugara_words '--config
--json
--help' ;;
    '/users/reset-password') _yosugara_words '--config
--json
--password-file
--help' ;;
    '/users/unlock') _yosugara_words '--config
--json
--help' ;;
    '/users/reset-totp') _yosugara_words '--config
--json
--help' ;;
    '/roles') _yosugara_words '--help' ;;
    '/roles/list') _yosugara_words '--config
--json
--help' ;;
    '/roles/show') _yosugara_words '--config
--json
--help' ;;
    '/roles/functions') _yosugara_words '--config
--json
--help' ;;
    '/tokens') _yosugara_words '--help' ;;
    '/tokens/list') _yosugara_words '--config
--json
--user
--help' ;;
    '/tokens/add') _yosugara_words '--config
--json
--role
--days
--token-file
--help' ;;
    '/tokens/remove') _yosugara_words '--config
--json
--help' ;;
    '/audit') _yosugara_words '--config
--json
--who
--what
--object
--refused
--since
--until
--limit
--after
--follow
--csv
--help' ;;
    '/completion') _yosugara_words '--help' ;;
    '/init') _yosugara_words '--out
--cluster-id
--member
--arbiter
--dr
--vip
--vip-driver
--vip-agent
--vip-interface
--vip-prefix
--profile
--policy
--auto-rejoin
--stop-proofs
--port
--state-dir
--data-dir
--postgres-bin
--static-dir
--backup
--plain-console
--authority-outside
--if-missing
--json
--config-dir
--account
--accept
--no-start
--self
--cluster-file
--secret
--restore
--accept-gap
--join-port
--minutes
--help' ;;
    '/check') _yosugara_words '--config
--json
--accept
--help' ;;
    '/join') _yosugara_words '--state-dir
--data-dir
--postgres-bin
--json
--config-dir
--account
--accept
--no-start
--help' ;;
    '/join-token') _yosugara_words '--minutes
--again
--config-dir
--json
--help' ;;
    '/forming') _yosugara_words '--state-dir
--data-dir
--config-dir
--account
--accept
--no-start
--help' ;;
    esac
    return
  fi
  if ((${#_yosugara_args[@]} == 0)); then
    case "$at" in
    '') _yosugara_words 'status
runbook
overview
recover
switchover
promote
pause
resume
maintenance
fence
drill
dr
certificates
take-overs
lag
upgrade
version
self
capacity
backup
restore
freeze
thaw
messages
ingest
journal
mib
events
statuses
nodes
scopes
apply
diff
export
settings
retention
secrets
monitors
notifications
graphs
calendars
jobs
agents
login
logout
whoami
account
users
roles
tokens
audit
completion
init
check
join
join-token
forming' ;;
    '/fence') _yosugara_words 'status
check
off' ;;
    '/dr') _yosugara_words 'status
promote
drill' ;;
    '/certificates') _yosugara_words 'list
renew
keep
rotate-ca
revoke' ;;
    '/upgrade') _yosugara_words 'status
check
finish
postgres' ;;
    '/backup') _yosugara_words 'take
list
verify' ;;
    '/ingest') _yosugara_words 'status
trace' ;;
    '/journal') _yosugara_words 'verify
inspect
export' ;;
    '/mib') _yosugara_words 'import
list
show
source
delete
lookup' ;;
    '/events') _yosugara_words 'show
confirm
unconfirm
comment
own
counts' ;;
    '/nodes') _yosugara_words 'list
show
add
resolve
search
inventory
find
remove' ;;
    '/settings') _yosugara_words 'kinds
list
show
schema
history
revert
enable
disable
remove' ;;
    '/retention') _yosugara_words 'show
preview
clean-up
runs' ;;
    '/secrets') _yosugara_words 'status
rotate
new-key
export-keys
import-keys' ;;
    '/monitors') _yosugara_words 'test
run' ;;
    '/notifications') _yosugara_words 'test' ;;
    '/graphs') _yosugara_words 'list
show' ;;
    '/calendars') _yosugara_words 'list
show
open' ;;
    '/jobs') _yosugara_words 'list
show
history
output
run
rerun
release-hold
release-skip
release-suspend
force-run
stop
suspend
skip
hold
change-end
set-end
force-end
force-stop
approve
deny
release
plan
try-schedule
queues
approvals
link
links' ;;
    '/agents') _yosugara_words 'list
token
tokens
remove-token
revoke' ;;
    '/account') _yosugara_words 'change
password
totp-begin
totp-confirm
totp-disable' ;;
    '/users') _yosugara_words 'list
show
add
change
remove
reset-password
unlock
reset-totp' ;;
    '/roles') _yosugara_words 'list
show
functions' ;;
    '/tokens') _yosugara_words 'list
add
remove' ;;
    esac
  fi
  case "$at ${#_yosugara_args[@]}" in
    '/recover 0') _yosugara_asked member ;;
    '/promote 0') _yosugara_asked member ;;
    '/maintenance 0') _yosugara_asked member ;;
    '/fence/check 0') _yosugara_asked member ;;
    '/fence/off 0') _yosugara_asked member ;;
    '/dr/promote 0') _yosugara_asked member ;;
    '/certificates/renew 0') _yosugara_asked member ;;
    '/certificates/keep 0') _yosugara_files ;;
    '/certificates/revoke 0') _yosugara_asked member ;;
    '/mib/import 0'|'/mib/import '*) _yosugara_files ;;
    '/mib/show 0') _yosugara_asked mib ;;
    '/mib/source 0') _yosugara_asked mib ;;
    '/mib/delete 0') _yosugara_asked mib ;;
    '/events/show 0') _yosugara_asked event ;;
    '/events/confirm 0'|'/events/confirm '*) _yosugara_asked event ;;
    '/events/unconfirm 0'|'/events/unconfirm '*) _yosugara_asked event ;;
    '/events/comment 0'|'/events/comment '*) _yosugara_asked event ;;
    '/events/own 0'|'/events/own '*) _yosugara_asked event ;;
    '/nodes/show 0') _yosugara_asked node ;;
    '/nodes/inventory 0') _yosugara_asked node ;;
    '/nodes/remove 0') _yosugara_asked node ;;
    '/settings/list 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/show 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/show 1') _yosugara_asked setting ;;
    '/settings/schema 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/history 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/history 1') _yosugara_asked setting ;;
    '/settings/revert 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/revert 1') _yosugara_asked setting ;;
    '/settings/enable 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/enable 1'|'/settings/enable '*) _yosugara_asked setting ;;
    '/settings/disable 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/disable 1'|'/settings/disable '*) _yosugara_asked setting ;;
    '/settings/remove 0') _yosugara_words 'scope
node
calendar-pattern
calendar
mail-server
mail-template
rest-access
notification
monitor
maintenance
filter
job-queue
job-unit
job-trigger
role
dashboard
retention' ;;
    '/settings/remove 1') _yosugara_asked setting ;;
    '/retention/preview 0'|'/retention/preview '*) _yosugara_words 'messages
counts
events
confirmedEvents
statuses
values
hours
days
months
jobs
notifications
settingHistory
inventory
memory
audit
takeOvers
lag' ;;
    '/retention/clean-up 0'|'/retention/clean-up '*) _yosugara_words 'messages
counts
events
confirmedEvents
statuses
values
hours
days
months
jobs
notifications
settingHistory
inventory
memory
audit
takeOvers
lag' ;;
    '/monitors/test 0') _yosugara_asked monitor ;;
    '/monitors/run 0') _yosugara_asked monitor ;;
    '/monitors/run 1'|'/monitors/run '*) _yosugara_asked node ;;
    '/notifications/test 0') _yosugara_asked notification ;;
    '/graphs/show 0'|'/graphs/show '*) _yosugara_asked series ;;
    '/calendars/show 0') _yosugara_asked calendar ;;
    '/calendars/open 0') _yosugara_asked calendar ;;
    '/jobs/show 0') _yosugara_asked session ;;
    '/jobs/show 1') _yosugara_asked job ;;
    '/jobs/history 0') _yosugara_asked session ;;
    '/jobs/output 0') _yosugara_asked session ;;
    '/jobs/output 1') _yosugara_asked job ;;
    '/jobs/run 0') _yosugara_asked job-unit ;;
    '/jobs/rerun 0') _yosugara_asked session ;;
    '/jobs/rerun 1') _yosugara_asked job ;;
    '/jobs/release-hold 0') _yosugara_asked session ;;
    '/jobs/release-hold 1') _yosugara_asked job ;;
    '/jobs/release-skip 0') _yosugara_asked session ;;
    '/jobs/release-skip 1') _yosugara_asked job ;;
    '/jobs/release-suspend 0') _yosugara_asked session ;;
    '/jobs/release-suspend 1') _yosugara_asked job ;;
    '/jobs/force-run 0') _yosugara_asked session ;;
    '/jobs/force-run 1') _yosugara_asked job ;;
    '/jobs/stop 0') _yosugara_asked session ;;
    '/jobs/stop 1') _yosugara_asked job ;;
    '/jobs/suspend 0') _yosugara_asked session ;;
    '/jobs/suspend 1') _yosugara_asked job ;;
    '/jobs/skip 0') _yosugara_asked session ;;
    '/jobs/skip 1') _yosugara_asked job ;;
    '/jobs/hold 0') _yosugara_asked session ;;
    '/jobs/hold 1') _yosugara_asked job ;;
    '/jobs/change-end 0') _yosugara_asked session ;;
    '/jobs/change-end 1') _yosugara_asked job ;;
    '/jobs/set-end 0') _yosugara_asked session ;;
    '/jobs/set-end 1') _yosugara_asked job ;;
    '/jobs/force-end 0') _yosugara_asked session ;;
    '/jobs/force-end 1') _yosugara_asked job ;;
    '/jobs/force-stop 0') _yosugara_asked session ;;
    '/jobs/force-stop 1') _yosugara_asked job ;;
    '/jobs/approve 0') _yosugara_asked session ;;
    '/jobs/approve 1') _yosugara_asked job ;;
    '/jobs/deny 0') _yosugara_asked session ;;
    '/jobs/deny 1') _yosugara_asked job ;;
    '/jobs/release 0') _yosugara_asked session ;;
    '/jobs/release 1') _yosugara_asked job ;;
    '/jobs/try-schedule 0') _yosugara_asked job-trigger ;;
    '/agents/revoke 0') _yosugara_asked agent ;;
    '/users/show 0') _yosugara_asked login ;;
    '/users/change 0') _yosugara_asked login ;;
    '/users/remove 0') _yosugara_asked login ;;
    '/users/reset-password 0') _yosugara_asked login ;;
    '/users/unlock 0') _yosugara_asked login ;;
    '/users/reset-totp 0') _yosugara_asked login ;;
    '/roles/show 0') _yosugara_asked role ;;
    '/completion 0') _yosugara_words 'bash
zsh' ;;
  esac
}
complete -F _yosugara yosugara
