/** What is read of a file, by the ending of its name and then by what is in it. */

import { readHtml } from "./html.ts";
import { OFFICE, readOffice } from "./office.ts";
import { readPdf } from "./pdf.ts";
import { LeftOut, readText, type Text } from "./text.ts";

export type Kind = "text" | "html" | "pdf" | "office";

/** Of a file by its name; undefined for what is no document, which is not even opened. */
export function kindOf(name: string): Kind | undefined {
  const ending = endingOf(name);
  if (NO_DOCUMENTS.has(ending)) return undefined;
  if (ending === "html" || ending === "htm" || ending === "xhtml") return "html";
  if (ending === "pdf") return "pdf";
  return OFFICE.has(ending) ? "office" : "text";
}

const endingOf = (name: string) => /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";

/** Pictures, sound, programs, archives and weights; and keys, which are for nobody's search. */
const NO_DOCUMENTS: ReadonlySet<string> = new Set(
  `png jpg jpeg gif webp bmp ico tif tiff heic psd svgz mp3 wav ogg flac m4a mp4 mkv mov avi webm ttf otf woff woff2
  zip gz tgz bz2 xz zst 7z rar tar jar war iso img dmg deb rpm apk whl exe dll so dylib a o obj bin class pyc wasm
  gguf safetensors onnx pt pth npy npz parquet db sqlite sqlite3 mdb pem key p12 pfx jks kdbx gpg asc`.split(
    /\s+/,
  ),
);

/** Larger texts are data and logs; larger PDFs and office files, mostly pictures. */
const MAX_BYTES: Readonly<Record<Kind, number>> = {
  text: 8 * 1024 * 1024,
  html: 8 * 1024 * 1024,
  pdf: 64 * 1024 * 1024,
  office: 64 * 1024 * 1024,
};

export const maxBytesOf = (kind: Kind): number => MAX_BYTES[kind];

/** Throws `LeftOut`. `onPage` hears that there is progress in a long one. */
export async function readDocument(
  bytes: Buffer,
  { name, kind, onPage }: { name: string; kind: Kind; onPage: () => void },
): Promise<Text> {
  switch (kind) {
    case "pdf":
      return readPdf(bytes, onPage);
    case "office":
      return readOffice(bytes, endingOf(name));
    case "html":
      return readHtml(readText(bytes).lines.join("\n"));
    case "text":
      return readText(bytes);
    default:
      throw new LeftOut("it is of no kind that is read");
  }
}
