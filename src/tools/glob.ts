/**
 * File name patterns: `*` and `?` within a name, `**` over folders, `{a,b}`. Linear in time, whatever the
 * pattern: it comes from a model. A pattern without `/` is for the name alone; without any of those
 * characters it is looked for anywhere in the path, in either case.
 */
export function createMatcher(pattern: string): (path: string) => boolean {
  if (!/[*?{]/.test(pattern)) {
    const part = pattern.toLowerCase();
    return (path) => path.toLowerCase().includes(part);
  }
  const globs = expandBraces(pattern.replace(/^(\.?\/)+/, "")).map((one) => toTokens(one));
  const whole = pattern.includes("/");
  return (path) => {
    const text = whole ? path : path.slice(path.lastIndexOf("/") + 1);
    return globs.some((tokens) => matches(tokens, text));
  };
}

/** So many alternatives at most; a pattern with more is taken for its first ones. */
const MAX_ALTERNATIVES = 32;

function expandBraces(pattern: string): string[] {
  let patterns = [pattern];
  for (;;) {
    const next = patterns.flatMap((one) => {
      const [found, options = ""] = /\{([^{}]*)\}/.exec(one) ?? [];
      return found === undefined
        ? [one]
        : options.split(",").map((it) => one.replace(found, () => it));
    });
    if (next.length === patterns.length && next.every((one, at) => one === patterns[at]))
      return next;
    patterns = next.slice(0, MAX_ALTERNATIVES);
  }
}

/** `many` is `*`, `all` is `**`, `folders` is `**` with its `/`: whole folders, or none. */
type Token = { kind: "letter"; letter: string } | { kind: "any" | "many" | "all" | "folders" };

function toTokens(glob: string): Token[] {
  const parts = glob.match(/\*\*\/?|[^]/gu) ?? [];
  return parts.map((part) => {
    if (part === "**/") return { kind: "folders" };
    if (part === "**") return { kind: "all" };
    if (part === "*") return { kind: "many" };
    return part === "?" ? { kind: "any" } : { kind: "letter", letter: part };
  });
}

/** Walks the text once, holding every place in the pattern where the match may stand. */
function matches(tokens: readonly Token[], text: string): boolean {
  let places = new Set<number>();
  enter(tokens, places, 0);
  for (const letter of text) {
    const next = new Set<number>();
    for (const place of places) step(tokens, next, place, letter);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(tokens.length);
}

function step(tokens: readonly Token[], next: Set<number>, place: number, letter: string): void {
  const token = tokens[place];
  switch (token?.kind) {
    case "letter":
      if (token.letter === letter) enter(tokens, next, place + 1);
      break;
    case "any":
      if (letter !== "/") enter(tokens, next, place + 1);
      break;
    case "many":
      if (letter !== "/") enter(tokens, next, place);
      break;
    case "all":
      enter(tokens, next, place);
      break;
    case "folders":
      next.add(place);
      if (letter === "/") enter(tokens, next, place + 1);
      break;
    default: // the pattern has ended and the text has not
  }
}

/** What may stand for nothing is passed at once. */
function enter(tokens: readonly Token[], places: Set<number>, from: number): void {
  for (let place = from; !places.has(place); place++) {
    places.add(place);
    const kind = tokens[place]?.kind;
    if (kind !== "many" && kind !== "all" && kind !== "folders") return;
  }
}
