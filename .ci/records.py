#!/usr/bin/env python3
"""records.py FILE STARTS METER KEY: what a receiver got from a device with that many starts, each reading of a module
at 230.1 V and 275.6 W. Every record there once, none missing, the energy never lower than before."""
import json
import sys

path, starts, meter, key = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
records = [json.loads(line) for line in open(path)]
named = [record for record in records if "seq" in record]
assert named, "nothing came"
assert all(record["key"] == key for record in records), "a request without the key"
assert all(record["meterId"] == meter for record in records)
names = [(record["boot_id"], record["seq"]) for record in named]
twice = {name for name in names if names.count(name) > 1}
assert not twice, f"twice: {twice}"
assert {boot for boot, _ in names} == set(range(1, starts + 1)), f"starts: {sorted({boot for boot, _ in names})}"
for boot in range(1, starts + 1):
    numbers = sorted(seq for other, seq in names if other == boot)
    assert numbers == list(range(len(numbers))), f"start {boot} has gaps: {numbers}"
assert names == sorted(names), "not in the order they were made"
readings = [record for record in named if "voltage" in record]
for record in readings:
    assert (record["voltage"], record["power_watts"]) == (230.1, 275.6), record
energies = [record["energy_kwh"] for record in readings]
falls = [(before, after) for before, after in zip(energies, energies[1:]) if after < before]
assert not falls, f"the energy falls: {falls}"
timed = [record for record in readings if "timestamp" in record]
assert timed and all(record["timestamp"].startswith("20") for record in timed), "no reading with a time"
assert any(record["path"].endswith("/register") for record in records), "the meter was not registered"
print(f"ok: {len(readings)} readings of {starts} starts arrived, each once, in order; {len(timed)} with a time")
