/**
 * Classic BPF, as much of it as a seccomp filter needs: load a word of the call, compare it, return a
 * verdict. A block either returns or falls through to what stands after it.
 *
 * Source: Linux `Documentation/userspace-api/seccomp_filter.rst` and `include/uapi/linux/filter.h`.
 */

export type Instruction = { code: number; jumpTrue: number; jumpFalse: number; value: number };
export type Block = readonly Instruction[];

/** Where the words of `struct seccomp_data` stand. Arguments are 64 bits; `low` is the half that counts. */
export const WORD = {
  syscall: 0,
  architecture: 4,
  low: (argument: number) => 16 + 8 * argument,
} as const;

export const OP = {
  load: 0x20, // BPF_LD | BPF_W | BPF_ABS
  and: 0x54, // BPF_ALU | BPF_AND | BPF_K
  ifEqual: 0x15, // BPF_JMP | BPF_JEQ | BPF_K
  ifAtLeast: 0x35, // BPF_JMP | BPF_JGE | BPF_K
  ifAnyBit: 0x45, // BPF_JMP | BPF_JSET | BPF_K
  verdict: 0x06, // BPF_RET | BPF_K
} as const;

/** Verdicts of a filter. */
export const ALLOW = 0x7fff0000;
export const KILL = 0x80000000;
export const fail = (errno: number) => 0x00050000 | errno;

export const load = (word: number): Block => [step(OP.load, word)];
export const mask = (bits: number): Block => [step(OP.and, bits)];
export const verdict = (value: number): Block => [step(OP.verdict, value)];
/** `undefined` equals nothing: a call that an architecture lacks. */
export const ifEqual = (value: number | undefined, then: Block): Block =>
  value === undefined ? [] : branch(OP.ifEqual, value, then);
export const ifAtLeast = (value: number, then: Block) => branch(OP.ifAtLeast, value, then);
export const ifAnyBit = (bits: number, then: Block) => branch(OP.ifAnyBit, bits, then);

/** The branch of `ifEqual` turned round: `then` is for a word that is another. */
export const unlessEqual = (value: number, then: Block): Block => [
  { ...step(OP.ifEqual, value), jumpTrue: then.length },
  ...then,
];

/** The bytes of `struct sock_filter[]`, little-endian as x86_64 and arm64 are. */
export function encode(program: Block): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jumpTrue, jumpFalse, value }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}

const step = (code: number, value: number): Instruction => ({
  code,
  jumpTrue: 0,
  jumpFalse: 0,
  value: value >>> 0,
});

/** Jumps have 8 bits, so that a block that is jumped over has at most 255 steps: `encode` would throw. */
function branch(code: number, value: number, then: Block): Block {
  return [{ ...step(code, value), jumpFalse: then.length }, ...then];
}
