#!/usr/bin/perl
# A volume whose server never answers: a FUSE mount that nobody serves. Whoever looks below it sleeps uninterruptibly, as on a
# hard-mounted NFS whose server is gone. The mount is aborted, and every sleeper let go, when this process ends.
use strict;
use warnings;
use Fcntl;
$^F = 255;
my ($at) = @ARGV;
sysopen(my $fuse, '/dev/fuse', O_RDWR) or die "cannot open /dev/fuse: $!\n";
my @strings = ('lab', $at, 'fuse', 'fd=' . fileno($fuse) . ',rootmode=40000,user_id=0,group_id=0,allow_other');
my ($source, $target, $type, $options) = map { "$_\0" } @strings;
my $SYS_MOUNT = { 'x86_64' => 165, 'aarch64' => 40 }->{ (POSIX::uname())[4] };
BEGIN { require POSIX; }
syscall($SYS_MOUNT, $source, $target, $type, 0, $options) == 0 or die "cannot mount: $!\n";
sleep 3600 while 1;
