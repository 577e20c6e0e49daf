import { Fault } from "../base/fault.ts";
import type { Check } from "../protocol/check.ts";
import type { SandboxChoice } from "./sandbox.ts";

/** `choose` attacks the sandbox anew; doctor does not believe what was found at the start. */
export function createSandboxChecks(deps: {
  choose(signal: AbortSignal): Promise<SandboxChoice>;
}): Check[] {
  return [
    {
      code: "sandbox.holds",
      title: "The sandbox holds against its attacks",
      dependsOn: [],
      async run(signal) {
        const choice = await deps.choose(signal);
        if (choice.ok) {
          const { length } = choice.tried;
          return { state: "ok", detail: `${choice.sandbox.name} held against ${length} attacks` };
        }
        const { reason: why, fix } = choice;
        // Everything but `run` works without one.
        return { state: "warning", fault: new Fault("SANDBOX_OFF", { why, fix }).toJSON() };
      },
    },
  ];
}
