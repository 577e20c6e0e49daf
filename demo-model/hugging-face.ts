/**
 * The demonstration model as a folder in Hugging Face's form (safetensors, config, tokenizer, template),
 * for the servers that read no GGUF. Written from the GGUF, so that both are the same weights.
 *
 *     node demo-model/hugging-face.ts FOLDER
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Gguf, readGguf } from "../src/models/embedded/gguf.ts";
import { readWeights } from "../src/models/embedded/weights.ts";

/** Throws `Damage` for a file that is no small llama. */
export async function writeHuggingFaceFolder(weights: string, folder: string): Promise<void> {
  const gguf = readGguf(await readWeights(weights));
  const shape = readShape(gguf);
  const write = (name: string, content: string | Uint8Array) =>
    writeFile(join(folder, name), content);
  const json = (name: string, content: object) =>
    write(name, `${JSON.stringify(content, undefined, 2)}\n`);
  await mkdir(folder, { recursive: true });
  await json("config.json", toConfig(gguf, shape));
  await json("generation_config.json", { eos_token_id: shape.end, do_sample: false });
  await json("tokenizer.json", toTokenizer(gguf));
  await json("tokenizer_config.json", toTokenizerConfig(gguf, shape));
  await write("chat_template.jinja", gguf.text("tokenizer.chat_template"));
  await write("model.safetensors", toSafetensors(readTensors(gguf, shape)));
}

type Shape = ReturnType<typeof readShape>;

function readShape(gguf: Gguf) {
  const size = (key: string) => gguf.integer(`llama.${key}`, 1, 1_048_576);
  const width = size("embedding_length");
  const heads = size("attention.head_count");
  return {
    width,
    heads,
    keyHeads: size("attention.head_count_kv"),
    headWidth: width / heads,
    inner: size("feed_forward_length"),
    layers: size("block_count"),
    context: size("context_length"),
    vocabulary: gguf.texts("tokenizer.ggml.tokens").length,
    end: gguf.integer("tokenizer.ggml.eos_token_id", 0, 1_048_576),
    tied: !gguf.hasTensor("output.weight"),
  };
}

const toConfig = (gguf: Gguf, shape: Shape) => ({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: shape.width,
  intermediate_size: shape.inner,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  num_key_value_heads: shape.keyHeads,
  head_dim: shape.headWidth,
  max_position_embeddings: shape.context,
  vocab_size: shape.vocabulary,
  rms_norm_eps: gguf.positive("llama.attention.layer_norm_rms_epsilon"),
  rope_theta: gguf.positive("llama.rope.freq_base"),
  hidden_act: "silu",
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: shape.tied,
  bos_token_id: null,
  eos_token_id: shape.end,
  torch_dtype: "float32",
});

const CONTROL = 3;
const USER_DEFINED = 4;

/** Its merges join letters, or the bytes of one character, so no rule that splits the text first is needed. */
function toTokenizer(gguf: Gguf) {
  const tokens = gguf.texts("tokenizer.ggml.tokens");
  const types = gguf.integers("tokenizer.ggml.token_type");
  const added = tokens.flatMap((content, id) => {
    if (types[id] !== CONTROL && types[id] !== USER_DEFINED) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    // Special ones are left out of what a server prints; the tags of a call must not be.
    return { id, content, ...plain, special: types[id] === CONTROL };
  });
  const bytes = {
    type: "ByteLevel",
    add_prefix_space: false,
    trim_offsets: false,
    use_regex: false,
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: null,
    decoder: bytes,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: gguf.texts("tokenizer.ggml.merges"),
    },
  };
}

const toTokenizerConfig = (gguf: Gguf, shape: Shape) => ({
  tokenizer_class: "PreTrainedTokenizerFast",
  model_max_length: shape.context,
  clean_up_tokenization_spaces: false,
  add_bos_token: false,
  eos_token: gguf.texts("tokenizer.ggml.tokens")[shape.end],
  chat_template: gguf.text("tokenizer.chat_template"),
  tool_parser_type: "json_tools", // mlx_lm: calls are JSON between <tool_call> tags
});

type Tensor = { name: string; rows: number; columns: number | undefined; values: Float32Array };

function readTensors(gguf: Gguf, shape: Shape): Tensor[] {
  const { width, inner, vocabulary, heads, keyHeads, headWidth } = shape;
  const keyWidth = keyHeads * headWidth;
  const matrix = (name: string, from: string, columns: number, rows: number): Tensor => ({
    name: `${name}.weight`,
    rows,
    columns,
    values: gguf.tensor(`${from}.weight`, [columns, rows]),
  });
  const norm = (name: string, from: string): Tensor => ({
    name: `${name}.weight`,
    rows: width,
    columns: undefined,
    values: gguf.tensor(`${from}.weight`, [width]),
  });
  const layers = Array.from({ length: shape.layers }, (_, index) => {
    const to = `model.layers.${index}`;
    const from = `blk.${index}`;
    return [
      norm(`${to}.input_layernorm`, `${from}.attn_norm`),
      toHalves(matrix(`${to}.self_attn.q_proj`, `${from}.attn_q`, width, width), heads),
      toHalves(matrix(`${to}.self_attn.k_proj`, `${from}.attn_k`, width, keyWidth), keyHeads),
      matrix(`${to}.self_attn.v_proj`, `${from}.attn_v`, width, keyWidth),
      matrix(`${to}.self_attn.o_proj`, `${from}.attn_output`, width, width),
      norm(`${to}.post_attention_layernorm`, `${from}.ffn_norm`),
      matrix(`${to}.mlp.gate_proj`, `${from}.ffn_gate`, width, inner),
      matrix(`${to}.mlp.up_proj`, `${from}.ffn_up`, width, inner),
      matrix(`${to}.mlp.down_proj`, `${from}.ffn_down`, inner, width),
    ];
  });
  return [
    matrix("model.embed_tokens", "token_embd", width, vocabulary),
    ...layers.flat(),
    norm("model.norm", "output_norm"),
    ...(shape.tied ? [] : [matrix("lm_head", "output", width, vocabulary)]),
  ];
}

/** GGUF's llama turns neighbours (2i, 2i+1), Hugging Face's the halves (i, i + n/2): rows move. */
function toHalves(tensor: Tensor, heads: number): Tensor {
  const { rows, columns = 1, values } = tensor;
  const perHead = rows / heads;
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % perHead;
    const target = row - inHead + (inHead % 2) * (perHead / 2) + Math.floor(inHead / 2);
    moved.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return { ...tensor, values: moved };
}

/** A length, a head in JSON, the numbers (https://github.com/huggingface/safetensors#format). */
function toSafetensors(tensors: readonly Tensor[]): Uint8Array {
  let offset = 0;
  const head = Object.fromEntries(
    tensors.map(({ name, rows, columns, values }) => {
      const begin = offset;
      offset += values.byteLength;
      const shape = columns === undefined ? [rows] : [rows, columns];
      return [name, { dtype: "F32", shape, data_offsets: [begin, offset] }];
    }),
  );
  const json = Buffer.from(JSON.stringify({ __metadata__: { format: "pt" }, ...head }));
  const length = Buffer.alloc(8);
  const padded = Math.ceil(json.length / 8) * 8; // numbers begin where they can be mapped as they are
  length.writeBigUInt64LE(BigInt(padded));
  const padding = Buffer.alloc(padded - json.length, " ");
  const numbers = tensors.map(({ values }) => Buffer.from(values.buffer, 0, values.byteLength));
  return Buffer.concat([length, json, padding, ...numbers]);
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (!folder) throw new Error("Say into which folder: node demo-model/hugging-face.ts FOLDER");
  await writeHuggingFaceFolder(join(import.meta.dirname, "demo-q8_0.gguf"), folder);
}
