/** Names that a bundle may give to a file. */

import { Fault } from "../../base/fault.ts";

/** Control characters, and those that make a name read otherwise than it is. */
const ODD = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\\:*?"<>|]/u;
/** The longest that all file systems take. */
const MAX_NAME_BYTES = 255;

/** Throws `BUNDLE_UNSAFE` for a path that leads out, is no plain relative path, or cannot be read as it is. */
export function checkPath(path: string): void {
  const why = whyUnsafe(path);
  if (why !== undefined) throw new Fault("BUNDLE_UNSAFE", { what: path, why });
}

function whyUnsafe(path: string): string | undefined {
  if (path === "" || path.startsWith("/")) return "it is no relative path";
  if (path !== path.normalize("NFC")) return "its letters are not in their usual form";
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === "..") return "it leads out of its folder";
    if (ODD.test(name)) return "it has characters that no name may have";
    if (/^[ -]|[ .]$/.test(name)) return "it begins or ends with what is easily overlooked";
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return "it is too long";
  }
  return undefined;
}

/** Paths that one file system or another takes for the same. */
export const toPlainPath = (path: string): string => path.normalize("NFKC").toLowerCase();
