#!/bin/sh
# One notification to both nodes: notify-both.sh trap|inform <oid> [<varbind> <type> <value>]…
#
# Both copies say the same uptime; with '' in its place each snmptrap takes its own, and one message becomes two rows.
how=$1; shift
uptime=$(cut -d' ' -f1 /proc/uptime | tr -d .)
as="-v2c -c ops-traps"
failed=0
case $how in
  trap) for node in a.example.org b.example.org; do snmptrap $as "$node:162" "$uptime" "$@" || failed=1; done ;;
  # Each waits for its node's answer, so at the same time; 10 tries, 1 s apart, outlast a take-over. One answer is enough: it
  # says that both nodes have the message on disk.
  inform)
    snmpinform $as -r 10 -t 1 a.example.org:162 "$uptime" "$@" & first=$!
    snmpinform $as -r 10 -t 1 b.example.org:162 "$uptime" "$@" || failed=1
    wait $first || failed=$((failed + 1))
    [ $failed -lt 2 ] && failed=0 ;;
  *) echo "usage: $0 trap|inform <oid> [<varbind> <type> <value>]..." >&2; exit 64 ;;
esac
exit $failed
