/** The bodies of `/api/models/engine`: the add-on that runs GGUF files. */

import { z } from "zod";

export type EngineStatus = {
  folder: string;
  /** The version that this Isopod installs. */
  wanted: string;
  installed: {
    version: string;
    gpu: string;
    platform: string;
    /** In ms since 1970. */
    installedAt: number;
    sizeBytes: number;
  } | null;
};

const Folder = z.string().regex(/^\//, "an absolute path").max(4_096);

export const EngineWanted = z.object({
  gpu: z.enum(["auto", "cuda", "vulkan", "metal", "none"]).default("auto"),
  /** A folder that `save` filled on another machine: nothing is downloaded then. */
  from: Folder.optional(),
  /** Where the packages are kept as well, to be carried to another machine. */
  save: Folder.optional(),
});
export type EngineWanted = z.infer<typeof EngineWanted>;
