#!/usr/bin/env python3
"""archive.py FILE DATE: `data.csv` as it is on a card: lines of 256 bytes, each with its CRC-32, numbers without gaps, the
times of that day."""
import sys
import zlib

data = open(sys.argv[1], "rb").read()
assert data and len(data) % 256 == 0, f"{len(data)} bytes"
lines = [data[at : at + 256] for at in range(0, len(data), 256)]
columns = lines[0].decode().rstrip(" \n").split(",")
assert columns[:5] == ["timestamp", "voltage", "current", "power", "energy_kwh"], columns
numbers, readings = [], 0
for line in lines[1:]:
    assert line.endswith(b"\n"), line
    text = line.rstrip(b" \n")
    body, check = text[:-8], text[-8:]
    assert int(check, 16) == zlib.crc32(body), line
    fields = dict(zip(columns, text.decode().split(",")))
    numbers.append(int(fields["seq"]))
    if fields["voltage"]:
        readings += 1
        assert fields["timestamp"].startswith(sys.argv[2]), fields
assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
assert readings >= 8, f"{readings} readings"
print(f"ok: {readings} readings and {len(numbers) - readings} events are on the card, as another program reads it")
