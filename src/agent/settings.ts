import { z } from "zod";

import { Params } from "../models/settings.ts";
import { defineSetting } from "../protocol/setting.ts";

const ModelChoice = z.object({
  primary: z
    .string()
    .optional()
    .describe(
      'The model that answers, "provider/model". Without it the best proved local one does.',
    )
    .meta({ examples: ["ollama/qwen3:8b"] }),
  fallbacks: z
    .array(z.string())
    .default([])
    .describe("Asked in this order when the one before cannot answer, for that turn only."),
});

/** With the rest of the system text this stays within 1,200 tokens. */
const MAX_INSTRUCTION_CHARS = 2_400;

const Instructions = z
  .string()
  .max(MAX_INSTRUCTION_CHARS)
  .describe(
    "What every conversation is told to do. Short: a small model reads it with every request.",
  );

const Defaults = z.object({
  model: ModelChoice.prefault({}).describe("Which models answer, and in which order."),
  models: z
    .record(
      z.string().meta({ examples: ["ollama/*"] }),
      z.object({
        alias: z
          .string()
          .min(1)
          .optional()
          .describe("Another name for it, where a model is picked.")
          .meta({ examples: ["big"] }),
      }),
    )
    .default({})
    .describe(
      "The only models that may be picked, beside those that answer by config or by `models use`; with none listed, all.",
    ),
  heartbeat: z
    .object({
      model: ModelChoice.optional()
        .describe("Which models answer heartbeats; without it those that answer people.")
        .meta({ examples: [{ primary: "ollama/qwen3:8b" }] }),
    })
    .optional()
    .describe("Turns that a schedule begins; nothing schedules them yet.")
    .meta({ examples: [{ model: { primary: "ollama/qwen3:8b" } }] }),
  workspace: z
    .string()
    .optional()
    .describe("The one folder that tools may write. Without it $ISOPOD_HOME/workspace.")
    .meta({ examples: ["/home/me/agent"] }),
  instructions: Instructions.default(""),
  maxSteps: z
    .int()
    .min(1)
    .default(40)
    .describe("Requests to the model in one turn. Real tasks take fewer; a lost model takes all."),
  maxToolSeconds: z
    .number()
    .positive()
    .default(900)
    .describe(
      "Time for tools in one turn: a quarter of an hour is a long build on a small machine.",
    ),
  maxTurnTokens: z
    .int()
    .min(1_000)
    .default(2_000_000)
    .describe(
      "Tokens read and written in one turn, cached ones not counted: the last net under a cloud bill.",
    ),
  approvalSeconds: z
    .number()
    .positive()
    .default(300)
    .describe(
      "How long a question waits for a person; then it means no. Long enough to fetch a phone.",
    ),
});

const Entry = z.object({
  model: ModelChoice.optional()
    .describe("Strict: no fallback but those listed here.")
    .meta({ examples: [{ primary: "ollama/qwen3:14b" }] }),
  params: Params.optional()
    .describe("Runtime parameters for its requests; how a model is loaded is the model's alone.")
    .meta({ examples: [{ temperature: 0.2 }] }),
  instructions: Instructions.optional()
    .describe("In place of the defaults' instructions.")
    .meta({ examples: ["Answer in plain words. Keep lists short."] }),
});

export const agentSettings = defineSetting({
  key: "agents",
  restricts: false,
  schema: z
    .object({
      defaults: Defaults.prefault({}).describe("What holds for every agent."),
      entries: z
        .record(z.string().meta({ examples: ["writer"] }), Entry)
        .default({})
        .describe('Agents by name, reached as the model "isopod/<name>" of /v1.'),
    })
    .prefault({})
    .describe("Who answers, with which model, and when a turn ends."),
});

export type AgentSettings = z.infer<typeof agentSettings.schema>;
export type AgentDefaults = AgentSettings["defaults"];

/** All models that config gives work to. */
export function modelsNamedBy({ defaults, entries }: AgentSettings): string[] {
  const choices = [
    defaults.model,
    defaults.heartbeat?.model,
    ...Object.values(entries).map(({ model }) => model),
  ];
  const refs = choices.flatMap((choice) => (choice ? [choice.primary, ...choice.fallbacks] : []));
  return [...new Set(refs.filter((ref) => ref !== undefined))];
}
