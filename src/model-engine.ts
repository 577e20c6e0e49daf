/** Composes the engine for GGUF files: part of the composition root, beside `app.ts`. */

import { availableParallelism } from "node:os";
import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { createId } from "./base/ids.ts";
import type { Ground } from "./ground.ts";
import { readSystem } from "./model-keeping.ts";
import { createGguf, type Gguf } from "./models/engine/gguf.ts";
import { createInstaller, type EngineInstaller } from "./models/engine/installer.ts";
import { readMachine } from "./models/fit/machine.ts";

export type Engine = { gguf: Gguf; engine: EngineInstaller };

export function buildEngine({ closing, options, programs, mode }: Ground): Engine {
  const { home, env } = options;
  const machine = (signal: AbortSignal) => readMachine({ programs, system: readSystem() }, signal);
  const newCallId = () => createId("call", clock.now());
  const processors = availableParallelism();
  const { gguf, unload } = createGguf({
    programs,
    clock,
    env,
    home,
    newCallId,
    processors,
    machine,
  });
  closing(unload);
  const engine = createInstaller({
    programs,
    clock,
    env,
    folder: join(home, "engine"),
    platform: `${process.platform}-${process.arch}`,
    machine,
    mode: () => mode.mode,
    capped: mode.cap === "private",
    unload,
  });
  return { gguf, engine };
}
