/**
 * The memory of this machine. Graphics cards are asked through their makers' own tools or the kernel; a
 * card that nobody tells of is taken for none, since a promise that does not hold costs more.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import { runProgram } from "../../process/run.ts";
import type { Machine } from "../../protocol/model-fit.ts";

export type MachineDeps = {
  programs: Pick<Programs, "start">;
  system: {
    platform: string;
    processor: string;
    ramBytes: number;
    /** What the control group of this process allows; undefined where nothing limits it. */
    limitBytes: number | undefined;
  };
  /** `/sys/class/drm`, unless a test has its own. */
  drm?: string;
};

type Gpu = Machine["gpus"][number];

const MIB = 1024 ** 2;
const GB = 1e9;

/** A tool of a maker that has no card to talk to answers within one; a broken driver may hang. */
const TOOL_TIMEOUT_MS = 5_000;

export async function readMachine(deps: MachineDeps, signal: AbortSignal): Promise<Machine> {
  const { platform, processor, ramBytes, limitBytes } = deps.system;
  const limited = limitBytes !== undefined && limitBytes < ramBytes;
  const memoryBytes = limited ? limitBytes : ramBytes;
  const apple = platform === "darwin" && processor.startsWith("Apple");
  const gpus = apple
    ? [await readApple(deps, memoryBytes, signal)]
    : [...(await readNvidia(deps, signal)), ...readAmd(deps.drm ?? "/sys/class/drm")];
  return {
    system: platform,
    processor,
    ramBytes,
    ...(limited && { limitBytes }),
    gpus,
    unified: apple,
    usable: toUsable(memoryBytes, gpus, apple),
  };
}

/** Of a card a twentieth goes to the driver and what shows on the screen. */
const GPU_PART = 0.95;
/** Of main memory at least 2 GB stay for the system, and an eighth for whatever else people run. */
const SYSTEM_BYTES = 2 * GB;
const SYSTEM_PART = 1 / 8;

/** Pure. Cards of one maker are counted together: servers spread a model over them. */
export function toUsable(
  memoryBytes: number,
  gpus: readonly Gpu[],
  unified: boolean,
): Machine["usable"] {
  const ramBytes = Math.max(0, memoryBytes - Math.max(SYSTEM_BYTES, memoryBytes * SYSTEM_PART));
  const makers = [...new Set(gpus.map(({ maker }) => maker))].map((maker) =>
    gpus.filter((gpu) => gpu.maker === maker).reduce((sum, { totalBytes }) => sum + totalBytes, 0),
  );
  const gpuBytes = Math.max(0, ...makers);
  // One memory: what graphics take is gone from the rest.
  if (unified) return { gpuBytes, ramBytes: Math.max(0, ramBytes - gpuBytes) };
  return { gpuBytes: Math.floor(gpuBytes * GPU_PART), ramBytes: Math.floor(ramBytes) };
}

async function readNvidia({ programs }: MachineDeps, signal: AbortSignal): Promise<Gpu[]> {
  const args = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"];
  const text = await ask(programs, "nvidia-smi", args, signal);
  return parseNvidia(text);
}

/** Pure. One line a card, in MiB; a line that is not one is an error message. */
export function parseNvidia(text: string): Gpu[] {
  return text.split("\n").flatMap((line) => {
    const [, name, total, free] = /^(.+?),\s*(\d+),\s*(\d+)\s*$/.exec(line.trim()) ?? [];
    if (name === undefined) return [];
    const totalBytes = Number(total) * MIB;
    return [{ name, maker: "nvidia" as const, totalBytes, freeBytes: Number(free) * MIB }];
  });
}

/** The kernel's amdgpu driver tells in files; integrated ones report the memory set aside for them. */
export function readAmd(folder: string): Gpu[] {
  return cardsIn(folder).flatMap((card) => {
    const device = join(folder, card, "device");
    const totalBytes = Number(readText(join(device, "mem_info_vram_total")));
    if (!Number.isFinite(totalBytes) || totalBytes <= 0) return [];
    const usedBytes = Number(readText(join(device, "mem_info_vram_used")) ?? NaN);
    const name = readText(join(device, "product_name"))?.trim();
    return [
      {
        name: name || `AMD graphics (${card})`,
        maker: "amd" as const,
        totalBytes,
        ...(Number.isFinite(usedBytes) && { freeBytes: totalBytes - usedBytes }),
      },
    ];
  });
}

function cardsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^card\d+$/.test(name));
  } catch {
    return []; // no such folder: no graphics, or not Linux
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // another maker's driver does not have it
  }
}

/** Above it macOS gives three quarters of the memory to graphics, up to it two thirds. */
const APPLE_LARGE_BYTES = 36 * 1024 ** 3;

/** `iogpu.wired_limit_mb` is what a person has set; 0 leaves it to macOS. */
async function readApple(
  { programs, system }: MachineDeps,
  memoryBytes: number,
  signal: AbortSignal,
): Promise<Gpu> {
  const text = await ask(programs, "sysctl", ["-n", "iogpu.wired_limit_mb"], signal);
  const setBytes = (Number(text.trim()) || 0) * MIB;
  const usual = memoryBytes * (memoryBytes > APPLE_LARGE_BYTES ? 3 / 4 : 2 / 3);
  const totalBytes = Math.floor(setBytes > 0 ? Math.min(setBytes, memoryBytes) : usual);
  return { name: system.processor, maker: "apple", totalBytes };
}

/** What the tool says; nothing where there is none, or where it fails: then there is no card to use. */
async function ask(
  programs: Pick<Programs, "start">,
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const late = AbortSignal.timeout(TOOL_TIMEOUT_MS);
  const start = { command, args, purpose: "models.fit", network: "none" as const };
  try {
    const both = AbortSignal.any([signal, late]);
    const { exitCode, stdout } = await runProgram(programs, { ...start, signal: both });
    return exitCode === 0 ? stdout : "";
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted || error instanceof Fault) return "";
    throw error;
  }
}
