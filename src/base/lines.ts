/**
 * Yields the lines of a byte stream as they arrive, without their line ends; empty ones only when asked.
 * A broken UTF-8 sequence becomes U+FFFD, as the Encoding standard has it. A line longer than
 * `maxLength` characters throws a `RangeError`: a stream without line ends must not fill the memory.
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  { empty = false, maxLength = 64 * 1024 * 1024 } = {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", start)) {
      const line = rest.slice(start, rest[end - 1] === "\r" && end > start ? end - 1 : end);
      start = end + 1;
      if (line || empty) yield line;
    }
    rest = rest.slice(start);
    if (rest.length > maxLength) throw new RangeError(`a line exceeds ${maxLength} characters`);
  }
  rest += decoder.decode();
  if (rest) yield rest;
}
