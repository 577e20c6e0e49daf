/** What a model writes as a path, as names below the workspace. Pure; nothing is opened here. */

import { Fault } from "../base/fault.ts";

/** Limits of Linux (`limits.h`): longer ones would fail later and less clearly. */
const NAME_BYTES = 255;
const PATH_BYTES = 4096;

/** How `run` shows the workspace to a model, which then uses it with the other tools. */
const INSIDE = "/workspace";

/** As much of a path as a message should carry. */
const SHOWN_LENGTH = 200;

/**
 * The names from the workspace down to the file; none for the workspace itself. An absolute path is
 * taken only where it begins with the workspace's own. Throws `PATH_OUTSIDE_WORKSPACE`, `PATH_INVALID`.
 */
export function parsePath(path: string, root: string): string[] {
  const fault = invalid(path);
  if (fault) throw new Fault("PATH_INVALID", { path: showPath(path), detail: fault });
  const below = belowRoot(path, INSIDE) ?? belowRoot(path, root) ?? path;
  const names = below.split("/").filter((name) => name !== "" && name !== ".");
  const leaves = below.startsWith("/") || names.includes("..") || /^~|^\w+:\/\//.test(below);
  if (leaves) throw new Fault("PATH_OUTSIDE_WORKSPACE", { path: showPath(path) });
  return names;
}

/** A path for a message: on one line, without control characters, not endless. */
export function showPath(path: string): string {
  const plain = path.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
  return plain.length > SHOWN_LENGTH ? `${plain.slice(0, SHOWN_LENGTH)}…` : plain;
}

function invalid(path: string): string | undefined {
  if (/\p{Cc}/u.test(path)) return "it contains a control character";
  if (path.includes("\\")) return "it contains a backslash; use /";
  if (Buffer.byteLength(path) > PATH_BYTES) return `it is longer than ${PATH_BYTES} bytes`;
  const long = path.split("/").some((name) => Buffer.byteLength(name) > NAME_BYTES);
  return long ? `a name in it is longer than ${NAME_BYTES} bytes` : undefined;
}

function belowRoot(path: string, root: string): string | undefined {
  if (path === root) return "";
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
}
