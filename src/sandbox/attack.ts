/**
 * The attacks of the behavioural probe: one Perl script that runs in the sandbox and tries to get out.
 *
 * Perl because Debian cannot be without it, it starts in a few milliseconds and can make any system
 * call. Numbers instead of modules: the smallest Perl has none. Each attack prints a line
 * `name <tab> held|open <tab> detail`; the last line says that none was left out.
 */

import { type Architecture, numberOn, REFUSED } from "./syscalls.ts";

/** What the attacker is told, so that a failure to find something is the sandbox's doing. */
export type AttackPlan = {
  arch: Architecture;
  /** A file on the host that anybody may read. */
  secretFile: string;
  /** Folders on the host that must not be seen. */
  hidden: readonly string[];
  /** Name in the workspace of a link to a folder outside that the sandbox's user may write. */
  link: string;
  /** The gateway's own namespaces, by kind, such as "pid:[4026531836]". */
  namespaces: readonly string[];
  processes: number;
  memoryMb: number;
  /** Listeners of ours that must hear nothing. */
  decoy?: Decoy;
};

export type Decoy = { tcpPort: number; abstractSocket: string };

/** The attacker prints it when nothing stopped it half-way. */
export const LAST_LINE = "end";

export function attackCommand(plan: AttackPlan): string {
  const settings = {
    secret: plan.secretFile,
    hidden: plan.hidden.join("\0"),
    link: plan.link,
    namespaces: plan.namespaces.join("\0"),
    processes: String(plan.processes),
    memory: String(plan.memoryMb),
    unshare: String(numberOn(plan.arch, REFUSED.unshare)),
    port: String(plan.decoy?.tcpPort ?? ""),
    abstract: plan.decoy?.abstractSocket ?? "",
  };
  // As hex, so that no path can be read as code.
  const lines = Object.entries(settings).map(
    ([name, value]) => `$s{${name}} = pack "H*", "${Buffer.from(value).toString("hex")}";`,
  );
  return `perl - <<'END_OF_ATTACK'\n${lines.join("\n")}${SCRIPT}END_OF_ATTACK\n`;
}

const SCRIPT = String.raw`
$| = 1;
sub report { my ($name, $open, $detail) = @_; print join("\t", $name, $open ? "open" : "held", $detail), "\n"; }
sub writes { my $opened = open my $f, ">", shift; return ($opened, $opened ? "written" : "$!"); }
sub entries { opendir my $d, shift or return; return grep { !/^[.][.]?$/ } readdir $d; }
sub reads { open my $f, "<", shift or return ""; local $/; return scalar <$f>; }

my ($works) = writes("/workspace/hello");
report("write /", writes("/probe"));
report("write /usr", writes("/usr/probe"));
report("write /dev", writes("/dev/probe"));
report("write /etc", writes("/etc/probe"));
# Opened and left as it is: the kernel would start what it names, on the host.
report("write /proc/sys", writes("/proc/sys/kernel/core_pattern"));
my $planted = chmod(06755, "/workspace/hello") && (stat "/workspace/hello")[2] & 06000;
report("leave a set-id program", $planted, $planted ? "left" : "$!");
report("write through a link", writes("/workspace/$s{link}/probe"));

my %family = (INET => 2, NETLINK => 16, INET6 => 10, PACKET => 17, BLUETOOTH => 31, ALG => 38, VSOCK => 40);
for my $name (sort keys %family) {
  my $made = 0;
  for my $type (1, 2, 3) { $made ||= socket my $socket, $family{$name}, $type, 0; }
  report("socket $name", $made, $made ? "made" : "$!");
}
sub connects {
  my ($family, $address) = @_;
  socket my $socket, $family, 1, 0 or return (0, "$!");
  my $connected = connect $socket, $address;
  return ($connected, $connected ? "connected" : "$!");
}
report("connect to TCP", connects(2, pack "S n C4 x8", 2, $s{port}, 127, 0, 0, 1)) if $s{port};
report("connect to abstract socket", connects(1, pack "S x a*", 1, $s{abstract})) if $s{abstract};

my $secret = reads($s{secret}) || reads("/proc/1/root$s{secret}");
report("read a file of the host", $secret, $secret ? "read" : "$!");
my @seen = grep { entries($_) } split /\0/, $s{hidden};
report("see the state folder", scalar @seen, @seen ? "@seen" : "not there");
my @variables = grep { !/^(PATH|HOME|USER|LANG|TERM|PWD|OLDPWD|SHLVL|_)$/ } keys %ENV;
report("read the environment", scalar @variables, @variables ? "@variables" : "empty");
my @inherited = grep { $_ > 2 && (readlink("/proc/self/fd/$_") || "/proc/") !~ m{^/proc/} } entries("/proc/self/fd");
report("inherit descriptors", scalar @inherited, @inherited ? "@inherited" : "none");

my %ours = map { $_ => 1 } split /\0/, $s{namespaces};
my @shared = grep { $ours{$_} } map { readlink("/proc/self/ns/$_") || "" } qw(pid net mnt user ipc uts);
report("see the host's processes and names", scalar @shared, @shared ? "@shared" : "none shared");

my $status = reads("/proc/self/status");
my @caps = grep { !/\t0+$/ } $status =~ /^(Cap(?:Inh|Prm|Eff|Bnd|Amb):\t\w+)$/mg;
report("hold capabilities", scalar @caps, @caps ? "@caps" : "none");
my $bound = $status =~ /^NoNewPrivs:\t1$/m && $status =~ /^Seccomp:\t2$/m;
report("gain privileges", !$bound, $bound ? "bound" : "not bound");
report("be root", $> == 0 || $< == 0, "uid $>");
my $namespace = syscall(0 + $s{unshare}, 0x10000000) == 0;
report("make a user namespace", $namespace, $namespace ? "made" : "$!");

sub child { my $pid = fork; return $pid if $pid || !defined $pid; $_[0]->(); exit 0; }
my $eater = child(sub { close STDERR; my $x = "x" x ($s{memory} * 2 << 20); });
waitpid $eater, 0;
report("eat memory", $? == 0, $? == 0 ? "twice the limit" : "stopped");

my @children;
while (@children < $s{processes} + 8) {
  my $pid = child(sub { sleep 9 });
  last if !defined $pid;
  push @children, $pid;
}
report("fork without end", @children >= $s{processes} + 8, scalar(@children) . " children");
kill 9, @children;

print "end\t$works\n";
`;
