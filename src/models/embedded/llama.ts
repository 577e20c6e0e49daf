/**
 * The forward pass of the llama architecture, for models of a few million parameters: root-mean-square
 * norms, rotary positions over neighbours, grouped attention, SwiGLU. Weights are kept as 32-bit floats.
 */

import { damaged } from "./damage.ts";
import type { Gguf } from "./gguf.ts";
import { at, mixStrided, multiply, multiplyStrided } from "./matrix.ts";

export interface Llama {
  readonly contextTokens: number;
  /**
   * Reads `tokens` at the positions from `from` on, whose keys and values it keeps (and overwrites), and
   * returns the logits after the last; undefined when `isStopped` said so in between. Blocks its thread.
   */
  read(tokens: readonly number[], from: number, isStopped: () => boolean): Float32Array | undefined;
}

type Shape = {
  width: number;
  heads: number;
  keyHeads: number;
  headWidth: number;
  /** Of one position's keys: `keyHeads · headWidth`. */
  keyWidth: number;
  inner: number;
  layers: number;
  vocabulary: number;
  contextTokens: number;
  epsilon: number;
};

type Layer = ReturnType<typeof loadLayer>;

const BATCH = 16; // tokens read at once: their activations (32 kB) fit the first cache beside two rows of weights
const MAX_CACHE_BYTES = 256 * 1024 * 1024; // the demonstration model takes 25 MB; a hostile file might ask for more

/** Throws `Damage`. */
export function createLlama(gguf: Gguf): Llama {
  const shape = readShape(gguf);
  const { width, vocabulary, contextTokens, epsilon } = shape;
  const embedding = gguf.tensor("token_embd.weight", [width, vocabulary]);
  const head = gguf.hasTensor("output.weight")
    ? gguf.tensor("output.weight", [width, vocabulary])
    : embedding; // tied
  const lastNorm = gguf.tensor("output_norm.weight", [width]);
  const layers = Array.from({ length: shape.layers }, (_, index) => loadLayer(gguf, shape, index));
  const turns = createTurns(shape, gguf.positive("llama.rope.freq_base"));
  const room = createRoom(shape);
  const logits = new Float32Array(vocabulary);

  const readBatch = (tokens: readonly number[], from: number, isStopped: () => boolean) => {
    tokens.forEach((token, t) => {
      room.x.set(embedding.subarray(token * width, (token + 1) * width), t * width);
    });
    for (const layer of layers) {
      if (isStopped()) return false;
      attend(layer, room, { shape, turns, from, count: tokens.length });
      feedForward(layer, room, shape, tokens.length);
    }
    return true;
  };

  return {
    contextTokens,
    read(tokens, from, isStopped) {
      if (tokens.length === 0 || from + tokens.length > contextTokens) {
        throw new RangeError(`cannot read ${tokens.length} tokens at ${from} of ${contextTokens}`);
      }
      let last = 0;
      for (let begin = 0; begin < tokens.length; begin += BATCH) {
        const batch = tokens.slice(begin, begin + BATCH);
        if (!readBatch(batch, from + begin, isStopped)) return undefined;
        last = batch.length - 1;
      }
      normalise(room.h, room.x.subarray(last * width), lastNorm, { width, count: 1, epsilon });
      multiply(logits, head, room.h, { inputs: width, outputs: vocabulary, count: 1 });
      return logits;
    },
  };
}

function readShape(gguf: Gguf): Shape {
  const architecture = gguf.text("general.architecture");
  if (architecture !== "llama") damaged(`it is of the architecture "${architecture}", not "llama"`);
  // Upper bounds are far above any model that this engine is meant for.
  const width = gguf.integer("llama.embedding_length", 2, 16_384);
  const heads = gguf.integer("llama.attention.head_count", 1, 256);
  const keyHeads = gguf.integer("llama.attention.head_count_kv", 1, heads);
  const headWidth = width / heads;
  if (headWidth % 2 !== 0) damaged(`${heads} heads do not divide a width of ${width} evenly`);
  if (heads % keyHeads !== 0) damaged(`${keyHeads} key heads do not divide ${heads} heads`);
  const layers = gguf.integer("llama.block_count", 1, 256);
  const contextTokens = gguf.integer("llama.context_length", 16, 1_048_576);
  const keyWidth = keyHeads * headWidth;
  if (2 * 4 * layers * contextTokens * keyWidth > MAX_CACHE_BYTES) {
    damaged("its context needs more memory than a demonstration may take");
  }
  const rotated = gguf.integer("llama.rope.dimension_count", 2, 16_384);
  if (rotated !== headWidth) damaged(`it turns ${rotated} of ${headWidth} dimensions`);
  return {
    width,
    heads,
    keyHeads,
    headWidth,
    keyWidth,
    inner: gguf.integer("llama.feed_forward_length", 1, 65_536),
    layers,
    vocabulary: gguf.texts("tokenizer.ggml.tokens").length,
    contextTokens,
    epsilon: gguf.positive("llama.attention.layer_norm_rms_epsilon"),
  };
}

function loadLayer(gguf: Gguf, shape: Shape, index: number) {
  const { width, keyWidth, inner, contextTokens } = shape;
  const tensor = (name: string, ...dimensions: number[]) =>
    gguf.tensor(`blk.${index}.${name}.weight`, dimensions);
  return {
    attentionNorm: tensor("attn_norm", width),
    q: tensor("attn_q", width, width),
    k: tensor("attn_k", width, keyWidth),
    v: tensor("attn_v", width, keyWidth),
    o: tensor("attn_output", width, width),
    innerNorm: tensor("ffn_norm", width),
    gate: tensor("ffn_gate", width, inner),
    up: tensor("ffn_up", width, inner),
    down: tensor("ffn_down", inner, width),
    keys: new Float32Array(contextTokens * keyWidth),
    values: new Float32Array(contextTokens * keyWidth),
  };
}

/** Where the activations of one batch live; made once, used by every layer. */
type Room = ReturnType<typeof createRoom>;
const createRoom = ({ width, inner, contextTokens }: Shape) => ({
  x: new Float32Array(BATCH * width),
  h: new Float32Array(BATCH * width),
  q: new Float32Array(BATCH * width),
  mixed: new Float32Array(BATCH * width),
  out: new Float32Array(BATCH * width),
  gate: new Float32Array(BATCH * inner),
  up: new Float32Array(BATCH * inner),
  scores: new Float32Array(contextTokens),
});

type Turns = { cosines: Float32Array; sines: Float32Array };

/** Cosines and sines of all positions: `[position][pair]`. */
function createTurns({ contextTokens, headWidth }: Shape, base: number): Turns {
  const pairs = headWidth / 2;
  const angle = (index: number) =>
    Math.floor(index / pairs) * base ** ((-2 * (index % pairs)) / headWidth);
  const length = contextTokens * pairs;
  return {
    cosines: Float32Array.from({ length }, (_, index) => Math.cos(angle(index))),
    sines: Float32Array.from({ length }, (_, index) => Math.sin(angle(index))),
  };
}

type Place = { shape: Shape; turns: Turns; from: number; count: number };

function attend(layer: Layer, room: Room, { shape, turns, from, count }: Place): void {
  const { width, keyWidth, epsilon } = shape;
  const keys = layer.keys.subarray(from * keyWidth);
  const values = layer.values.subarray(from * keyWidth);
  normalise(room.h, room.x, layer.attentionNorm, { width, count, epsilon });
  multiply(room.q, layer.q, room.h, { inputs: width, outputs: width, count });
  multiply(keys, layer.k, room.h, { inputs: width, outputs: keyWidth, count });
  multiply(values, layer.v, room.h, { inputs: width, outputs: keyWidth, count });
  for (let t = 0; t < count; t++) {
    turn(room.q.subarray(t * width, (t + 1) * width), turns, from + t, shape.headWidth);
    turn(keys.subarray(t * keyWidth, (t + 1) * keyWidth), turns, from + t, shape.headWidth);
  }
  for (let t = 0; t < count; t++) {
    for (let head = 0; head < shape.heads; head++) mix(layer, room, shape, { t, head, from });
  }
  multiply(room.out, layer.o, room.mixed, { inputs: width, outputs: width, count });
  add(room.x, room.out, count * width);
}

/** Turns each pair of neighbours by its angle at this position. */
function turn(vector: Float32Array, turns: Turns, position: number, headWidth: number): void {
  const pairs = headWidth / 2;
  for (let i = 0; i < vector.length; i += 2) {
    const angle = position * pairs + ((i % headWidth) >> 1);
    const cosine = at(turns.cosines, angle);
    const sine = at(turns.sines, angle);
    const a = at(vector, i);
    const b = at(vector, i + 1);
    vector[i] = a * cosine - b * sine;
    vector[i + 1] = a * sine + b * cosine;
  }
}

/** One head of one token: looks at every position up to its own and mixes their values. */
function mix(
  { keys, values }: Layer,
  { q, mixed, scores }: Room,
  { width, heads, keyHeads, headWidth, keyWidth }: Shape,
  { t, head, from }: { t: number; head: number; from: number },
): void {
  const own = t * width + head * headWidth;
  const theirs = Math.floor(head / (heads / keyHeads)) * headWidth;
  const count = from + t + 1;
  const query = q.subarray(own, own + headWidth);
  const stride = { from: theirs, width: keyWidth, count };
  multiplyStrided(scores, keys, query, stride);
  toShares(scores, count, 1 / Math.sqrt(headWidth));
  mixStrided(mixed.subarray(own, own + headWidth), values, scores, stride);
}

/** Softmax of `scores · scale`, in place. */
function toShares(scores: Float32Array, count: number, scale: number): void {
  let max = -Infinity;
  for (let p = 0; p < count; p++) max = Math.max(max, at(scores, p));
  let sum = 0;
  for (let p = 0; p < count; p++) {
    scores[p] = Math.exp((at(scores, p) - max) * scale); // less the largest, so that nothing overflows
    sum += at(scores, p);
  }
  for (let p = 0; p < count; p++) scores[p] = at(scores, p) / sum;
}

function feedForward(layer: Layer, room: Room, { width, inner, epsilon }: Shape, count: number) {
  const { gate, up } = room;
  normalise(room.h, room.x, layer.innerNorm, { width, count, epsilon });
  multiply(gate, layer.gate, room.h, { inputs: width, outputs: inner, count });
  multiply(up, layer.up, room.h, { inputs: width, outputs: inner, count });
  for (let i = 0; i < count * inner; i++) {
    const g = at(gate, i);
    gate[i] = (g / (1 + Math.exp(-g))) * at(up, i);
  }
  multiply(room.out, layer.down, gate, { inputs: inner, outputs: width, count });
  add(room.x, room.out, count * width);
}

function normalise(
  y: Float32Array,
  x: Float32Array,
  weights: Float32Array,
  { width, count, epsilon }: { width: number; count: number; epsilon: number },
): void {
  for (let begin = 0; begin < count * width; begin += width) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += at(x, begin + i) ** 2;
    const scale = 1 / Math.sqrt(sum / width + epsilon);
    for (let i = 0; i < width; i++) y[begin + i] = at(x, begin + i) * scale * at(weights, i);
  }
}

function add(x: Float32Array, y: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) x[i] = at(x, i) + at(y, i);
}
