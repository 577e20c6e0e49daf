import { readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

import { Fault } from "../base/fault.ts";
import { withoutLogin } from "../base/without-login.ts";
import type { Finding } from "./draft.ts";
import type { Environment } from "./environment.ts";
import { isObject, join as joinPath, unescape } from "./read.ts";

/** Paths whose values are never printed. */
const SECRET =
  /(^|\.)([^.]*(api[_-]?key|password|secret)|([^.]*[_-])?token|authorization)$|\.headers\.[^.]+$/i;

/** An option of a command line whose value is a secret; the value stands behind "=", or is the next word. */
const SECRET_OPTION = /^(--?[\w-]*(?:api-?key|password|secret|token))(=.*)?$/is;

export const isSecret = (path: string) => SECRET.test(path);

/**
 * A copy in which `${NAME}` is the variable's value and `{ file: "name" }`, where a secret belongs, the
 * content of that file in the secrets folder. `$${` stands for a plain `${`.
 */
export function fillSecrets(
  value: unknown,
  from: { env: Environment; folder: string },
  faults: Finding[],
  path = "",
): unknown {
  if (typeof value === "string") return fillVariables(value, path, from.env, faults);
  if (Array.isArray(value))
    return value.map((item, i) => fillSecrets(item, from, faults, joinPath(path, i)));
  if (!isObject(value)) return value;
  if (isSecret(path) && typeof value["file"] === "string") {
    return readSecret(value["file"], path, from.folder, faults);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      fillSecrets(child, from, faults, joinPath(path, key)),
    ]),
  );
}

/**
 * The same value with each secret struck out. Of a text in which a variable stood, what was `written` is
 * left: what the variable says may be a secret anywhere.
 */
export function strikeSecrets(value: unknown, path = "", written: unknown = undefined): unknown {
  if (isSecret(path) && value !== undefined && value !== null && value !== "") return "(secret)";
  if (typeof value === "string") {
    return withoutLogin(typeof written === "string" && hasVariable(written) ? written : value);
  }
  if (Array.isArray(value)) {
    const items: unknown[] = Array.isArray(written) ? written : [];
    return value.map((item, i) => {
      if (i > 0 && isSecretOption(value[i - 1]) === "next") return "(secret)";
      if (isSecretOption(item) === "own") return String(item).replace(/=.*$/s, "=(secret)");
      return strikeSecrets(item, joinPath(path, i), items[i]);
    });
  }
  if (!isObject(value)) return value;
  const members = isObject(written) ? written : {};
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const own = Object.hasOwn(members, key) ? members[key] : undefined;
      return [key, strikeSecrets(child, joinPath(path, key), own)];
    }),
  );
}

function isSecretOption(word: unknown): "own" | "next" | undefined {
  const found = typeof word === "string" ? SECRET_OPTION.exec(word) : null;
  if (!found) return undefined;
  return found[2] === undefined ? "next" : "own";
}

const hasVariable = (text: string) => [...text.matchAll(VARIABLE)].some(([, escaped]) => !escaped);

/** `${NAME}`, or `$${NAME}` for a text that is none. */
const VARIABLE = /\$(\$)?\{([A-Z_][A-Z0-9_]*)\}/g;

function fillVariables(text: string, path: string, env: Environment, faults: Finding[]): string {
  return text.replace(VARIABLE, (whole, escaped: string | undefined, name: string) => {
    if (escaped) return whole.slice(1);
    const value = env[name];
    if (value !== undefined) return value;
    faults.push(missing(path, `the variable ${name} is not set`));
    return "";
  });
}

function readSecret(name: string, path: string, folder: string, faults: Finding[]): string {
  try {
    // A config is often somebody else's file: neither `..` nor a link may lead out of the secrets folder.
    const file = realpathSync(join(folder, name));
    if (!file.startsWith(realpathSync(folder) + sep)) {
      throw new Error("it must name a file inside the secrets folder");
    }
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    faults.push(missing(path, detail, cause));
    return "";
  }
}

function missing(path: string, detail: string, cause?: unknown): Finding {
  const shown = unescape(path);
  return { path: shown, fault: new Fault("CONFIG_SECRET", { path: shown, detail }, { cause }) };
}
