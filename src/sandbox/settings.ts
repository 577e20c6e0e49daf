import { z } from "zod";

import { defineSetting } from "../protocol/setting.ts";

export const sandboxSetting = defineSetting({
  key: "sandbox",
  restricts: true,
  schema: z
    .object({
      run: z
        .enum(["auto", "ask", "deny"])
        .default("auto")
        .describe(
          "auto: commands run in a sandbox that held against its attacks, unasked. ask: a person agrees to each. deny: never",
        ),
      timeoutSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(120)
        .describe(
          "A command that takes longer is ended; two minutes are enough for most builds and tests",
        ),
      memoryMb: z
        .int()
        .min(64)
        .default(1024)
        .describe("Memory of a command with all it starts; Node needs 1024 to start"),
      processes: z
        .int()
        .min(16)
        .max(4096)
        .default(128)
        .describe("Processes and threads at once; a Node program has 11, a parallel build dozens"),
      outputBytes: z
        .int()
        .min(1000)
        .max(1_000_000)
        .default(8000)
        .describe(
          "How much of what a command prints the model reads, its beginning and its end; 8000 are about 2,000 tokens, a quarter of a small context",
        ),
    })
    .prefault({})
    .describe("What a command may do that the model runs; it never has a network"),
});

export type SandboxSettings = z.infer<typeof sandboxSetting.schema>;
