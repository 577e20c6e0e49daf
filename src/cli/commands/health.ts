import { defineCommand } from "../command.ts";

export const health = defineCommand({
  name: "health",
  summary: "ask the running gateway whether it can answer; exit code 0 when it can",
  options: [
    ["--token <token>", "the key to ask with, instead of admin.key"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const token = options["token"];
    const answer = await host.checkHealth(typeof token === "string" ? token : undefined, signal);
    if (options["json"]) terminal.json(answer);
    else terminal.print(answer.ok ? "ok" : `not ready: ${answer.reasons.join("; ")}`);
    return answer.ok ? 0 : 1;
  },
});
