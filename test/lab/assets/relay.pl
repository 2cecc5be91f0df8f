#!/usr/bin/perl
# A slow wire: frames between two interfaces arrive late, out of order or twice. The kernel here has no netem.
# relay.pl IFACE IFACE DELAY_MS JITTER_MS KEEPS_ORDER(0|1) DOUBLES_PERCENT SPARED_UDP_PORTS(comma list). Ends when its standard input does.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl;
use Socket;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# packet(7), linux/if_packet.h. The virtio header keeps checksums and segments that the sender left to its card.
use constant { AF_PACKET => 17, ETH_P_ALL => 3, SOL_PACKET => 263, PACKET_VNET_HDR => 15, PACKET_IGNORE_OUTGOING => 23 };
use constant { SO_SNDBUFFORCE => 32, SO_RCVBUFFORCE => 33, VNET_HDR_BYTES => 10, MAX_FRAME_BYTES => 70_000, MAX_QUEUED => 50_000 };

my ($left, $right, $delayMs, $jitterMs, $keepsOrder, $doublesPercent, $spared) = @ARGV;
my %spared = map { $_ => 1 } split /,/, $spared // '';

sub on_interface {
  my ($name) = @_;
  socket(my $socket, AF_PACKET, SOCK_RAW, unpack('S', pack('n', ETH_P_ALL))) or die "socket: $!\n";
  my $index = index_of($name);
  setsockopt($socket, SOL_PACKET, $_, pack('i', 1)) or die "setsockopt $_: $!\n" for PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING;
  setsockopt($socket, SOL_SOCKET, $_, pack('i', 32 << 20)) or die "setsockopt $_: $!\n" for SO_SNDBUFFORCE, SO_RCVBUFFORCE;
  bind($socket, pack('S n i S C C a8', AF_PACKET, ETH_P_ALL, $index, 0, 0, 0, '')) or die "bind $name: $!\n";
  fcntl($socket, F_SETFL, O_NONBLOCK) or die "fcntl: $!\n";
  return $socket;
}

# SIOCGIFINDEX (netdevice(7)): /sys shows the network namespace that it was mounted in, which may be another one.
sub index_of {
  my ($name) = @_;
  socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
  my $request = pack('a16 i x20', $name, 0);
  ioctl($any, 0x8933, $request) or die "no interface $name: $!\n";
  return (unpack('a16 i', $request))[1];
}

sub is_spared {
  my ($frame) = @_;
  my ($type, $protocol) = unpack(sprintf('x%d n x9 C', VNET_HDR_BYTES + 12), $frame);
  return 0 if $type != 0x0800 || $protocol != 17;
  my $headerBytes = 4 * (ord(substr($frame, VNET_HDR_BYTES + 14, 1)) & 15);
  return $spared{ unpack('n', substr($frame, VNET_HDR_BYTES + 14 + $headerBytes + 2, 2)) } // 0;
}

my @sockets = (on_interface($left), on_interface($right));
my @queues = ([], []);
my $bits = '';
vec($bits, fileno($_), 1) = 1 for @sockets, \*STDIN;
$| = 1;
print "ready\n";

sub later {
  my ($queue, $frame, $now) = @_;
  return if @$queue >= MAX_QUEUED;
  my $due = $now + ($delayMs + rand($jitterMs)) / 1000;
  $due = $queue->[-1][0] if $keepsOrder && @$queue && $queue->[-1][0] > $due;
  my $at = @$queue;
  $at-- while $at > 0 && $queue->[$at - 1][0] > $due;
  splice(@$queue, $at, 0, [$due, $frame]);
}

while (1) {
  my $next = (sort { $a <=> $b } map { $_->[0][0] } grep { @$_ } @queues)[0];
  my $now = clock_gettime(CLOCK_MONOTONIC);
  my $wait = defined $next ? ($next > $now ? $next - $now : 0) : 3600;
  select(my $readable = $bits, undef, undef, $wait);
  exit 0 if vec($readable, fileno(STDIN), 1) && !sysread(STDIN, my $ended, 1);
  $now = clock_gettime(CLOCK_MONOTONIC);
  for my $side (0, 1) {
    for (1 .. 64) {
      my $from = recv($sockets[$side], my $frame, MAX_FRAME_BYTES, 0);
      if (!defined $from) {
        last if $! == EAGAIN || $! == EINTR;
        die "recv: $!\n";
      }
      if (is_spared($frame)) { send($sockets[1 - $side], $frame, 0); next; }
      later($queues[$side], $frame, $now);
      later($queues[$side], $frame, $now) if rand(100) < $doublesPercent;
    }
    my $queue = $queues[$side];
    send($sockets[1 - $side], (shift @$queue)->[1], 0) while @$queue && $queue->[0][0] <= $now;
  }
}
