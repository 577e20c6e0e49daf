/** Standard output and error, as the commands write to them. */
export interface Terminal {
  /** Whether a person sits there: colours, questions. */
  readonly interactive: boolean;
  /** A line of the answer, on standard output. */
  print(line: string): void;
  /** Part of a line of the answer. */
  write(text: string): void;
  /** One JSON value a line, on standard output. */
  json(value: unknown): void;
  /** A line about the answer, on standard error: it stays out of pipes. */
  say(line: string): void;
  /**
   * A line on standard error that the next one takes the place of, and anything else that is written;
   * undefined takes it away. Nothing is shown where nobody sits there.
   */
  progress(line: string | undefined): void;
  /** Columns, as wide as they need to be. */
  table(rows: readonly (readonly string[])[]): void;
  dim(text: string): string;
  bold(text: string): string;
  red(text: string): string;
  /** Asks for a line; undefined at the end of input. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** All of standard input, where it is a pipe or a file. */
  readInput(): Promise<string>;
}
