/**
 * An image as people and programs hand it in: base64, a known kind, of bounded size. What it says it is is
 * checked against its first bytes: a server is never handed something else under an image's name.
 */

import { z } from "zod";

import { type Image, IMAGE_TYPES, type ImageType } from "./message.ts";

/** Anthropic takes 5 MB an image (its vision guide); no local server needs more pixels than that holds. */
export const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
/** Each takes a thousand tokens or more: these fill the window of most local models. */
export const MAX_IMAGES = 8;
/** Of all images of one message; with base64's third more it stays below what every server takes. */
export const MAX_IMAGES_BYTES = 16 * 1024 * 1024;

const SIGNATURES: readonly { mediaType: ImageType; at: number; bytes: readonly number[] }[] = [
  { mediaType: "image/png", at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { mediaType: "image/jpeg", at: 0, bytes: [0xff, 0xd8, 0xff] },
  { mediaType: "image/gif", at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { mediaType: "image/webp", at: 8, bytes: [0x57, 0x45, 0x42, 0x50] }, // behind RIFF and a length
];

/** What the bytes are; undefined for what is none of the kinds that models read. Pure. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  return SIGNATURES.find(({ at, bytes: wanted }) =>
    wanted.every((byte, index) => bytes[at + index] === byte),
  )?.mediaType;
}

/** The size of what base64 text stands for. */
export const sizeOfBase64 = (text: string): number =>
  Math.floor((text.length * 3) / 4) - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

/** Long enough for every signature, and a multiple of what base64 packs together. */
const HEAD_CHARACTERS = 32;

/** One that a client sends. Its type is that of its bytes, whatever it says. */
export const ImageCreate = z
  .object({
    name: z.string().max(200).default("image"),
    mediaType: z.enum(IMAGE_TYPES).optional(),
    data: z.string(),
  })
  .transform(({ name, data }, context): Image => {
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", path: ["data"], message });
      return z.NEVER;
    };
    if (sizeOfBase64(data) > MAX_IMAGE_BYTES) {
      return refuse(`must be an image of at most ${toMib(MAX_IMAGE_BYTES)}`);
    }
    if (!isBase64(data)) return refuse("must be base64");
    const mediaType = imageTypeOf(Buffer.from(data.slice(0, HEAD_CHARACTERS), "base64"));
    if (!mediaType) return refuse("must be a PNG, JPEG, WebP or GIF image");
    return { mediaType, name: toName(name), data };
  });

export const Images = z
  .array(ImageCreate)
  .max(MAX_IMAGES, `must be at most ${MAX_IMAGES} images`)
  .refine(
    (images) => images.reduce((sum, { data }) => sum + sizeOfBase64(data), 0) <= MAX_IMAGES_BYTES,
    `must be at most ${toMib(MAX_IMAGES_BYTES)} together`,
  );

/** Of the wire's alphabet, whole and padded: what was sent is what is sent on. */
const isBase64 = (text: string) =>
  text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);

/** A file's name and nothing of where it lay. */
const toName = (name: string) => name.split(/[\\/]/).at(-1)?.trim() || "image";

function toMib(bytes: number): string {
  return `${bytes / 1024 / 1024} MiB`;
}
