"""
Writes what train.py made as GGUF, Q8_0: matrices in blocks of 32 bytes with a scale, norms as they are.

    python3 export.py DIR ../demo-q8_0.gguf

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""
import hashlib
import json
import struct
import sys
from pathlib import Path

import numpy

from model import CONTEXT, EPSILON, ROPE_BASE
from tokenizer import CONTROLS, MARKS, Tokenizer

ALIGNMENT = 32
BLOCK = 32  # values with one scale
F32, Q8_0 = 0, 8  # tensor types
U32, FLOAT, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5  # metadata types
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4  # token types; a mark must be USER_DEFINED, or servers do not print it


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    described = json.loads((source / "model.json").read_text())
    raw = numpy.fromfile(source / "weights.f32", "<f4")
    tensors, at = [], 0
    for name, shape in described["tensors"]:
        size = int(numpy.prod(shape))
        tensors.append((name, shape, raw[at : at + size].reshape(shape)))
        at += size
    assert at == len(raw), "weights.f32 and model.json do not belong together"
    template = (Path(__file__).parent.parent / "chat_template.jinja").read_text().strip()
    file = gguf(metadata(described, template), tensors)
    target.write_bytes(file)
    digest = hashlib.sha256(file).hexdigest()
    Path(f"{target}.sha256").write_text(f"{digest}  {target.name}\n")
    print(f"{target}: {len(file)} bytes, sha256 {digest}")


def metadata(described: dict, template: str) -> dict:
    shape, tokenizer = described["shape"], Tokenizer(described["merges"])
    types = [CONTROL if token in CONTROLS else USER_DEFINED if token in MARKS else NORMAL for token in tokenizer.tokens]
    return {
        "general.architecture": (STRING, "llama"),
        "general.type": (STRING, "model"),
        "general.name": (STRING, "Isopod demonstration"),
        "general.description": (STRING, "A demonstration of two million parameters that knows a few requests and six tools, in English and Korean. Trained from nothing on generated dialogues."),
        "general.license": (STRING, "mit"),
        "general.file_type": (U32, 7),
        "general.quantization_version": (U32, 2),
        "llama.vocab_size": (U32, len(tokenizer.tokens)),
        "llama.context_length": (U32, CONTEXT),
        "llama.embedding_length": (U32, shape["width"]),
        "llama.block_count": (U32, shape["layers"]),
        "llama.feed_forward_length": (U32, shape["inner"]),
        "llama.rope.dimension_count": (U32, shape["width"] // shape["heads"]),
        "llama.rope.freq_base": (FLOAT, ROPE_BASE),
        "llama.attention.head_count": (U32, shape["heads"]),
        "llama.attention.head_count_kv": (U32, shape["heads"]),
        "llama.attention.layer_norm_rms_epsilon": (FLOAT, EPSILON),
        "tokenizer.ggml.model": (STRING, "gpt2"),
        "tokenizer.ggml.pre": (STRING, "default"),
        "tokenizer.ggml.tokens": (STRING, tokenizer.tokens),
        "tokenizer.ggml.token_type": (I32, types),
        "tokenizer.ggml.merges": (STRING, tokenizer.merges),
        "tokenizer.ggml.eos_token_id": (U32, tokenizer.id["<|im_end|>"]),
        "tokenizer.ggml.padding_token_id": (U32, tokenizer.id["<|endoftext|>"]),
        "tokenizer.ggml.add_bos_token": (BOOL, False),
        "tokenizer.ggml.add_eos_token": (BOOL, False),
        "tokenizer.chat_template": (STRING, template),
    }


def gguf(metadata: dict, tensors: list) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, (kind, value) in metadata.items():
        head += text(key)
        if isinstance(value, list):
            head += struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(scalar(kind, one) for one in value)
        else:
            head += struct.pack("<I", kind) + scalar(kind, value)
    body = b""
    for name, shape, values in tensors:
        kind = Q8_0 if len(shape) == 2 else F32
        # Dimensions stand with the one that changes fastest first.
        head += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += struct.pack("<IQ", kind, len(body))
        body += padded(quantised(values) if kind == Q8_0 else values.astype("<f4").tobytes())
    return padded(head) + body


def quantised(values: numpy.ndarray) -> bytes:
    blocks = values.reshape(-1, BLOCK).astype(numpy.float32)
    scales = numpy.abs(blocks).max(1) / 127
    steps = numpy.divide(blocks, scales[:, None], out=numpy.zeros_like(blocks), where=scales[:, None] > 0)
    made = numpy.empty(len(blocks), [("scale", "<f2"), ("values", "i1", BLOCK)])
    made["scale"], made["values"] = scales, numpy.rint(steps)
    return made.tobytes()


def scalar(kind: int, value) -> bytes:
    if kind == STRING:
        return text(value)
    return struct.pack({U32: "<I", I32: "<i", FLOAT: "<f", BOOL: "<?"}[kind], value)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def padded(bytes_: bytes) -> bytes:
    return bytes_ + b"\0" * (-len(bytes_) % ALIGNMENT)


if __name__ == "__main__":
    main()
