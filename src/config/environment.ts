import type { Draft } from "./draft.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that set a value; the first that is set counts. `OPENCLAW_*` is what the seeds use. */
const VARIABLES: { path: string; names: string[]; number?: boolean }[] = [
  { path: "gateway.port", names: ["ISOPOD_GATEWAY_PORT", "OPENCLAW_GATEWAY_PORT"], number: true },
  { path: "gateway.bind", names: ["ISOPOD_GATEWAY_BIND", "OPENCLAW_GATEWAY_BIND"] },
  { path: "gateway.token", names: ["ISOPOD_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN"] },
  { path: "agents.defaults.workspace", names: ["ISOPOD_WORKSPACE", "OPENCLAW_WORKSPACE"] },
];

/** The environment without what overrides the config: for what a file says by itself. */
export function withoutOverrides(env: Environment): Environment {
  const names = new Set(VARIABLES.flatMap(({ names }) => names));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

/** Lets the environment have the last word. An empty variable counts as none. */
export function applyEnvironment(draft: Draft, env: Environment): void {
  for (const { path, names, number } of VARIABLES) {
    const name = names.find((name) => env[name]);
    const text = name && env[name];
    if (!text) continue;
    draft.set(path, number && /^\d+$/.test(text) ? Number(text) : text, `$${name}`);
  }
}
