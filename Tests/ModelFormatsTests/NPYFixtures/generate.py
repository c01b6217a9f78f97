"""Writes the .npy and .npz fixtures of NPYTests (NumPy is the oracle). Run by hand: python3 generate.py"""
import numpy as np
from numpy.lib import format as npy

values = np.array([[0, 1, 2], [3, 100, 7]])
for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
    np.save(f"little-{code}.npy", values.astype("<" + code))
    if code[1] != "1":
        np.save(f"big-{code}.npy", values.astype(">" + code))
np.save("bool.npy", values > 2)
np.save("fortran.npy", np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)))
np.save("scalar.npy", np.float32(2.5))
np.save("empty.npy", np.zeros((0, 3), np.float32))
np.save("vector.npy", np.arange(5, dtype=np.int64))
for version in [(2, 0), (3, 0)]:
    with open(f"version-{version[0]}.npy", "wb") as file:
        npy.write_array(file, values.astype("<f4"), version=version)
np.save("records.npy", np.zeros(2, dtype=[("a", "<f4")]))
np.savez("stored.npz", first=values.astype("<f4"), second=np.arange(3, dtype=">i2"))
np.savez_compressed("packed.npz", only=np.zeros((40, 50), np.float32))
