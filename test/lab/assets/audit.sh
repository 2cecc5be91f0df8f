#!/bin/sh
# Runs in namespaces of its own (mount, PID, net, IPC): what it mounts and starts ends with it.
# PostgreSQL on a copy of a disk that lost its power: no peer, no archive, no waiting for a Standby, no network; only what this
# disk holds. The command line overrides every file.
set -eu
image=$1 mountpoint=$2 pgdata=$mountpoint/$3 bin=$4 sockets=$5
mount -o loop,noatime "$image" "$mountpoint"
chown postgres "$sockets"
# Nothing runs on this copy: the lock is of the life that lost its power (and empty, if it was never flushed).
rm -f "$pgdata/postmaster.pid"
printf 'local all all trust\n' > "$sockets/hba"
chmod 644 "$sockets/hba"
setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$pgdata" -p 5432 -c listen_addresses= \
  -c "unix_socket_directories=$sockets" -c "hba_file=$sockets/hba" -c ssl=off -c primary_conninfo= -c primary_slot_name= \
  -c restore_command= -c archive_mode=off -c synchronous_standby_names= -c hot_standby=on
