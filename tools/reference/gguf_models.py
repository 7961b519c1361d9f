"""Loads the two GGUF base models into Hugging Face model classes, in f32.

The weights are dequantised by the `gguf` package and the configuration is built here from the metadata, so that every
convention (row permutation, shifted norms, window pattern) is visible in one place and nothing comes from idiolect's C++.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import gguf
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM


@dataclass(frozen=True)
class Source:
    name: str  # used in the names of the recorded files
    file: str
    sha256: str


SMOLLM2 = Source(
    "smollm2",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
GEMMA3 = Source(
    "gemma3",
    "gemma-3-270m-q4_k_m.gguf",
    "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
)

# The files carry no pattern; every sixth layer is global in all Gemma 3 models, and local layers rotate with base 1e4.
GEMMA3_PATTERN = 6
GEMMA3_LOCAL_ROPE_BASE = 10000.0

LAYER_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
}
LLAMA_LAYER_NAMES = LAYER_NAMES | {"ffn_norm": "post_attention_layernorm"}
GEMMA3_LAYER_NAMES = LAYER_NAMES | {
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}


class GgufFile:
    def __init__(self, folder: Path, source: Source):
        path = folder / source.file
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != source.sha256:
            raise SystemExit(f"{source.file}: sha256 is {digest}, expected {source.sha256}")
        self.source = source
        self.reader = gguf.GGUFReader(path)

    def get(self, key: str, default=None):
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    def arch(self, key: str, default=None):
        return self.get(f"{self.get('general.architecture')}.{key}", default)

    def tensors(self):
        for tensor in self.reader.tensors:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            yield tensor.name, torch.from_numpy(values.copy()).float()


def hf_name(name: str, layer_names: dict[str, str]) -> str:
    fixed = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if name in fixed:
        return fixed[name]
    _, layer, short, suffix = name.split(".")
    return f"model.layers.{layer}.{layer_names[short]}.{suffix}"


def unpermute(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Undoes the row order that llama-architecture files use for interleaved rotary pairs."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def load_llama(file: GgufFile, attention: str) -> LlamaForCausalLM:
    heads = file.arch("attention.head_count")
    kv_heads = file.arch("attention.head_count_kv")
    config = LlamaConfig(
        vocab_size=file.arch("vocab_size"),
        hidden_size=file.arch("embedding_length"),
        intermediate_size=file.arch("feed_forward_length"),
        num_hidden_layers=file.arch("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=file.arch("context_length"),
        rms_norm_eps=file.arch("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": file.arch("rope.freq_base")},
        tie_word_embeddings=True,
        bos_token_id=file.get("tokenizer.ggml.bos_token_id"),
        eos_token_id=file.get("tokenizer.ggml.eos_token_id"),
        attn_implementation=attention,
    )
    state = {}
    for name, weight in file.tensors():
        if ".attn_q." in name:
            weight = unpermute(weight, heads)
        elif ".attn_k." in name:
            weight = unpermute(weight, kv_heads)
        state[hf_name(name, LLAMA_LAYER_NAMES)] = weight
    return with_weights(LlamaForCausalLM(config), state)


def load_gemma3(file: GgufFile, attention: str, window: int | None = None) -> Gemma3ForCausalLM:
    layers = file.arch("block_count")
    head_dim = file.arch("attention.key_length")
    config = Gemma3TextConfig(
        vocab_size=len(file.get("tokenizer.ggml.tokens")),
        hidden_size=file.arch("embedding_length"),
        intermediate_size=file.arch("feed_forward_length"),
        num_hidden_layers=layers,
        num_attention_heads=file.arch("attention.head_count"),
        num_key_value_heads=file.arch("attention.head_count_kv"),
        head_dim=head_dim,
        query_pre_attn_scalar=head_dim,
        max_position_embeddings=file.arch("context_length"),
        rms_norm_eps=file.arch("attention.layer_norm_rms_epsilon"),
        hidden_activation="gelu_pytorch_tanh",
        sliding_window=window or file.arch("attention.sliding_window"),
        layer_types=[
            "full_attention" if (layer + 1) % GEMMA3_PATTERN == 0 else "sliding_attention" for layer in range(layers)
        ],
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": file.arch("rope.freq_base")},
            "sliding_attention": {"rope_type": "default", "rope_theta": GEMMA3_LOCAL_ROPE_BASE},
        },
        tie_word_embeddings=True,
        attn_implementation=attention,
    )
    state = {}
    for name, weight in file.tensors():
        if name.endswith("norm.weight"):
            weight = weight - 1.0  # the file stores 1 + w, this class adds the 1 itself
        state[hf_name(name, GEMMA3_LAYER_NAMES)] = weight
    return with_weights(Gemma3ForCausalLM(config), state)


def with_weights(model, state: dict[str, torch.Tensor]):
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(name != "lm_head.weight" for name in missing):
        raise SystemExit(f"weights do not fit the model: missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    return model.float().eval()


def load_model(file: GgufFile, attention: str = "eager", **options):
    loaders = {"llama": load_llama, "gemma3": load_gemma3}
    return loaders[file.get("general.architecture")](file, attention, **options)
