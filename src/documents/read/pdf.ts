/**
 * The words of a PDF, page by page. Loaded at the first one: two megabytes of program. Nothing in a PDF is run,
 * and no font is loaded; how long one may take and how much memory is for whoever watches this thread.
 */

import { LeftOut, toLines, type Text } from "./text.ts";

/** Longer ones are scans of shelves; their first pages are read. */
const MAX_PAGES = 5_000;

/** `onPage` is called before each page. Throws `LeftOut`. */
export async function readPdf(bytes: Buffer, onPage: () => void): Promise<Text> {
  const { getDocumentProxy } = await import("unpdf");
  let document;
  try {
    document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (error) {
    const needsKey = error instanceof Error && error.name === "PasswordException";
    throw new LeftOut(needsKey ? "it is encrypted" : "it is damaged", { cause: error });
  }
  const lines: string[] = [];
  const pages: number[] = [];
  try {
    for (let number = 1; number <= Math.min(document.numPages, MAX_PAGES); number++) {
      onPage();
      pages.push(lines.length);
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const words = items.map((item) =>
        "str" in item ? item.str + (item.hasEOL ? "\n" : "") : "",
      );
      lines.push(...(words.length === 0 ? [""] : toLines(words.join(""))));
      page.cleanup();
    }
  } catch (error) {
    if (lines.every((line) => line.trim() === "")) {
      throw new LeftOut("it is damaged", { cause: error });
    }
    // The pages before the damaged one can be found.
  } finally {
    await document.loadingTask.destroy();
  }
  if (lines.every((line) => line.trim() === "")) {
    throw new LeftOut("it has no text: a scan that nobody has read yet");
  }
  return { lines, pages };
}
