/**
 * Images that go with the next message. Kept in memory only: a draft's text outlives a reload, a picture
 * that nobody sent is not left lying in the browser's storage.
 */

import type { ReadonlySignal } from "@preact/signals";
import { signal } from "@preact/signals";

import type { FaultReport } from "../../../src/base/fault.ts";
import type { ImageType } from "../../../src/protocol/message.ts";
import { texts } from "../texts.ts";

/** As the gateway takes it; what it really is, the gateway finds out from its bytes. */
export type Attachment = { name: string; mediaType: ImageType; data: string };

/** The gateway's own limits (src/protocol/image.ts), told before a person has waited for an upload. */
const MAX_IMAGES = 8;
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
export const IMAGE_TYPES: readonly ImageType[] = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
];

export interface Attachments {
  readonly list: ReadonlySignal<readonly Attachment[]>;
  /** Adds what can be sent; the rest is said to `onProblem`. */
  add(files: readonly File[]): Promise<void>;
  remove(at: number): void;
  /** All of them, which then are the caller's. */
  take(): readonly Attachment[];
  put(images: readonly Attachment[]): void;
}

export function createAttachments(onProblem: (problem: FaultReport) => void): Attachments {
  const list = signal<readonly Attachment[]>([]);
  return {
    list,
    async add(files) {
      for (const file of files) {
        const mediaType = IMAGE_TYPES.find((type) => type === file.type);
        const why = whyNot(file, list.peek().length);
        if (why !== undefined || mediaType === undefined) {
          const message = why ?? texts.images.wrongType(file.name);
          onProblem({ code: "IMAGE_UNUSABLE", message, fix: texts.images.fix });
          continue;
        }
        const image = { name: file.name || "image", mediaType, data: await read(file) };
        list.value = [...list.peek(), image];
      }
    },
    remove: (at) => (list.value = list.peek().filter((_, index) => index !== at)),
    take() {
      const taken = list.peek();
      list.value = [];
      return taken;
    },
    put: (images) => (list.value = images),
  };
}

function whyNot({ name, size }: File, count: number): string | undefined {
  if (size > MAX_IMAGE_BYTES) return texts.images.tooLarge(name);
  return count >= MAX_IMAGES ? texts.images.tooMany(MAX_IMAGES) : undefined;
}

export const toUrl = ({ mediaType, data }: Attachment) => `data:${mediaType};base64,${data}`;

/** The file in base64, by the browser's own reader: it does not hold up the page. */
function read(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      resolve(String(reader.result).replace(/^[^,]*,/, ""));
    });
    reader.addEventListener("error", () => {
      reject(reader.error ?? new Error("the file cannot be read"));
    });
    reader.readAsDataURL(file);
  });
}
