/** Documents as their programs write them, as small as they can be, and hostile ones. */

import { crc32, deflateRawSync, deflateSync } from "node:zlib";

type Entry = { name: string; packed: Buffer; sizeBytes: number; crc: number; method: number };

/** A ZIP archive (APPNOTE.TXT 6.3.10). `claims` lies about the unpacked sizes. */
export function zip(files: Record<string, string | Buffer>, claims?: number): Buffer {
  const entries = Object.entries(files).map(([name, content]): Entry => {
    const bytes = Buffer.from(content);
    const sizeBytes = claims ?? bytes.length;
    return { name, packed: deflateRawSync(bytes), sizeBytes, crc: crc32(bytes), method: 8 };
  });
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const local = Buffer.concat([header(0x04034b50, entry), entry.packed]);
    locals.push(local);
    central.push(header(0x02014b50, entry, at));
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** Of a file in the archive or, with its place, of its line in the directory. */
function header(signature: number, { name, packed, sizeBytes, crc, method }: Entry, at?: number) {
  const isLocal = at === undefined;
  const fields = Buffer.alloc(isLocal ? 30 : 46);
  const shift = isLocal ? 0 : 2; // the directory says who made it first
  fields.writeUInt32LE(signature, 0);
  fields.writeUInt16LE(20, 4);
  fields.writeUInt16LE(method, 8 + shift);
  fields.writeUInt32LE(crc, 14 + shift);
  fields.writeUInt32LE(packed.length, 18 + shift);
  fields.writeUInt32LE(sizeBytes, 22 + shift);
  fields.writeUInt16LE(Buffer.byteLength(name), 26 + shift);
  if (!isLocal) fields.writeUInt32LE(at, 42);
  return Buffer.concat([fields, Buffer.from(name)]);
}

export const docx = (paragraphs: readonly string[]) =>
  zip({
    "word/document.xml": `<?xml version="1.0"?><w:document><w:body>${paragraphs
      .map((text) => `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`)
      .join("")}</w:body></w:document>`,
  });

export const pptx = (slides: readonly string[]) =>
  zip(
    Object.fromEntries(
      slides.map((text, at) => [
        `ppt/slides/slide${at + 1}.xml`,
        `<p:sld><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:sld>`,
      ]),
    ),
  );

export const xlsx = (rows: readonly (readonly string[])[]) => {
  const shared = rows.flat();
  const cells = (row: readonly string[]) =>
    row.map((cell) => `<c t="s"><v>${shared.indexOf(cell)}</v></c>`).join("");
  return zip({
    "xl/sharedStrings.xml": `<sst>${shared.map((text) => `<si><t>${text}</t></si>`).join("")}</sst>`,
    "xl/worksheets/sheet1.xml": `<worksheet><sheetData>${rows
      .map((row, at) => `<row r="${at + 1}">${cells(row)}<c><v>${at + 7}</v></c></row>`)
      .join("")}</sheetData></worksheet>`,
  });
};

export const odt = (paragraphs: readonly string[]) =>
  zip({
    "content.xml": `<office:text>${paragraphs
      .map((text) => `<text:p>${text}<text:s/>and<text:span> more</text:span></text:p>`)
      .join("")}</office:text>`,
  });

/** A PDF with a page for each text. `content` takes the place of what draws the pages. */
export function pdf(pages: readonly string[], content?: Buffer): Buffer {
  const streams = pages.map((text) => {
    const lines = text.split("\n").map((line) => `(${line}) Tj 0 -14 Td`);
    return content ?? Buffer.from(`BT /F1 12 Tf 72 720 Td ${lines.join(" ")} ET`);
  });
  const kids = streams.map((_, at) => `${4 + at * 2} 0 R`).join(" ");
  const objects: Buffer[] = [
    Buffer.from("<< /Type /Catalog /Pages 2 0 R >>"),
    Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`),
    Buffer.from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"),
    ...streams.flatMap((stream, at) => {
      const packed = deflateSync(stream);
      const resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 612 792]";
      return [
        Buffer.from(`<< /Type /Page /Parent 2 0 R ${resources} /Contents ${5 + at * 2} 0 R >>`),
        Buffer.concat([
          Buffer.from(`<< /Filter /FlateDecode /Length ${packed.length} >>\nstream\n`),
          packed,
          Buffer.from("\nendstream"),
        ]),
      ];
    }),
  ];
  return assemble(objects);
}

function assemble(objects: readonly Buffer[]): Buffer {
  const parts = [Buffer.from("%PDF-1.4\n")];
  const places: number[] = [];
  let at = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      object,
      Buffer.from("\nendobj\n"),
    ]);
    places.push(at);
    parts.push(part);
    at += part.length;
  }
  const rows = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${rows}`;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(table + trailer)]);
}

/** Draws the same few letters some million times: small on the disk, and endless to read. */
export const endlessPdf = () =>
  pdf([""], Buffer.from(`BT /F1 12 Tf ${"(ab) Tj 0 -1 Td ".repeat(4_000_000)} ET`));
