import assert from "node:assert/strict";
import { test } from "node:test";

import { type Block, OP } from "./bpf.ts";
import { isKnownArchitecture, seccompFilter, seccompProgram } from "./seccomp.ts";
import { INSPECTED, numberOn, REFUSED } from "./syscalls.ts";

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 };
const ALLOWED = "allow";
const NO_SUCH_CALL = "errno 38";
const NOT_PERMITTED = "errno 1";
const FAMILY_REFUSED = "errno 97";
const TYPE_REFUSED = "errno 91";

/** Calls of everyday programs, by their numbers on x86_64 and arm64. */
const EVERYDAY = {
  read: [0, 63],
  openat: [257, 56],
  execve: [59, 221],
  fchmod: [91, 52],
  listen: [50, 201],
  bind: [49, 200],
  futex: [202, 98],
  statx: [332, 291],
  mkdirat: [258, 34],
} as const;

for (const arch of ["x64", "arm64"] as const) {
  const call = (number: number | undefined, ...args: number[]) =>
    evaluate(seccompProgram(arch), { arch: AUDIT_ARCH[arch], number: number ?? -1, args });
  const inspected = (name: keyof typeof INSPECTED, ...args: number[]) =>
    call(numberOn(arch, INSPECTED[name]), ...args);

  test(`security: the ${arch} filter lets everyday calls through`, () => {
    for (const [name, numbers] of Object.entries(EVERYDAY)) {
      assert.equal(call(numberOn(arch, numbers)), ALLOWED, name);
    }
  });

  test(`security: the ${arch} filter refuses each call on its list`, () => {
    for (const [name, numbers] of Object.entries(REFUSED)) {
      const number = numberOn(arch, numbers);
      if (number !== undefined) assert.equal(call(number), NOT_PERMITTED, name);
    }
  });

  test(`security: the ${arch} filter lets only Unix stream sockets be made`, () => {
    for (const name of ["socket", "socketpair"] as const) {
      for (let family = 0; family < 46; family++) {
        assert.equal(inspected(name, family, 1), family === 1 ? ALLOWED : FAMILY_REFUSED);
      }
      assert.equal(inspected(name, 1, 1 | 0o2000000 | 0o4000), ALLOWED, "with flags");
      assert.equal(inspected(name, 1, 5), ALLOWED, "SEQPACKET");
      assert.equal(inspected(name, 1, 2), TYPE_REFUSED, "DGRAM");
      assert.equal(inspected(name, 1, 3), TYPE_REFUSED, "RAW, which Linux takes for DGRAM");
    }
  });

  test(`security: the ${arch} filter refuses new namespaces and lets threads and children be`, () => {
    const threads = 0x3d0f00;
    assert.equal(inspected("clone", threads), ALLOWED);
    assert.equal(inspected("clone", 17), ALLOWED, "fork");
    for (const bit of [17, 25, 26, 27, 28, 29, 30]) {
      assert.equal(inspected("clone", threads | (2 ** bit)), NOT_PERMITTED, `bit ${bit}`);
    }
    assert.equal(inspected("clone3"), NO_SUCH_CALL);
  });

  test(`security: the ${arch} filter refuses to type into a terminal`, () => {
    assert.equal(inspected("ioctl", 0, 0x5401), ALLOWED, "TCGETS");
    assert.equal(inspected("ioctl", 0, 0x5412), NOT_PERMITTED, "TIOCSTI");
    assert.equal(inspected("ioctl", 0, 0x541c), NOT_PERMITTED, "TIOCLINUX");
  });

  test(`security: the ${arch} filter lets nothing be made that runs as its owner or group`, () => {
    const [created, temporary] = [0o101, 0o20200002];
    for (const [set, expected] of [
      [0o4000, NOT_PERMITTED],
      [0o2000, NOT_PERMITTED],
      [0, ALLOWED],
      [0o1000, ALLOWED],
    ] as const) {
      const mode = set | 0o755;
      for (const name of ["fchmod", "chmod", "mknod", "creat"] as const) {
        const [x64, arm64] = INSPECTED[name];
        if ((arch === "x64" ? x64 : arm64) === undefined) continue;
        assert.equal(inspected(name, 0, mode), expected, name);
      }
      assert.equal(inspected("fchmodat", 0, 0, mode), expected);
      assert.equal(inspected("fchmodat2", 0, 0, mode), expected);
      assert.equal(inspected("mknodat", 0, 0, mode | 0o100000), expected);
      assert.equal(inspected("openat", 0, 0, created, mode), expected);
      assert.equal(inspected("openat", 0, 0, temporary, mode), expected);
      assert.equal(inspected("openat", 0, 0, 0, mode), ALLOWED, "makes nothing, has no mode");
      if (arch === "x64") assert.equal(inspected("open", 0, created, mode), expected);
    }
    assert.equal(inspected("openat2"), NO_SUCH_CALL, "its mode cannot be seen");
  });

  test(`security: the ${arch} filter keeps a socket's buffers at their size`, () => {
    const DONE = "errno 0";
    for (const option of [7, 8, 32, 33]) assert.equal(inspected("setsockopt", 3, 1, option), DONE);
    assert.equal(inspected("setsockopt", 3, 1, 2), ALLOWED, "SO_REUSEADDR");
    assert.equal(inspected("setsockopt", 3, 6, 7), ALLOWED, "of another level");
  });

  test(`security: the ${arch} filter knows no call that was added later`, () => {
    assert.equal(call(462), ALLOWED);
    assert.equal(call(463), NO_SUCH_CALL);
    assert.equal(call(0xffffffff), NO_SUCH_CALL);
  });

  test(`security: the ${arch} filter ends a program of another architecture`, () => {
    for (const other of Object.values(AUDIT_ARCH).filter((it) => it !== AUDIT_ARCH[arch])) {
      assert.equal(evaluate(seccompProgram(arch), { arch: other, number: 0, args: [] }), "kill");
    }
  });
}

test("security: the x64 filter refuses every x32 call", () => {
  for (const number of [0, 41, 59, 165, 512, 547]) {
    const data = { arch: AUDIT_ARCH.x64, number: number + 0x40000000, args: [1, 1] };
    assert.equal(evaluate(seccompProgram("x64"), data), NO_SUCH_CALL);
  }
});

test("seccompFilter() writes eight bytes a step, little-endian", () => {
  const bytes = seccompFilter("x64");
  assert.equal(bytes.length, seccompProgram("x64").length * 8);
  assert.deepEqual(
    [...bytes.subarray(0, 16)],
    [0x20, 0, 0, 0, 4, 0, 0, 0, 0x15, 0, 1, 0, 0x3e, 0, 0, 0xc0],
  );
});

test("isKnownArchitecture() knows the two that have a table", () => {
  assert.ok(isKnownArchitecture("x64") && isKnownArchitecture("arm64"));
  assert.ok(!isKnownArchitecture("riscv64") && !isKnownArchitecture("toString"));
});

type Call = { arch: number; number: number; args: number[] };

/** What a kernel would do: runs the filter over one call, and says its verdict. */
function evaluate(program: Block, { arch, number, args }: Call): string {
  const words = new Map([
    [0, number >>> 0],
    [4, arch],
    ...args.map((value, index): [number, number] => [16 + 8 * index, value >>> 0]),
  ]);
  let loaded = 0;
  for (let at = 0; at < program.length; at++) {
    const step = program[at];
    assert.ok(step);
    const jump = (holds: boolean) => (at += holds ? step.jumpTrue : step.jumpFalse);
    if (step.code === OP.load) loaded = words.get(step.value) ?? 0;
    else if (step.code === OP.and) loaded = (loaded & step.value) >>> 0;
    else if (step.code === OP.ifEqual) jump(loaded === step.value);
    else if (step.code === OP.ifAtLeast) jump(loaded >= step.value);
    else if (step.code === OP.ifAnyBit) jump((loaded & step.value) !== 0);
    else if (step.code === OP.verdict) return toVerdict(step.value);
    else assert.fail(`no such step: ${step.code}`);
  }
  return assert.fail("the filter ends without a verdict");
}

function toVerdict(value: number): string {
  if (value === 0x7fff0000) return ALLOWED;
  if (value === 0x80000000) return "kill";
  return `errno ${value & 0xffff}`;
}
