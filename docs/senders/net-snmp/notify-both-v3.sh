#!/bin/sh
# One SNMPv3 notification to both nodes: notify-both-v3.sh trap|inform <oid> [<varbind> <type> <value>]…
#
# User and passphrases stand in ~/.snmp/snmp.conf, readable by you only, and not on the command line:
#   defSecurityName ops          defSecurityLevel authPriv
#   defAuthType SHA-256          defAuthPassphrase …
#   defPrivType AES              defPrivPassphrase …
how=$1; shift
# Whose notification it is, the same in both copies: net-snmp's number, 04 for a text, and this host's name.
engine=0x80001f8804$(printf %s "$(uname -n)" | cut -c1-27 | tr -d '\n' | od -An -v -tx1 | tr -d ' \n')
uptime=$(cut -d' ' -f1 /proc/uptime | tr -d .)
# net-snmp's programs break each other's state when they run at the same time in one folder.
state=$(mktemp -d) || exit 1
trap 'rm -rf "$state"' EXIT
failed=0
case $how in
  # A TRAP speaks for this host's engine: its clock is that of the host, so that it never goes back.
  trap) for node in a.example.org b.example.org; do
      SNMP_PERSISTENT_DIR=$state snmptrap -v3 -e "$engine" -E "$engine" -Z "1,$(date +%s)" "$node:162" "$uptime" "$@" || failed=1
    done ;;
  # Each asks its node for its engine and waits for the answer: 10 tries, 1 s apart, outlast a take-over. One answer is enough.
  inform)
    SNMP_PERSISTENT_DIR=$state/a snmpinform -v3 -E "$engine" -r 10 -t 1 a.example.org:162 "$uptime" "$@" & first=$!
    SNMP_PERSISTENT_DIR=$state/b snmpinform -v3 -E "$engine" -r 10 -t 1 b.example.org:162 "$uptime" "$@" || failed=1
    wait $first || failed=$((failed + 1))
    [ $failed -lt 2 ] && failed=0 ;;
  *) echo "usage: $0 trap|inform <oid> [<varbind> <type> <value>]..." >&2; exit 64 ;;
esac
exit $failed
