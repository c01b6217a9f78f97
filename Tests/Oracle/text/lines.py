"""Lines that a tokenizer can go wrong on: many scripts, accents, emojis, control characters, and what is rare."""

from __future__ import annotations

import random
import unicodedata

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Don't split what's joined: it's 3.14 (approximately), isn't it?",
    "E-mail me at someone@example.org, or see https://example.org/a_b?c=d&e=f#g!",
    "UNAFFABLE unaffable unaffordability antidisestablishmentarianism",
    "Größe, Straße, naïve café, Ångström, Český Krumlov, łódź, Ærøskøbing, þing",
    "İstanbul'da ılık bir ISPARTA günü",
    "ΣΊΣΥΦΟΣ και Οδυσσεύς: ἐν ἀρχῇ ἦν ὁ λόγος",
    "Съешь же ещё этих мягких французских булок, да выпей чаю",
    "Україна, її мова; българска азбука; Ђорђе и Љубица",
    "שָׁלוֹם עוֹלָם וגם טקסט בלי ניקוד",
    "مَرْحَبًا بِالعَالَم، كيف حالك؟ ١٢٣٤",
    "नमस्ते दुनिया। हिन्दी में एक वाक्य॥",
    "বাংলা ভাষা, தமிழ் மொழி, తెలుగు, ಕನ್ನಡ, മലയാളം, සිංහල",
    "สวัสดีชาวโลก ภาษาไทยไม่มีวรรค",
    "ພາສາລາວ ភាសាខ្មែរ မြန်မာဘာသာ བོད་སྐད",
    "我爱北京天安门，北京欢迎你！繁體中文也可以。",
    "日本語の文章です。カタカナとひらがな、ﾊﾝｶｸも。",
    "한국어 문장입니다. 가나다라 ㄱㄴㄷ 힣",
    "Tiếng Việt có nhiều dấu: ắ ằ ẳ ẵ ặ ế ề ể ễ ệ",
    "ქართული ენა, Հայերեն լեզու, ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ, አማርኛ",
    "𝔣𝔯𝔞𝔨𝔱𝔲𝔯 𝒮𝒸𝓇𝒾𝓅𝓉 𝟙𝟚𝟛 𠀀𠀁 𪚥 🀄 𐍈𐌰",
    "😀😃👨‍👩‍👧‍👦👩🏽‍💻🏴󠁧󠁢󠁳󠁣󠁴󠁿🇩🇪❤️‍🔥 done",
    "a\u00a0b\u2003c\u200bd\u200ce\u200df\ufeffg\u2028h\u2029i\u0085j\u3000k\u1680l",
    "\x00\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x7f\x9f\ufffdtext\ue000\U000f0000end",
    "tab\there\rcarriage\n newline  two   three",
    "combining: e\u0301 o\u0308 a\u0323\u0302 a\u0302\u0323 \u0301alone q\u0307\u0323",
    "ﬁ ﬂ ﬃ Å ℃ ① ½ ™ ǆ ŉ ẞ ß ſ ĳ İ I\u0307",
    "[CLS] hello [SEP] world [MASK] [PAD] [UNK] [cls] [ MASK ] [MASK][MASK]x",
    "##ing ##s # # ## unk[UNK]unk",
    "1,234,567.89 -5 +7 3/4 10^6 50% $9.99 €5 £3 ¥100 ₿",
    "<html><body class=\"x\">&amp;</body></html> {\"a\": [1, 2]} \\n \\u00e9 `code` ~tilde~ ^caret^ |pipe|",
    "…—–‐‑‒―‘’“”„‟‹›«»‚·•†‡§¶©®°±×÷",
    "、。〈〉《》「」『』【】〔〕！？；：（），．／",
)


def _characters(random_source: random.Random) -> list[str]:
    """Every assigned character between two letters, of the large ideographic and Hangul areas a sample."""
    dense = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x17000, 0x18CFF), (0x20000, 0x323AF)]
    private = [(0xE000, 0xF8FF), (0xF0000, 0x10FFFF)]
    chosen = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or unicodedata.category(chr(code)) == "Cn":
            continue
        if any(low < code < high for low, high in dense) and code % 23:
            continue
        if any(low < code < high for low, high in private) and code % 997:
            continue
        chosen.append(chr(code))
    random_source.shuffle(chosen)
    return [" ".join(f"x{c}y" for c in chosen[start : start + 40]) for start in range(0, len(chosen), 40)]


def _mixtures(random_source: random.Random, count: int) -> list[str]:
    """Words of the sentences cut up and put together anew, with odd characters between them."""
    words = [word for sentence in SENTENCES for word in sentence.split(" ")]
    letters = [c for sentence in SENTENCES for c in sentence]
    lines = []
    for _ in range(count):
        parts = []
        for _ in range(random_source.randint(0, 24)):
            kind = random_source.random()
            if kind < 0.6:
                parts.append(random_source.choice(words))
            elif kind < 0.8:
                parts.append("".join(random_source.choices(letters, k=random_source.randint(1, 12))))
            elif kind < 0.9:
                parts.append(random_source.choice(words) + random_source.choice(words).upper())
            else:
                parts.append("".join(chr(random_source.randint(0x20, 0x2FFF)) for _ in range(random_source.randint(1, 6))))
        lines.append(random_source.choice([" ", "", "  "]).join(parts))
    return lines


def tokenizer_lines() -> list[str]:
    """A few thousand lines; line breaks may stand inside one."""
    random_source = random.Random(20)
    lengths = [1, 50, 98, 99, 100, 101, 102, 150, 5000]
    long_words = ["a" * length for length in lengths] + ["é" * length for length in lengths]
    long_words += ["unbelievable" * 8 + "s" * extra for extra in range(8)] + ["東" * 300]
    empty = ["", " ", "\t", "\u200b", "\x00", "   \u3000 ", "\u0301", "[SEP]", "\ufffd"]
    return [*SENTENCES, *empty, *long_words, *_mixtures(random_source, 1500), *_characters(random_source)]


SUBJECTS = ("The pipeline", "A rank", "Every stage", "My neighbour", "The old ferry", "An encoder", "The committee")
VERBS = ("waits for", "sends", "computes", "forgets", "paints", "measures", "returns to", "argues about")
OBJECTS = (
    "the next microbatch",
    "a letter from Zürich",
    "the price of bread in 1923",
    "its own shadow",
    "twelve numbers that nobody asked for",
    "what the last message said",
    "the harbour",
)
ENDS = (
    "",
    " before dawn",
    ", although nobody had asked",
    " because the network was slow and the coffee was cold",
    ", and then it does the same again, only backwards and with less enthusiasm than the first time",
    " in Reykjavík",
)


def sentences(count: int) -> list[str]:
    """Sentences of very different lengths, in the order of a draw; none holds a line break."""
    random_source = random.Random(7)
    plain = [s for s in SENTENCES if "\n" not in s and "\r" not in s and "\x00" not in s]
    # What str.splitlines takes for the end of a line must not be in a file of lines.
    plain = [s for s in plain if len(s.splitlines()) == 1]
    drawn = []
    while len(drawn) + len(plain) < count:
        parts = [
            f"{random_source.choice(SUBJECTS)} {random_source.choice(VERBS)} {random_source.choice(OBJECTS)}"
            f"{random_source.choice(ENDS)}."
            for _ in range(random_source.choice([1, 1, 1, 2, 3, 8]))
        ]
        drawn.append(" ".join(parts))
    drawn[3] = "Yes."
    drawn[5] = ""
    drawn[8] = " ".join(drawn[:40])  # past the 256 tokens that the model takes
    lines = drawn + plain
    random_source.shuffle(lines)
    return lines
