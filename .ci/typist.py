#!/usr/bin/env python3
"""typist.py LINES LOG: a person at the serial console of the emulated device, for the emulator's --uart-ext.

Types the next line of the file LINES whenever the device shows its prompt, or takes the line before without one (a
certificate that is pasted), `(3 s)` before a line makes it wait; writes everything the device says to LOG."""
import sys

lines = [line.rstrip("\n") for line in open(sys.argv[1])]
log = open(sys.argv[2], "wb", buffering=0)
said = b""
pasting = ""
last = b""


def due():
    """Whether the device waits for a line."""
    if pasting == "begins":
        return b"leaves" in said and said.endswith(b"\n")
    if pasting:
        # Each line comes back as it is typed.
        return said.endswith(last + b"\r\n")
    return said.endswith((b"> ", b" to go on: "))


for event in sys.stdin:
    words = event.split()
    answer = ""
    if words[0] == "U":
        byte = bytes.fromhex(words[2])
        log.write(byte)
        said = (said + byte)[-200:]
        if lines and due():
            line, moment = lines.pop(0), 2000
            if line.startswith("("):
                line, moment = line.split(") ")[1], int(line[1:].split()[0]) * 1000000
            pasting = "begins" if line == "ca" else "goes on" if pasting and line != "." else ""
            # A moment later, as by hand; the line ends with Enter.
            last = line.encode()
            answer = f"{moment}:" + (line + "\r").encode().hex()
            said = b""
    print(answer, flush=True)
