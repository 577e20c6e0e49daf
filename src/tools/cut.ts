/** What a model can be shown at once, and the line that tells it how to read on. */

/**
 * About 2,000 tokens: a quarter of the smallest context that is worth while (8,192), so that a question,
 * two results and an answer fit.
 */
export const OUTPUT_CHARS = 8000;

/** A longer line is data, not text: minified code, a table, an image in base64. */
const LINE_CHARS = 1000;

export function cutLine(line: string): string {
  if (line.length <= LINE_CHARS) return line;
  return `${line.slice(0, LINE_CHARS)}… [line cut: ${line.length} characters]`;
}

/** The first lines that fit, at least one; how many are left over is for the caller to say. */
export function takeLines(lines: readonly string[], maxChars = OUTPUT_CHARS): string[] {
  const taken: string[] = [];
  let length = 0;
  for (const line of lines) {
    const cut = cutLine(line);
    length += cut.length + 1;
    if (length > maxChars && taken.length > 0) break;
    taken.push(cut);
  }
  return taken;
}
