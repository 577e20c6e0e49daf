/**
 * Ways out of the sandbox, each with a control: the same attack outside must succeed, or its failure
 * inside would prove nothing.
 */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { createFakePrograms } from "../../test/fakes/programs.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import { isRunning } from "./sandbox.conformance.ts";
import { isKnownArchitecture } from "./seccomp.ts";
import { INSPECTED, numberOn, REFUSED } from "./syscalls.ts";

const isRoot = process.getuid?.() === 0;
const SOMEBODY = 1001;

assert.ok(isKnownArchitecture(process.arch));
const arch = process.arch;

const top = await realpath(await mkdtemp(join(tmpdir(), "sandbox-security-")));
after(() => rm(top, { recursive: true, force: true }));
const workspace = join(top, "workspace");
const outside = join(top, "outside");
await mkdir(workspace);
await mkdir(outside);
await chmod(top, 0o755);
await chmod(outside, 0o777);
if (isRoot) await chown(workspace, SOMEBODY, SOMEBODY);

const limits = { memoryMb: 256, processes: 32, outputBytes: 20_000 };
const sandbox = createBubblewrap({ programs: createFakePrograms(), limits, hidden: [] });

/** What the command printed in the sandbox. */
async function inside(command: string): Promise<string> {
  const call = { command, workspace, timeoutMs: 20_000 };
  return (await sandbox.run(call, new AbortController().signal)).output.trim();
}

/** The same outside of it, as an ordinary user would be able to. */
function plain(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile("sh", ["-c", `{ ${command}\n} 2>&1`], { cwd: workspace }, (_error, stdout) =>
      resolve(stdout.trim()),
    );
  });
}

const perl = (script: string) => `perl - <<'END'\n${script}\nEND`;

test("security: nothing but the workspace and scratch space can be written", async () => {
  for (const path of ["/x", "/usr/x", "/dev/x", "/etc/x", "/run/x", "/proc/sys/kernel/hostname"]) {
    assert.match(await inside(`echo x >${path}`), /Read-only|Permission denied/, path);
  }
  assert.equal(
    await inside("echo x >/workspace/x && echo y >/tmp/y && echo both"),
    "both",
    "control",
  );
  assert.match(await inside("head -c 100000000 /dev/zero >/tmp/big"), /No space left/);
});

test(
  "security: a program that is root outside turns none of the kernel's switches",
  { skip: !isRoot && "only root's own workspace makes it root outside" },
  async () => {
    const own = join(top, "own");
    await mkdir(own);
    // The kernel starts what this one names, on the host. Opened for writing and left as it is.
    const command = "(: >/proc/sys/kernel/core_pattern) 2>&1 && echo opened";
    const call = { command, workspace: own, timeoutMs: 20_000 };
    const { output } = await sandbox.run(call, new AbortController().signal);
    assert.match(output, /Read-only/);
    assert.equal(await plain(command), "opened", "control");
  },
);

test("security: a link in the workspace leads nowhere", async () => {
  await writeFile(join(outside, "secret"), "canary", { mode: 0o666 });
  await symlink(outside, join(workspace, "way-out"));
  await plain("echo control >way-out/by-control");
  assert.equal(await plain("cat way-out/secret"), "canary", "control");

  assert.match(await inside("cat way-out/secret; cat /proc/1/root/etc/shadow"), /No such file/);
  assert.match(await inside("echo x >way-out/by-attack"), /nonexistent|No such file|Directory/);
  assert.deepEqual((await readdir(outside)).sort(), ["by-control", "secret"]);
});

test("security: the environment and the gateway's paths cannot be read", async () => {
  const attack =
    "env; tr '\\0' '\\n' </proc/1/environ; tr '\\0' ' ' </proc/1/cmdline; cat /proc/mounts";
  process.env.ISOPOD_CANARY = "canary-of-the-gateway";
  assert.match(await plain("env"), /canary-of-the-gateway/, "control");
  const seen = await inside(attack);
  delete process.env.ISOPOD_CANARY;
  assert.doesNotMatch(seen, /canary-of-the-gateway/);
  const [environment = ""] = seen.split("bwrap");
  assert.doesNotMatch(environment, new RegExp(top), "no path of the host");
});

test("security: other users of the machine do not see what is run", async () => {
  const mark = `secret-${process.pid}`;
  const running = inside(`# ${mark}\nsleep 1`);
  const shell = plain(`sh -c ': ${mark}-control; sleep 1'`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(await isRunning(`${mark}-control`), "control");
  assert.ok(!(await isRunning(`# ${mark}`)));
  await Promise.all([running, shell]);
});

test("security: processes of the host can be neither seen nor signalled", async () => {
  const sleeper = spawn("sleep", ["30"]);
  after(() => sleeper.kill());
  const attack = perl(`
    opendir my $d, "/proc"; my @pids = grep { /^\\d+$/ } readdir $d;
    print scalar(@pids), " ", kill(0, ${sleeper.pid}) ? "signalled" : "none";`);
  assert.match(await plain(attack), /^\d{2,} signalled$/, "control");
  assert.match(await inside(attack), /^\d none$/);
  assert.equal(sleeper.exitCode, null);
});

test("security: sockets of every family but Unix are refused", async () => {
  const attack = perl(`
    for my $family (0..45) { for my $type (1..5) { print "$family " if socket my $s, $family, $type, 0; } }`);
  const families = (text: string) => [...new Set(text.split(" ").filter(Boolean))];
  const made = families(await plain(attack));
  assert.ok(
    ["1", "2", "16"].every((family) => made.includes(family)),
    `control: ${made}`,
  );
  assert.deepEqual(families(await inside(attack)), ["1"]);
});

test("security: our listeners hear nothing, over TCP, abstract or in the workspace itself", async () => {
  const heard: string[] = [];
  const listeners = {
    tcp: await listen(heard, "tcp", { port: 0, host: "127.0.0.1" }),
    abstract: await listen(heard, "abstract", { path: `\0isopod-test-${process.pid}` }),
    inWorkspace: await listen(heard, "in workspace", { path: join(workspace, "socket") }),
  };
  await chmod(join(workspace, "socket"), 0o777);
  after(() => Object.values(listeners).forEach((server) => server.close()));
  const address = listeners.tcp.address();
  assert.ok(typeof address === "object" && address);
  const attack = perl(`
    sub try { my ($family, $to) = @_; socket my $s, $family, 1, 0 or return; connect $s, $to; close $s; }
    try(2, pack "S n C4 x8", 2, ${address.port}, 127, 0, 0, 1);
    try(1, pack "S x a*", 1, "isopod-test-${process.pid}");
    try(1, pack "S a*", 1, "socket\\0");
    try(1, pack "S a*", 1, "/workspace/socket\\0");`);

  await inside(attack);
  assert.deepEqual(heard, []);
  await plain(attack);
  const waited = performance.now() + 5000;
  while (heard.length < 3 && performance.now() < waited) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(heard.sort(), ["abstract", "in workspace", "tcp"], "control");
});

test("security: the filter refuses each call on its list, in the kernel", async () => {
  const calls = Object.entries(REFUSED).flatMap(([name, numbers]) => {
    const number = numberOn(arch, numbers);
    return number === undefined ? [] : [`${name} => ${number}`];
  });
  const attack = perl(`
    my %calls = (${calls.join(", ")});
    for my $name (sort keys %calls) { my $made = syscall $calls{$name}, 0, 0, 0, 0, 0; print "$name:", $made < 0 ? $!+0 : "made", " "; }`);
  const results = (await inside(attack)).split(" ");
  assert.equal(results.length, calls.length);
  for (const result of results) assert.match(result, /:1$/, "EPERM");

  // Only calls that do no harm outside.
  const control = perl(`
    for my $number (${numberOn(arch, REFUSED.connect)}, ${numberOn(arch, REFUSED.personality)}, ${numberOn(arch, REFUSED.kcmp)}) {
      my $made = syscall $number, -1, -1, -1, -1, -1; print $made < 0 ? $!+0 : "made", " "; }`);
  assert.doesNotMatch(await plain(control), /(^| )1( |$)/, "control: outside they fail otherwise");
});

test("security: new namespaces, clone3 and typing into a terminal are refused", async () => {
  const clone3 = numberOn(arch, INSPECTED.clone3);
  const clone = numberOn(arch, INSPECTED.clone);
  const attack = perl(`
    syscall ${clone3}, 0, 0; print $!+0, " ";
    my $pid = syscall ${clone}, 0x10000000 | 17, 0, 0, 0, 0; exit 0 if $pid == 0; print $pid < 0 ? $!+0 : "made", " ";
    open my $f, "<", "/dev/null"; my $c = "x"; ioctl $f, 0x5412, $c; print $!+0, " ";`);
  assert.equal(await inside(attack), "38 1 1");
  assert.doesNotMatch(await plain(attack), /^38|1$/, "control");
  assert.match(
    await inside("unshare -r true; mount -t tmpfs none /tmp; chroot / true"),
    /not permitted/,
  );
});

test("security: no capability is held and none can be gained", async () => {
  const status = await inside("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
  assert.deepEqual(
    status.split("\n").filter((line) => line.startsWith("Cap") && !/\t0+$/.test(line)),
    [],
  );
  assert.match(status, /NoNewPrivs:\t1/);
  assert.match(status, /Seccomp:\t2/);
  // A file that makes its runner root elsewhere does not here.
  assert.match(
    await inside("find /usr/bin/su -perm -4000 >/dev/null && su -c id </dev/null; id -u"),
    /1000$/,
  );
});

test("security: nothing is left in the workspace that runs as its owner", async () => {
  const attack = (name: string) => `
    cp /bin/true ${name}; chmod 6755 ${name}; chmod u+s ${name}
    perl -e 'use Fcntl; umask 0; sysopen my $f, "${name}-new", O_CREAT | O_WRONLY, 06755; close $f' 2>/dev/null
    find . -name "${name}*" -perm /6000`;
  assert.doesNotMatch(await inside(attack("set-id")), /^\.\//m);
  assert.match(await plain(attack("control")), /^\.\/control/m, "control");
});

test("security: sockets cannot hold memory without a bound", async () => {
  // Perl's numbers: AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF.
  const attack = perl(`
    socketpair my $a, my $b, 1, 1, 0; setsockopt $a, 1, 7, 1 << 24;
    print unpack "i", getsockopt $a, 1, 7;`);
  const size = Number(await inside(attack));
  assert.ok(size > 0 && size < Number(await plain(attack)), "control: outside it grows");
});

test("security: descriptors that the gateway was started with stay out", async () => {
  const script = (command: string) => `
    import { createFakePrograms } from "../../test/fakes/programs.ts";
    import { createBubblewrap } from "./bubblewrap.ts";
    const programs = createFakePrograms();
    const run = async (command, args) => {
      const program = programs.start({ command, args, purpose: "test", network: "none", env: process.env });
      for await (const { bytes } of program.output) process.stdout.write(bytes);
    };
    await run("readlink", ["/proc/self/fd/99"]);
    const sandbox = createBubblewrap({ programs, limits: ${JSON.stringify(limits)}, hidden: [] });
    const call = { command: ${JSON.stringify(command)}, workspace: ${JSON.stringify(workspace)}, timeoutMs: 20000 };
    console.log("inside:", (await sandbox.run(call, new AbortController().signal)).output);`;
  const command = "ls -l /proc/self/fd";
  const args = [process.execPath, "--input-type=module-typescript", "-e", script(command)];
  const shell = 'exec 99<"$0"; exec "$@"';
  const secret = join(outside, "inherited");
  await writeFile(secret, "canary");
  const text = await new Promise<string>((resolve) => {
    const options = { cwd: import.meta.dirname };
    execFile("bash", ["-c", shell, secret, ...args], options, (_error, stdout) => resolve(stdout));
  });
  const [control = "", seen = ""] = text.split("inside:");
  assert.match(control, /inherited/, "control: a program outside inherits it");
  assert.match(seen, /0 -> \/dev\/null/);
  assert.doesNotMatch(seen, /inherited| 99 /);
});

function listen(heard: string[], name: string, where: object): Promise<Server> {
  const server = createServer((socket) => {
    heard.push(name);
    socket.destroy();
  });
  return new Promise((resolve) => server.listen(where, () => resolve(server)));
}
