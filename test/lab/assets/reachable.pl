#!/usr/bin/perl
# Exit 0 when the address answers at all within a second: a refused connection is an answer.
use strict;
use warnings;
use IO::Socket::INET;
use Errno qw(ECONNREFUSED);
my ($address) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => 9, Proto => 'tcp', Timeout => 1);
exit($socket || $! == ECONNREFUSED ? 0 : 1);
