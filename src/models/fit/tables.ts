/**
 * What is known of models and machines before anything is measured, as data: how large, how good with tools,
 * which quantisation costs what. A probe's scorecard beats every line of it.
 */

/** What a size of model wants and gives, as its users find it. */
export type Tier = {
  parameters: readonly [least: number, most: number];
  ramGb: number;
  vramGb: number;
  quality: string;
};

const B = 1e9;

export const TIERS: readonly Tier[] = [
  { parameters: [0, 10 * B], ramGb: 8, vramGb: 6, quality: "basic tasks, simple chat" },
  { parameters: [10 * B, 20 * B], ramGb: 16, vramGb: 10, quality: "good general use" },
  { parameters: [20 * B, 50 * B], ramGb: 32, vramGb: 24, quality: "strong coding and reasoning" },
  { parameters: [50 * B, Infinity], ramGb: 64, vramGb: 40, quality: "near cloud quality" },
];

export type Quantisation = {
  name: string;
  /** Measured over whole files: scales and a few tensors in higher precision come on top of the 4, 5, 8. */
  bits: number;
  saves: string;
  costs: string;
  for: string;
};

/** From the smallest file to the largest. */
export const QUANTISATIONS: readonly Quantisation[] = [
  {
    name: "Q4_K_M",
    bits: 4.85,
    saves: "about 75%",
    costs: "a small loss on complex tasks",
    for: "consumer cards of 8 to 16 GB",
  },
  {
    name: "Q5_K_M",
    bits: 5.7,
    saves: "about 65%",
    costs: "a minimal loss",
    for: "cards of 16 to 24 GB",
  },
  {
    name: "Q8_0",
    bits: 8.5,
    saves: "about 50%",
    costs: "a negligible loss",
    for: "cards of 24 GB and more",
  },
  { name: "F16", bits: 16, saves: "nothing", costs: "nothing", for: "cards of 40 GB and more" },
];

/** Memory that processor and graphics share: what people run on it. */
export const APPLE: readonly { memoryGb: number; model: string; quantisation: string }[] = [
  { memoryGb: 8, model: "qwen3:8b", quantisation: "Q4_K_M" },
  { memoryGb: 16, model: "qwen3:14b", quantisation: "Q4_K_M" },
  { memoryGb: 32, model: "qwen3:32b", quantisation: "Q4_K_M" },
  { memoryGb: 64, model: "llama3.3:70b", quantisation: "Q4_K_M" },
  { memoryGb: 192, model: "llama3.3:70b", quantisation: "F16" },
];

export type Grade = "excellent" | "good" | "moderate" | "weak";

export type Known = {
  /** As Ollama's library names it; the plain tag is Q4_K_M. */
  name: string;
  title: string;
  parameters: number;
  /** Layers, heads that keep keys and values, and their length: what the cache is made of. */
  shape?: { layers: number; kvHeads: number; headLength: number };
  maxContextTokens: number;
  tools: Grade;
  coding: Grade;
  reasoning: Grade;
  notes: string;
  /** Tags of its library with other quantisations. */
  tags?: Readonly<Record<string, string>>;
};

const qwen3 = { maxContextTokens: 40_960, coding: "good", reasoning: "good" } as const;
const half = { maxContextTokens: 32_768 } as const;
const long = { maxContextTokens: 131_072 } as const;

/** Sizes and shapes from the models' own configurations; grades as their users give them. */
export const KNOWN: readonly Known[] = [
  {
    ...long,
    name: "llama3.3:70b",
    title: "Llama 3.3 70B",
    parameters: 70.6 * B,
    shape: { layers: 80, kvHeads: 8, headLength: 128 },
    tools: "good",
    coding: "good",
    reasoning: "good",
    notes: "near cloud quality, wants a large card",
    tags: { Q8_0: "llama3.3:70b-instruct-q8_0", F16: "llama3.3:70b-instruct-fp16" },
  },
  {
    ...qwen3,
    name: "qwen3:32b",
    title: "Qwen3 32B",
    parameters: 32.8 * B,
    shape: { layers: 64, kvHeads: 8, headLength: 128 },
    tools: "good",
    coding: "excellent",
    reasoning: "good",
    notes: "the best all-round local model",
    tags: { Q8_0: "qwen3:32b-q8_0", F16: "qwen3:32b-fp16" },
  },
  {
    ...half,
    name: "qwen2.5-coder:32b",
    title: "Qwen 2.5 Coder 32B",
    parameters: 32.8 * B,
    shape: { layers: 64, kvHeads: 8, headLength: 128 },
    tools: "good",
    coding: "excellent",
    reasoning: "good",
    notes: "made for coding",
  },
  {
    ...long,
    name: "deepseek-r1:32b",
    title: "DeepSeek-R1-Distill-32B",
    parameters: 32.8 * B,
    shape: { layers: 64, kvHeads: 8, headLength: 128 },
    tools: "moderate",
    coding: "good",
    reasoning: "excellent",
    notes: "for work that is mostly reasoning",
  },
  {
    ...long,
    name: "mistral-small3.2:24b",
    title: "Mistral Small 3.2 24B",
    parameters: 24 * B,
    shape: { layers: 40, kvHeads: 8, headLength: 128 },
    tools: "moderate",
    coding: "good",
    reasoning: "good",
    notes: "a good balance",
  },
  {
    ...long,
    name: "deepseek-coder-v2:16b",
    title: "DeepSeek Coder V2",
    parameters: 15.7 * B,
    tools: "weak",
    coding: "good",
    reasoning: "moderate",
    notes: "solid at code; not made for tools",
  },
  {
    ...qwen3,
    name: "qwen3:14b",
    title: "Qwen3 14B",
    parameters: 14.8 * B,
    shape: { layers: 40, kvHeads: 8, headLength: 128 },
    tools: "good",
    notes: "good for most tasks",
    tags: { Q8_0: "qwen3:14b-q8_0", F16: "qwen3:14b-fp16" },
  },
  {
    ...long,
    name: "gemma4:12b",
    title: "Gemma 4 12B",
    parameters: 12 * B,
    tools: "moderate",
    coding: "good",
    reasoning: "moderate",
    notes: "a lightweight option",
  },
  {
    ...qwen3,
    name: "qwen3:8b",
    title: "Qwen3 8B",
    parameters: 8.2 * B,
    shape: { layers: 36, kvHeads: 8, headLength: 128 },
    tools: "moderate",
    notes: "basic tasks, and jobs that repeat",
    tags: { Q8_0: "qwen3:8b-q8_0", F16: "qwen3:8b-fp16" },
  },
  {
    ...half,
    name: "qwen2.5-coder:7b",
    title: "Qwen 2.5 Coder 7B",
    parameters: 7.6 * B,
    shape: { layers: 28, kvHeads: 4, headLength: 128 },
    tools: "weak",
    coding: "good",
    reasoning: "moderate",
    notes: "light, for cards of 8 GB",
  },
  {
    ...qwen3,
    name: "qwen3:4b",
    title: "Qwen3 4B",
    parameters: 4 * B,
    shape: { layers: 36, kvHeads: 8, headLength: 128 },
    tools: "weak",
    notes: "small jobs, one step at a time",
  },
  {
    ...qwen3,
    name: "qwen3:1.7b",
    title: "Qwen3 1.7B",
    parameters: 2 * B,
    shape: { layers: 28, kvHeads: 8, headLength: 128 },
    tools: "weak",
    coding: "weak",
    reasoning: "weak",
    notes: "for machines with next to no memory",
  },
];

/** Smaller ones often struggle with tool calls in several steps, whoever trained them. */
export const SMALL_PARAMETERS = 14 * B;
