import { Fault } from "../base/fault.ts";
import type { Message } from "../protocol/message.ts";
import type { ToolContext } from "../tools/tool.ts";
import type { Workspace } from "../tools/workspace.ts";
import { NOTES_FILE, notesPreface } from "./prompt.ts";

/** What is read of the notes; more is not shown to a model anyway. */
const MAX_READ_BYTES = 16 * 1024;

/** Notes and memories as an epoch begins. A model without tools gets memories only: notes are about files. */
export async function readNotes(
  model: { tools: boolean },
  { workspace, memory }: Pick<ToolContext, "workspace" | "memory">,
  signal: AbortSignal,
): Promise<Message[]> {
  signal.throwIfAborted();
  const [notes, memories] = await Promise.all([
    model.tools ? readFile(workspace, NOTES_FILE) : undefined,
    memory.list(),
  ]);
  return notesPreface(notes, memories);
}

async function readFile(workspace: Workspace, path: string): Promise<string | undefined> {
  let file;
  try {
    file = await workspace.open(path);
  } catch (error) {
    // Most workspaces have none, and one that is no plain file is not read.
    if (error instanceof Fault) return undefined;
    throw error;
  }
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(MAX_READ_BYTES),
      0,
      MAX_READ_BYTES,
      0,
    );
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
