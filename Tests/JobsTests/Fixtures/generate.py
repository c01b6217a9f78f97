"""Writes the image fixtures of the Jobs tests; Pillow and NumPy are the oracles. Run by hand: python3 generate.py"""
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

rng = np.random.default_rng(7)
height, width = 10, 12
y, x = np.mgrid[0:height, 0:width]
rgb = np.stack([x * 20, y * 25, (x + y) * 10], axis=-1) + rng.integers(0, 16, (height, width, 3))
rgb = rgb.astype(np.uint8)
gray = rgb[..., 0]
alpha = rng.integers(0, 256, (height, width), dtype=np.uint8)
expected = {}


def keep(name, pixels=None):
    if pixels is None:
        pixels = np.array(Image.open(name).convert("RGB"))
    expected[name] = pixels.astype(np.uint8)


def save(name, image, **options):
    image.save(name, **options)
    keep(name)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(name, pixels, colour):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, colour, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


save("rgb.png", Image.fromarray(rgb))
save("gray.png", Image.fromarray(gray))
save("alpha.png", Image.fromarray(np.dstack([rgb, alpha])))
save("gray-alpha.png", Image.fromarray(np.dstack([gray, alpha])))
save("palette.png", Image.fromarray(rgb).quantize(16))
save("palette-transparent.png", Image.fromarray(rgb).quantize(16), transparency=3)
save("bits.png", Image.fromarray(gray > 100))
info = PngImagePlugin.PngInfo()
info.add(b"gAMA", struct.pack(">I", 100000))
save("gamma.png", Image.fromarray(rgb), pnginfo=info)
wide = rng.integers(0, 65536, (height, width, 3))
png16("rgb16.png", wide, 2)
keep("rgb16.png", np.floor(wide / 257 + 0.5))
png16("gray16.png", wide[..., 0], 0)
keep("gray16.png", np.repeat(np.floor(wide[..., :1] / 257 + 0.5), 3, axis=2))
save("rgb.jpg", Image.fromarray(rgb), quality=80)
save("full.jpg", Image.fromarray(rgb), quality=95, subsampling=0)
save("gray.jpg", Image.fromarray(gray), quality=80)
save("progressive.jpg", Image.fromarray(rgb), quality=80, progressive=True)
Image.fromarray(rgb).convert("CMYK").save("cmyk.jpg")

# The luma and the resizing of rgb.png, in float32 and without rounding in between.
expected["luma"] = np.array(Image.fromarray(rgb).convert("L"))
for w, h in [(5, 4), (24, 14), (12, 3), (1, 1)]:
    planes = [Image.fromarray(rgb[..., c].astype(np.float32)) for c in range(3)]

    def pillow(how):
        return np.stack([np.array(p.resize((w, h), how)) for p in planes]).astype(np.float32)

    def interp(line, size):
        centres = (np.arange(size) + 0.5) * len(line) / size - 0.5
        return np.interp(centres, np.arange(len(line)), line)

    plain = rgb.astype(np.float64)
    plain = np.apply_along_axis(interp, 0, plain, h)
    plain = np.apply_along_axis(interp, 1, plain, w)
    expected[f"nearest-{w}x{h}"] = pillow(Image.NEAREST)
    expected[f"bilinear-antialiased-{w}x{h}"] = pillow(Image.BILINEAR)
    expected[f"bilinear-{w}x{h}"] = plain.transpose(2, 0, 1).astype(np.float32)
np.savez_compressed("expected.npz", **expected)

# Photographs that are turned, as cameras write them, and the same upright.
upright = {}
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010F] = "mpinfer"
    exif[0x0112] = orientation
    name = f"oriented-{orientation}.jpg"
    Image.fromarray(rgb).save(name, quality=90, subsampling=0, exif=exif)
    upright[name] = np.array(ImageOps.exif_transpose(Image.open(name)).convert("RGB"))
np.savez_compressed("oriented.npz", **upright)
