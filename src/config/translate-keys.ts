/** The ways other programs write a key of a server, turned into `${NAME}` or left out with the reason. */

import type { Draft } from "./draft.ts";
import type { Environment } from "./environment.ts";
import { isObject } from "./read.ts";

/**
 * `env: { vars: { NAME: "value" } }` of other programs: for `${NAME}` in this file and for the keys of known
 * servers. Nothing else sees them, and what the environment itself says wins.
 */
export function takeVariables(draft: Draft): Record<string, string> {
  const env = draft.get("env");
  if (!isObject(env)) return {};
  const given = isObject(env["vars"]) ? env["vars"] : env;
  const variables = Object.fromEntries(
    Object.entries(given).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && NAME.test(entry[0]),
    ),
  );
  const names = Object.keys(variables);
  const found = names.length > 0 ? `${names.join(", ")}: ` : "";
  draft.drop(
    "env",
    `${found}read for \${…} in this file and as keys of model servers; programs that are run do not see it`,
  );
  return variables;
}

/** For any value that is a secret: a key, or a header. */
export function translateKey(draft: Draft, path: string, env: Environment): void {
  const value = draft.get(path);
  const named = variableOf(value);
  if (named === undefined) return;
  if (typeof value === "string" && !value.startsWith("env:") && !env[named]) {
    const why = `"${named}" looks like the name of a variable, and that one is not set: no key is sent`;
    return draft.drop(path, why);
  }
  draft.set(path, `\${${named}}`, path);
  draft.note(path, `read as "\${${named}}", the variable of that name`);
}

/** The variable that a value stands for: "env:NAME", a reference object, or the bare name of a key. */
function variableOf(value: unknown): string | undefined {
  if (isObject(value)) {
    const { source, id } = value;
    return source === "env" && typeof id === "string" && NAME.test(id) ? id : undefined;
  }
  if (typeof value !== "string") return undefined;
  const [, prefixed] = /^env:(.+)$/.exec(value) ?? [];
  if (prefixed !== undefined) return NAME.test(prefixed) ? prefixed : undefined;
  return KEY_NAME.test(value) ? value : undefined;
}

const NAME = /^[A-Z_][A-Z0-9_]*$/;
/** Keys that are written out have small letters or digits without an underscore. */
const KEY_NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_(KEY|TOKEN)$/;
