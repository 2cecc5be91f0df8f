#!/usr/bin/perl
# Process 1 of a lab host: mounts the host's disk, starts and restarts processes as a service manager would, and reaps every
# orphan (PostgreSQL's restart trips over a zombie postmaster). Commands come as tab-separated lines on standard input; the
# end of standard input is the end of the host: when process 1 goes, the kernel kills everything in its PID namespace.
use strict;
use warnings;
use POSIX qw(:sys_wait_h setsid dup2);
use Time::HiRes qw(time);

# Two disks: the state's (consensus log, journal, configuration) and, below it, the data's (PGDATA), so that one can fail alone.
# binds: pairs of file and place; a planted bug is a patched production file that only this host sees.
my ($hostname, $image, $data_image, $mountpoint, @binds) = @ARGV;
my %services;    # name => { args, log, respawnMs, pid, startAt }
my %names;       # pid => name
$| = 1;
$SIG{CHLD} = sub { };    # only there to interrupt select()

sub say_line { print join("\t", @_), "\n"; }

sub must { my @command = @_; system(@command) == 0 or do { say_line('fatal', "@command failed"); exit 1; }; }

sub boot {
    must('hostname', $hostname);
    must('mount', '-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/dev/shm');
    # Each host sees its own cgroup tree as the root. The lab has put us in place before the cgroup namespace was made.
    for my $kind (['cgroup2', ''], ['cgroup', 'freezer']) {
        my ($type, $controller) = @$kind;
        my $at = find_mount($type, $controller) or next;
        # The kernel refuses the same file system twice on one mount point, even with another root.
        must('umount', '-l', $at);
        must('mount', '-t', $type, ($controller ? ('-o', $controller) : ()), 'none', $at);
    }
    # commit=600: the file system's own journal flushes nothing that was not asked for, so a power cut finds what fsync missed.
    must('mount', '-o', 'loop,noatime,commit=600', $image, $mountpoint);
    mkdir("$mountpoint/data");
    must('mount', '-o', 'loop,noatime,commit=600', $data_image, "$mountpoint/data");
    while (my ($file, $place) = splice(@binds, 0, 2)) { must('mount', '--bind', $file, $place); }
    say_line('ready');
}

sub find_mount {
    my ($type, $controller) = @_;
    open(my $mounts, '<', '/proc/self/mounts') or return undef;
    while (<$mounts>) {
        my (undef, $at, $found, $options) = split / /;
        return $at if $found eq $type && ($controller eq '' || grep { $_ eq $controller } split(/,/, $options));
    }
    return undef;
}

sub start {
    my ($name) = @_;
    my $service = $services{$name};
    my $pid = fork();
    if (!defined $pid) { say_line('down', $name, 0, 'fork failed'); $service->{startAt} = time() + 1; return; }
    if ($pid == 0) {
        setsid();
        $SIG{CHLD} = 'DEFAULT';
        open(STDIN, '<', '/dev/null');
        open(my $log, '>>', $service->{log}) or POSIX::_exit(126);
        dup2(fileno($log), 1);
        dup2(fileno($log), 2);
        exec { $service->{args}[0] } @{ $service->{args} } or POSIX::_exit(127);
    }
    $service->{pid} = $pid;
    delete $service->{startAt};
    $names{$pid} = $name;
    say_line('up', $name, $pid);
}

sub reap {
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
        my $status = $?;
        my $name = delete $names{$pid} or next;
        my $service = $services{$name};
        delete $service->{pid};
        say_line('down', $name, $pid, WIFSIGNALED($status) ? 'signal ' . WTERMSIG($status) : 'exit ' . WEXITSTATUS($status));
        $service->{startAt} = time() + $service->{respawnMs} / 1000 if $service->{respawnMs} >= 0;
    }
}

# As an operating system's shutdown: nothing is started again, everybody is asked to end, who is left after the grace is killed,
# the disks are written out and unmounted.
sub shut_down {
    my ($grace) = @_;
    for my $service (values %services) { $service->{respawnMs} = -1; delete $service->{startAt}; }
    kill('TERM', -1);
    my $end = time() + $grace;
    while (time() < $end) {
        reap();
        last unless others();
        select(undef, undef, undef, 0.02);
    }
    say_line('asked to end, left', others());
    kill('KILL', -1);
    $end = time() + 5;
    while (others() && time() < $end) { reap(); select(undef, undef, undef, 0.02); }
    system('umount', $_) for ("$mountpoint/data", $mountpoint);
    say_line('off');
    exit 0;
}

# Living processes besides us.
sub others {
    opendir(my $proc, '/proc') or return 0;
    my $found = 0;
    for my $pid (grep { /^\d+$/ && $_ != 1 } readdir($proc)) {
        open(my $stat, '<', "/proc/$pid/stat") or next;
        my $line = <$stat> // next;
        $found++ if $line =~ /\) ([A-Z]) / && $1 ne 'Z' && $1 ne 'X';
    }
    return $found;
}

sub obey {
    my ($verb, @rest) = split(/\t/, $_[0]);
    if ($verb eq 'start') {
        my ($name, $respawnMs, $log, @args) = @rest;
        my $running = $services{$name} && $services{$name}{pid};
        $services{$name} = { args => \@args, log => $log, respawnMs => $respawnMs, ($running ? (pid => $running) : ()) };
        start($name) unless $running;
    }
    elsif ($verb eq 'respawn') {
        my ($name, $respawnMs) = @rest;
        return unless $services{$name};
        $services{$name}{respawnMs} = $respawnMs;
        delete $services{$name}{startAt} if $respawnMs < 0;
    }
    elsif ($verb eq 'kill') {
        my ($signal, @pids) = @rest;
        say_line('killed', kill($signal, @pids));
    }
    elsif ($verb eq 'shutdown') { shut_down($rest[0]); }
    elsif ($verb eq 'ping') { say_line('pong'); }
}

boot();
my $buffer = '';
while (1) {
    reap();
    my $now = time();
    my $wait = 5;
    for my $name (keys %services) {
        my $at = $services{$name}{startAt};
        next unless defined $at;
        if ($at <= $now) { start($name); }
        elsif ($at - $now < $wait) { $wait = $at - $now; }
    }
    my $ready = '';
    vec($ready, 0, 1) = 1;
    # A child that ends between reap() and select() is found after $wait at the latest: keep it short.
    $wait = 0.2 if $wait > 0.2;
    next if select($ready, undef, undef, $wait) <= 0;
    my $got = sysread(STDIN, $buffer, 65536, length($buffer));
    next if !defined $got;
    exit 0 if $got == 0;
    while ($buffer =~ s/^([^\n]*)\n//) { obey($1) if length($1); }
}
