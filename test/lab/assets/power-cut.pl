#!/usr/bin/perl
# What a power cut does to a disk: EXT4_IOC_SHUTDOWN with NOLOGFLUSH. From this instant nothing more reaches the disk, neither
# dirty pages nor the file system's journal; what was fsynced is there at the next mount (journal replay), what was not is
# gone. It is the way xfstests ("godown") proves the crash safety of ext4 and XFS themselves.
use strict;
use warnings;
use constant { EXT4_IOC_SHUTDOWN => 0x8004587d, NOLOGFLUSH => 2 };
for my $mountpoint (@ARGV) {
    open(my $at, '<', $mountpoint) or die "cannot open $mountpoint: $!\n";
    my $how = pack('L', NOLOGFLUSH);
    ioctl($at, EXT4_IOC_SHUTDOWN, $how) or die "cannot cut the power of $mountpoint: $!\n";
}
