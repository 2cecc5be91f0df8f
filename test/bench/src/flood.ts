import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@yosugara/testkit';

export interface FloodTarget {
  readonly address: string;
  readonly port: number;
}

export interface Flood {
  /** Every datagram goes to each of them, with the same bytes. */
  readonly targets: readonly FloodTarget[];
  /** Messages a second; 0 = as fast as it goes. */
  readonly rate: number;
  /** Rounded up to whole batches of `FLOOD_BATCH`. */
  readonly count: number;
  /** Of the first batch; a receiver that is sent to again gets numbers that go on. Default 0. */
  readonly firstBatch?: number;
}

export interface Flooded {
  /** Messages, not datagrams: two targets double those. */
  readonly sent: number;
  readonly seconds: number;
  /** Of the generator, with what the kernel does for it: on loopback that is also the way up to the receiver's socket. */
  readonly cpuSeconds: number;
  /** For so long the generator did not get the processor; what it could not send then it did not send later. */
  readonly stalledSeconds: number;
  /** Number behind the last batch. */
  readonly nextBatch: number;
}

export const MESSAGE_BYTES = 200;
/** Datagrams of one system call. Linux takes up to 64 (UDP_MAX_SEGMENTS). */
export const FLOOD_BATCH = 40;
/** In front of and behind the number, of which the first eight digits are the batch and the last two the place in it. */
const HEAD = '<13>1 2026-11-21T10:14:15.003Z web07 bench 4711 ID47 - n=';
const NUMBER = /n=(\d{8})\.(\d\d) /;

/** Number of a message, dense from `firstBatch * FLOOD_BATCH` on; null = it is none of ours. */
export function floodNumber(raw: Uint8Array): number | null {
  const found = NUMBER.exec(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1', 0, 100));
  return found === null ? null : Number(found[1]) * FLOOD_BATCH + Number(found[2]);
}

/*
 * Node sends a datagram in 3 to 5 µs: more than what is measured needs to receive it. Perl (perl-base is on every Debian) can ask the kernel to
 * cut one buffer into datagrams (UDP_SEGMENT, udp(7)): one call sends 40, for about 1 µs each, nearly all of it the kernel's work
 * on loopback. The buffer is put together by one `join`, since in a batch only one number changes.
 */
const SCRIPT = String.raw`
use strict; use Socket; use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC);
my ($rate, $count, $batch, $size, $number, $head, @targets) = @ARGV;
$_ += 0 for ($rate, $count, $batch, $size, $number); # setsockopt packs a string as bytes
my ($SOL_UDP, $UDP_SEGMENT) = (17, 103);
my @out = map { my ($host, $port) = /^(.*):(\d+)$/ or die "target $_";
  socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
  setsockopt($socket, SOL_SOCKET, SO_SNDBUF, 4_194_304);
  setsockopt($socket, $SOL_UDP, $UDP_SEGMENT, $size) or die "UDP_SEGMENT: $!";
  [$socket, pack_sockaddr_in($port, inet_aton($host))] } @targets;
my @parts = ($head);
for my $at (0 .. $batch - 1) {
  my $tail = sprintf(".%02d ", $at);
  my $fill = "x" x ($size - length($head) - 8 - length($tail));
  push @parts, $tail . $fill . ($at < $batch - 1 ? $head : "");
}
my ($batches, $sent, $stalled) = (int(($count + $batch - 1) / $batch), 0, 0);
my $began = clock_gettime(CLOCK_MONOTONIC);
my $start = $began;
while ($sent < $batches) {
  my $due = $batches;
  if ($rate > 0) {
    my $now = clock_gettime(CLOCK_MONOTONIC);
    my $behind = $now - $start - $sent * $batch / $rate;
    if ($behind > 0.02) { $start += $behind; $stalled += $behind; }
    $due = int(($now - $start) * $rate / $batch) + 1;
    $due = $batches if $due > $batches;
    if ($due <= $sent) { sleep($sent * $batch / $rate - ($now - $start) > 0.0005 ? 0.0003 : 0); next; }
  }
  while ($sent < $due) {
    my $buffer = join(sprintf("%08d", $number), @parts);
    for my $target (@out) { until (defined send($target->[0], $buffer, 0, $target->[1])) { $!{ENOBUFS} || $!{EAGAIN} || die "send: $!"; } }
    $sent++; $number++;
  }
}
my $seconds = clock_gettime(CLOCK_MONOTONIC) - $began;
my ($user, $system) = times;
printf("{\"sent\":%d,\"seconds\":%.6f,\"cpuSeconds\":%.3f,\"stalledSeconds\":%.3f,\"nextBatch\":%d}\n",
  $sent * $batch, $seconds, $user + $system, $stalled, $number);
`;

/** Sends numbered messages from a process of its own. @throws Error — no perl, or a kernel before 4.18. */
export async function flood({ targets, rate, count, firstBatch = 0 }: Flood): Promise<Flooded> {
  const places = targets.map(({ address, port }) => `${address}:${port}`);
  const args = [rate, count, FLOOD_BATCH, MESSAGE_BYTES, firstBatch, HEAD].map(String);
  const child = spawn('perl', ['-MErrno', '-e', SCRIPT, ...args, ...places], { stdio: ['ignore', 'pipe', 'pipe'] });
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  let [out, why] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (why += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`the generator of datagrams ended with ${code}: ${why.trim()}`);
    return JSON.parse(out) as Flooded;
  } finally {
    process.off('exit', killNow);
  }
}

/** What the generator could send if nobody had to receive it: the datagrams go to a port where nobody listens. */
export async function floodCeiling(targets = 1): Promise<number> {
  const nobody = await Promise.all(
    Array.from({ length: targets }, async () => ({ address: '127.0.0.1', port: await freePort() })),
  );
  const { sent, seconds } = await flood({ targets: nobody, rate: 0, count: 1_000_000 });
  return sent / seconds;
}
