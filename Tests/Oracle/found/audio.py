"""Half a minute of synthesised sound: bursts that are shaped like speech, chirps, noise, and silence between them."""

from __future__ import annotations

import numpy as np
from zlib import crc32

SECONDS = 30
# Resonances of the vocal tract in Hz, as in the vowels a, e, i, o, u.
FORMANTS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))


def resonance(signal: np.ndarray, frequencies: np.ndarray, bandwidth: float, rate: int) -> np.ndarray:
    """A two-pole filter with gain 1 at 0 Hz: what one resonance of the mouth, which moves, makes of the signal."""
    radius = np.exp(-np.pi * bandwidth / rate)
    first, second = 2 * radius * np.cos(2 * np.pi * frequencies / rate), -(radius**2)
    out = np.zeros(signal.size)
    before, earlier = 0.0, 0.0
    for index, (value, factor) in enumerate(zip(signal.tolist(), first.tolist(), strict=True)):
        before, earlier = (1 - factor - second) * value + factor * before + second * earlier, before
        out[index] = before
    return out


def speech(seconds: float, rate: int, random: np.random.Generator) -> np.ndarray:
    """Pulses of a voice whose pitch falls, through vowels that change about five times per second."""
    length = int(seconds * rate)
    syllables = max(2, int(seconds * 5))
    places = np.linspace(0, length, syllables)
    time = np.arange(length)
    pitch = random.uniform(110, 150) * np.interp(time, places, random.uniform(0.85, 1.2, syllables))
    pulses = np.diff(np.floor(np.cumsum(pitch / rate)), prepend=0)
    breath = 0.03 * random.standard_normal(length)
    decay = np.exp(-np.arange(rate // 100) / (0.0015 * rate))  # a pulse of the glottis fades within milliseconds
    voice = np.convolve(pulses + breath, decay)[:length]
    vowels = np.array(FORMANTS)[random.integers(len(FORMANTS), size=syllables)]
    for formant, bandwidth in enumerate((60, 90, 150)):
        voice = resonance(voice, np.interp(time, places, vowels[:, formant]), bandwidth, rate)
    voice = np.diff(voice, prepend=0)  # the lips
    loudness = 0.55 - 0.45 * np.cos(2 * np.pi * time / rate * 5)
    return 0.6 * voice / np.abs(voice).max() * loudness


def chirp(seconds: float, rate: int, random: np.random.Generator) -> np.ndarray:
    low, high = random.uniform(100, 400), random.uniform(1000, 0.45 * rate)
    return 0.3 * np.sin(2 * np.pi * np.cumsum(np.linspace(low, high, int(seconds * rate))) / rate)


def noise(seconds: float, rate: int, random: np.random.Generator) -> np.ndarray:
    return 0.1 * random.standard_normal(int(seconds * rate))


def recording(rate: int) -> np.ndarray:
    """[SECONDS * rate] float32 in -1...1."""
    random = np.random.default_rng(crc32(f"recording {rate}".encode()))
    parts = []
    for kind in (speech, noise, speech, chirp) * 4:
        parts.append(kind(random.uniform(0.8, 2.5), rate, random))
        parts.append(np.zeros(int(rate * random.uniform(0.1, 0.6))))
    samples = np.concatenate(parts)
    samples = np.resize(samples, SECONDS * rate) + 0.001 * random.standard_normal(SECONDS * rate)
    return np.clip(samples, -1, 1).astype(np.float32)
