export type LineOptions = {
  /** Whether empty lines count. */
  empty?: boolean;
  maxLength?: number;
};

export interface LineReader {
  /** The lines that this chunk ends. */
  read(chunk: Uint8Array): string[];
  /** What the stream ended with where it has no line end. */
  end(): string[];
}

/**
 * Cuts a byte stream into lines as it arrives, without their line ends; empty ones only when asked. A
 * broken UTF-8 sequence becomes U+FFFD, as the Encoding standard has it. A line longer than `maxLength`
 * characters throws a `RangeError`: a stream without line ends must not fill the memory.
 */
export function createLineReader({
  empty = false,
  maxLength = 64 * 1024 * 1024,
}: LineOptions = {}): LineReader {
  const decoder = new TextDecoder();
  let rest = "";
  return {
    read(chunk) {
      rest += decoder.decode(chunk, { stream: true });
      const lines: string[] = [];
      let start = 0;
      for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", start)) {
        const line = rest.slice(start, rest[end - 1] === "\r" && end > start ? end - 1 : end);
        start = end + 1;
        if (line || empty) lines.push(line);
      }
      rest = rest.slice(start);
      if (rest.length > maxLength) throw new RangeError(`a line exceeds ${maxLength} characters`);
      return lines;
    },
    end() {
      rest += decoder.decode();
      return rest ? [rest] : [];
    },
  };
}

/** The same for a whole stream. Where every token is a line, a reader costs less. */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  options?: LineOptions,
): AsyncGenerator<string> {
  const lines = createLineReader(options);
  for await (const chunk of body) yield* lines.read(chunk);
  yield* lines.end();
}
