/**
 * The system calls that a sandboxed program may make, as a seccomp filter for bubblewrap.
 *
 * An empty network namespace is not enough: AF_VSOCK reaches the hypervisor from inside of one, and a
 * Unix socket that a program of the host left in the workspace can be connected to from any namespace
 * (a process supervisor's or a FastCGI server's would run commands there). So only Unix sockets can be
 * made, and none of them can be connected to anything that the program did not make itself. Nor can a file
 * be given the mode that makes it run as its owner: what is left in the workspace stays on the host.
 *
 * The arm64 table was checked against the kernel's headers and by the tests' interpreter, not on hardware.
 */

import {
  ALLOW,
  type Block,
  encode,
  fail,
  ifAnyBit,
  ifAtLeast,
  ifEqual,
  KILL,
  load,
  mask,
  unlessEqual,
  verdict,
  WORD,
} from "./bpf.ts";
import { type Architecture, INSPECTED, LAST_KNOWN_SYSCALL, numberOn, REFUSED } from "./syscalls.ts";

/** Linux's numbers, not those of the machine this file is read on. */
const EPERM = 1;
const ENOSYS = 38;
const EPROTOTYPE = 91;
const EAFNOSUPPORT = 97;

/** `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of `include/uapi/linux/audit.h`. */
const AUDIT_ARCH: Record<Architecture, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** `CLONE_NEW*` but NEWTIME, whose bit only `clone3` and `unshare` take for it. */
const NEW_NAMESPACES = 0x7e020000;

/** ioctls that type into somebody's terminal. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
/** Options of a socket that make its buffers larger: memory that no limit counts. */
const SOL_SOCKET = 1;
const BUFFER_SIZES = [7, 8, 32, 33]; // SO_SNDBUF, SO_RCVBUF and their FORCE

/** The bits of a mode that make a program run as its file's owner or group, who is the gateway's user. */
const SET_ID = 0o6000;

/** Without one of these in its flags `open` looks at no mode. */
const CREATES = 0o100 | 0o20000000; // O_CREAT, __O_TMPFILE

const SOCK_TYPE_MASK = 0xf; // the rest are SOCK_NONBLOCK and SOCK_CLOEXEC

/** Whether there is a table for this machine. Without one there is no sandbox. */
export function isKnownArchitecture(name: string): name is Architecture {
  return Object.hasOwn(AUDIT_ARCH, name);
}

/** The filter's bytes, for `bwrap --seccomp`. */
export const seccompFilter = (arch: Architecture): Uint8Array => encode(seccompProgram(arch));

/** The filter's steps, in the order in which a call meets them. */
export function seccompProgram(arch: Architecture): Block {
  const on = (call: (typeof INSPECTED)[keyof typeof INSPECTED], then: Block) =>
    ifEqual(numberOn(arch, call), then);
  return [
    ...onlyThisArchitecture(arch),
    ...ifAtLeast(LAST_KNOWN_SYSCALL + 1, verdict(fail(ENOSYS))),
    ...Object.values(REFUSED).flatMap((call) =>
      ifEqual(numberOn(arch, call), verdict(fail(EPERM))),
    ),
    // Its flags stand in memory, where a filter cannot look; on ENOSYS the C library falls back to `clone`.
    ...on(INSPECTED.clone3, verdict(fail(ENOSYS))),
    ...on(INSPECTED.clone, withoutNamespaces()),
    ...on(INSPECTED.ioctl, withoutTyping()),
    ...on(INSPECTED.socket, onlyUnixStreams()),
    ...on(INSPECTED.socketpair, onlyUnixStreams()),
    ...on(INSPECTED.setsockopt, withoutLargeBuffers()),
    ...on(INSPECTED.chmod, withoutSetId(1)),
    ...on(INSPECTED.fchmod, withoutSetId(1)),
    ...on(INSPECTED.fchmodat, withoutSetId(2)),
    ...on(INSPECTED.fchmodat2, withoutSetId(2)),
    ...on(INSPECTED.mknod, withoutSetId(1)),
    ...on(INSPECTED.mknodat, withoutSetId(2)),
    ...on(INSPECTED.creat, withoutSetId(1)),
    ...on(INSPECTED.open, withoutNewSetId({ flags: 1, mode: 2 })),
    ...on(INSPECTED.openat, withoutNewSetId({ flags: 2, mode: 3 })),
    // Its mode stands in memory; on ENOSYS programs fall back to `openat`.
    ...on(INSPECTED.openat2, verdict(fail(ENOSYS))),
    ...verdict(ALLOW),
  ];
}

/** Ends a program of another architecture (such as 32 bits): its calls have other numbers. */
function onlyThisArchitecture(arch: Architecture): Block {
  return [
    ...load(WORD.architecture),
    ...unlessEqual(AUDIT_ARCH[arch], verdict(KILL)),
    ...load(WORD.syscall),
  ];
}

function withoutNamespaces(): Block {
  return [
    ...load(WORD.low(0)),
    ...ifAnyBit(NEW_NAMESPACES, verdict(fail(EPERM))),
    ...verdict(ALLOW),
  ];
}

function withoutTyping(): Block {
  return [
    ...load(WORD.low(1)),
    ...ifEqual(TIOCSTI, verdict(fail(EPERM))),
    ...ifEqual(TIOCLINUX, verdict(fail(EPERM))),
    ...verdict(ALLOW),
  ];
}

/** Datagram sockets name whom they speak to in each message, without `connect`: streams only. */
function onlyUnixStreams(): Block {
  return [
    ...load(WORD.low(0)),
    ...unlessEqual(AF_UNIX, verdict(fail(EAFNOSUPPORT))),
    ...load(WORD.low(1)),
    ...mask(SOCK_TYPE_MASK),
    ...ifEqual(SOCK_STREAM, verdict(ALLOW)),
    ...ifEqual(SOCK_SEQPACKET, verdict(ALLOW)),
    ...verdict(fail(EPROTOTYPE)),
  ];
}

/** Says that it was done: programs ask for a size, and go on with what they get. */
function withoutLargeBuffers(): Block {
  return [
    ...load(WORD.low(1)),
    ...unlessEqual(SOL_SOCKET, verdict(ALLOW)),
    ...load(WORD.low(2)),
    ...BUFFER_SIZES.flatMap((option) => ifEqual(option, verdict(fail(0)))),
    ...verdict(ALLOW),
  ];
}

/**
 * A set-id program in the workspace outlives the call and runs outside, as whoever the gateway is: any
 * other user of the machine who can reach the file would become that one.
 */
function withoutSetId(mode: number): Block {
  return [...load(WORD.low(mode)), ...ifAnyBit(SET_ID, verdict(fail(EPERM))), ...verdict(ALLOW)];
}

function withoutNewSetId({ flags, mode }: { flags: number; mode: number }): Block {
  return [...load(WORD.low(flags)), ...ifAnyBit(CREATES, withoutSetId(mode)), ...verdict(ALLOW)];
}
