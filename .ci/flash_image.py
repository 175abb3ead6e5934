#!/usr/bin/env python3
"""flash_image.py PARTITIONS.CSV OUT: an erased flash of 4 MB with that partition table, as a bootloader finds it."""
import hashlib
import struct
import sys

TYPES = {"app": 0, "data": 1}
SUBTYPES = {"ota": 0x00, "undefined": 0x06, "ota_0": 0x10, "ota_1": 0x11}

table = b""
for line in open(sys.argv[1]):
    if line.startswith("#") or not line.strip():
        continue
    name, kind, subtype, offset, size = (field.strip() for field in line.split(",")[:5])
    table += struct.pack(
        "<HBBII16sI", 0x50AA, TYPES[kind], SUBTYPES[subtype], int(offset, 0), int(size, 0), name.encode(), 0
    )
table += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()
flash = bytearray(b"\xff" * (4 << 20))
# The header of an image: its fourth byte tells the size of the flash.
flash[0:24] = bytes([0xE9, 1, 2, 0x2F]) + bytes(20)
flash[0x8000 : 0x8000 + len(table)] = table
open(sys.argv[2], "wb").write(flash)
