"""Tokenizers rebuilt from GGUF metadata with the libraries the models were published with.

SmolLM2 becomes a Hugging Face `tokenizers` BPE, Gemma 3 a SentencePiece model. Both can encode with special parsing off
(text that looks like a control token stays text) and on.
"""

import re

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from gguf_models import GgufFile

CONTROL = 3
USER_DEFINED = 4


class ReferenceTokenizer:
    def __init__(self, file: GgufFile):
        tokens = file.get("tokenizer.ggml.tokens")
        types = file.get("tokenizer.ggml.token_type")
        self.control = {token: i for i, token in enumerate(tokens) if types[i] == CONTROL}
        # Longest first, so that of two control tokens that start alike the longer one wins.
        longest_first = sorted(self.control, key=len, reverse=True)
        self.control_pattern = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")

    def encode_text(self, text: str) -> list[int]:
        raise NotImplementedError

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        """Encodes with special parsing on and nothing added in front."""
        ids: list[int] = []
        for part in self.control_pattern.split(text):
            if part in self.control:
                ids.append(self.control[part])
            elif part:
                ids.extend(self.encode_text(part))
        return ids


class SmolLm2Tokenizer(ReferenceTokenizer):
    """Byte-level BPE; "smollm" pre-tokenising splits every digit off, then applies the GPT-2 pattern."""

    def __init__(self, file: GgufFile):
        super().__init__(file)
        assert file.get("tokenizer.ggml.pre") == "smollm"
        vocab = {token: i for i, token in enumerate(file.get("tokenizer.ggml.tokens"))}
        merges = [tuple(merge.split(" ")) for merge in file.get("tokenizer.ggml.merges")]
        self.tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        self.tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
        )
        self.tokenizer.decoder = decoders.ByteLevel()

    def encode_text(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False)


class Gemma3Tokenizer(ReferenceTokenizer):
    """SentencePiece BPE with byte fallback, no dummy prefix and no normalisation."""

    def __init__(self, file: GgufFile):
        super().__init__(file)
        tokens = file.get("tokenizer.ggml.tokens")
        scores = file.get("tokenizer.ggml.scores")
        types = file.get("tokenizer.ggml.token_type")
        unknown = file.get("tokenizer.ggml.unknown_token_id")
        model = proto.ModelProto()
        for i, (token, score, kind) in enumerate(zip(tokens, scores, types)):
            if i == unknown:
                kind = proto.ModelProto.SentencePiece.UNKNOWN  # the file says control; SentencePiece insists on one unknown
            if kind == USER_DEFINED:
                token = token.replace(" ", "\u2581")  # the file holds plain spaces, the model text has them escaped
            model.pieces.add(piece=token, score=score, type=kind)
        model.trainer_spec.model_type = proto.TrainerSpec.BPE
        model.trainer_spec.vocab_size = len(tokens)
        model.trainer_spec.byte_fallback = True
        model.trainer_spec.unk_id = unknown
        model.trainer_spec.bos_id = file.get("tokenizer.ggml.bos_token_id")
        model.trainer_spec.eos_id = file.get("tokenizer.ggml.eos_token_id")
        model.trainer_spec.pad_id = file.get("tokenizer.ggml.padding_token_id")
        for name in ("unk", "bos", "eos", "pad"):
            setattr(model.trainer_spec, f"{name}_piece", tokens[getattr(model.trainer_spec, f"{name}_id")])
        model.normalizer_spec.name = "identity"
        model.normalizer_spec.add_dummy_prefix = False
        model.normalizer_spec.remove_extra_whitespaces = False
        model.normalizer_spec.escape_whitespaces = True
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
        self.control_pieces = {i: token for token, i in self.control.items()}

    def encode_text(self, text: str) -> list[int]:
        return self.processor.encode(text)

    def decode(self, ids: list[int]) -> str:
        """SentencePiece prints control tokens as nothing, so they are put back by hand."""
        parts: list[str] = []
        run: list[int] = []
        for i in ids:
            if i in self.control_pieces:
                parts += [self.processor.decode(run), self.control_pieces[i]]
                run = []
            else:
                run.append(i)
        return "".join(parts) + self.processor.decode(run)


def load_tokenizer(file: GgufFile) -> ReferenceTokenizer:
    return {"gpt2": SmolLm2Tokenizer, "llama": Gemma3Tokenizer}[file.get("tokenizer.ggml.model")](file)
