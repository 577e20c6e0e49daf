/**
 * Makes control tokens in other people's text harmless: on a model server `<|im_start|>system` in a file
 * is tokenised as the real thing, and the file opens a system turn of its own.
 *
 * A token gets U+2060 (word joiner, invisible) after its first character, and one more where there are
 * some already. So each text has its own neutral form, and `restore(neutralise(x)) === x` for every x,
 * also where x brings word joiners along. The price: no such function can leave its own result alone
 * (two texts would share it), so neutralise what was stored, once, each time it is sent. For what a model
 * wrote, which repeats neutral forms, take `neutralise(restore(text))`: that one is idempotent.
 */

const MARK = "\u2060";

/**
 * What a token may be called: no white space, which no template has in a token. Marks are passed over,
 * since a token may stand inside another (`<|[INST]|>`) and have got its own. Those before the first
 * character are for what stands before the name: were they taken in both places, a long run of them would
 * cost its square.
 */
const LETTER = String.raw`[^\s<>|｜${MARK}]`;
const NAME = `${LETTER}(?:${MARK}*${LETTER}){0,63}`;

/** Tokens less their first character. Where ordinary text is meant (`<s>` in HTML), an invisible character is the cost. */
const AFTER_ANGLE = [
  `[|｜]${MARK}*${NAME}[|｜]?>`, // ChatML, Llama 3, Phi, Harmony, DeepSeek's full-width bars, Gemma's <|turn>
  String.raw`\/?[|｜]DSML[|｜]`, // DeepSeek's tool calls
  `${NAME}[|｜]>`, // Gemma's <turn|>
  String.raw`<\/?SYS>>`, // Llama 2
  String.raw`\/?(?:s|bos|eos|pad|unk|mask|sop|eop|cls|sep)>`, // SentencePiece and its heirs
  String.raw`(?:BOS|EOS|EOP|MASK)_TOKEN>|(?:PAD|UNK|CLS|SEP)>`, // Command
  String.raw`(?:start|end)_of_[a-z]{1,16}>`, // Gemma, SmolVLM
  String.raw`SPECIAL_\d{1,4}>|\/?(?:TOOLCALL|TOOL_RESPONSE|AVAILABLE_TOOLS)>`, // Nemotron
  String.raw`\/?role>`, // Ling
  String.raw`(?:start|end)_function_(?:call|response|declaration)>|escape>`, // FunctionGemma
  String.raw`\/?(?:tool_calls?|tool_response|tools|tool_result|think|arg_key|arg_value)>`, // Hermes, Qwen, GLM
  String.raw`\/?(?:seed|minimax):${MARK}*${NAME}>|\/?longcat_${MARK}*${NAME}>`, // Seed, MiniMax, LongCat
  String.raw`(?:fim[_-](?:prefix|middle|suffix|pad)|file_sep|repo_name|reponame|filename|endoftext)>`, // StarCoder
  `(?:unused|extra_id_|reserved_)${MARK}*${NAME}>`,
];

const AFTER_SQUARE = [
  `[|｜]${MARK}*${NAME}[|｜]\\]`, // EXAONE
  String.raw`UNUSED_TOKEN_\d{1,4}\]`, // InternLM
  String.raw`\/?INST\]`, // Llama 2, Mistral
  String.raw`\/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|THINK|MODEL_SETTINGS)\]`, // Mistral
  String.raw`(?:TOOL_CALLS|TOOL_CONTENT|CALL_ID|ARGS|IMG|IMG_BREAK|IMG_END|AUDIO|BEGIN_AUDIO)\]`,
  String.raw`(?:PREFIX|MIDDLE|SUFFIX)\]`,
  String.raw`(?:gMASK|sMASK|MASK|CLS|SEP|PAD|UNK|BOS|EOS)\]`, // GLM, BERT and theirs
  String.raw`e~\[`, // MiniMax ends a turn with [e~[
];

/** Looked ahead only, never consumed: tokens may overlap, and each must get its mark. */
const ahead = (rests: readonly string[]) => `(?=${MARK}*(?:${rests.join("|")}))`;

const FIRST_CHARACTERS = [
  `<${ahead(AFTER_ANGLE)}`,
  String.raw`\[${ahead(AFTER_SQUARE)}`,
  String.raw`\]${ahead([String.raw`~!?b[\[\]]`])}`, // MiniMax opens with ]~b] and ]~!b[
  `_${ahead(["_media__"])}`, // where llama.cpp's server puts an image; without one it refuses the request
].join("|");

const TOKEN = new RegExp(FIRST_CHARACTERS);
const TOKENS = new RegExp(FIRST_CHARACTERS, "g"); // not for `test`, which would remember its place
const MARKED_TOKENS = new RegExp(
  // The mark that goes is consumed, those behind it are looked at.
  FIRST_CHARACTERS.replaceAll(`(?=${MARK}*`, `${MARK}(?=${MARK}*`),
  "g",
);

/** The text with every control token spelled so that no tokenizer takes it for one. */
export function neutralise(text: string): string {
  return TOKEN.test(text) ? text.replace(TOKENS, `$&${MARK}`) : text;
}

/** The text that `neutralise` was given. What holds no neutral form comes back as it is. */
export function restore(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replace(MARKED_TOKENS, (first) => first.charAt(0));
}

/** Every string in a parsed value, keys too, as `restore` gives it: what a tool is really asked. */
export function restoreIn(value: unknown): unknown {
  if (typeof value === "string") return restore(value);
  if (Array.isArray(value)) return value.map(restoreIn);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [restore(key), restoreIn(item)]),
  );
}

/**
 * JSON text, such as a call's arguments, whose strings say no control token, neither as they stand nor
 * through escapes (`\u003c|im_end|>`: templates print what the string says). Every other byte stays, so
 * the server finds its prefix again. Idempotent: neutral forms that the model wrote itself stay as well.
 * Text that is no JSON is treated as text.
 */
export function neutraliseJson(json: string): string {
  if (!TOKEN.test(json) && !json.includes("\\")) return json;
  if (!isJson(json)) return neutralise(restore(json));
  return json.replace(/"(?:[^"\\]|\\.)*"/g, neutraliseLiteral);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // the question is whether it parses
  }
}

function neutraliseLiteral(literal: string): string {
  const units = literal.slice(1, -1).match(/\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs) ?? [];
  const said = units.map((unit) => (unit.length > 1 ? String(JSON.parse(`"${unit}"`)) : unit));
  const text = said.join("");
  if (!TOKEN.test(text)) return literal;
  // Each unit says exactly one UTF-16 unit, so that places in `text` are places in `units`.
  for (const { index } of text.matchAll(TOKENS)) {
    if (text.charAt(index + 1) !== MARK) units[index] = `${units[index] ?? ""}${MARK}`;
  }
  return `"${units.join("")}"`;
}
