import { readFile } from "node:fs/promises";
import { basename } from "node:path";

import { Fault } from "../base/fault.ts";
import type { Image } from "../protocol/message.ts";

/** The images of `--image`, in order. Throws `IMAGE_UNUSABLE` before anything is sent. */
export async function readImages(given: unknown): Promise<readonly Image[]> {
  const paths = Array.isArray(given) ? given.map(String) : [];
  if (paths.length === 0) return [];
  const files = await Promise.all(paths.map(readOne));
  // Loaded here: schemas would cost commands without images a third of their start.
  const { Images } = await import("../protocol/image.ts");
  const parsed = Images.safeParse(files);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path[0];
  const path = typeof at === "number" ? paths[at] : undefined;
  throw new Fault("IMAGE_UNUSABLE", {
    path: path ?? paths.join(", "),
    detail: `it ${issue?.message ?? "cannot be read"}`,
  });
}

async function readOne(path: string): Promise<{ name: string; data: string }> {
  try {
    return { name: basename(path), data: (await readFile(path)).toString("base64") };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const detail = code === "ENOENT" ? "there is no such file" : code;
    throw new Fault("IMAGE_UNUSABLE", { path, detail }, { cause });
  }
}
