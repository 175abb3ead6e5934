#!/usr/bin/env python3
"""joiner.py HUB PORT NAME: a telephone on the access point of a device that nobody has set up.

Gets an address by DHCP, as frames on the network of the emulator (TCP port HUB of this machine); then fills in the form
of the page, which TCP port PORT leads to: NAME as the name of the meter, the name and password of a network."""
import html
import http.client
import re
import socket
import struct
import sys
import time
import urllib.parse

hub, port, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
MAC = bytes.fromhex("020000000042")
DEVICE = bytes([192, 168, 4, 1])
wire = socket.create_connection(("127.0.0.1", hub), timeout=10)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def send(options):
    """A DHCP message to everybody, from somebody without an address."""
    dhcp = struct.pack(">4BIHH", 1, 1, 6, 0, 0x12345678, 0, 0) + bytes(16) + MAC + bytes(10 + 192)
    dhcp += bytes([99, 130, 83, 99]) + options + b"\xff"
    udp = struct.pack(">4H", 68, 67, 8 + len(dhcp), 0) + dhcp
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    frame = b"\xff" * 6 + MAC + b"\x08\x00" + ip + udp
    wire.sendall(struct.pack(">I", len(frame)) + frame)


def receive():
    """The next DHCP message of the device: its options, and the address in it."""
    while True:
        length = struct.unpack(">I", wire.recv(4, socket.MSG_WAITALL))[0]
        frame = wire.recv(length, socket.MSG_WAITALL)
        if frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[26:30] != DEVICE or frame[34:38] != b"\0\x43\0\x44":
            continue
        assert checksum(frame[14:34]) == 0
        dhcp = frame[42:]
        assert dhcp[0] == 2 and dhcp[28:34] == MAC, dhcp
        options, at = {}, 240
        while dhcp[at] != 255:
            options[dhcp[at]] = dhcp[at + 2 : at + 2 + dhcp[at + 1]]
            at += 2 + dhcp[at + 1]
        return options, dhcp[16:20]


def join():
    send(bytes([53, 1, 1, 55, 3, 1, 3, 6]))
    options, address = receive()
    assert options[53] == b"\2" and options[54] == DEVICE and options[1] == bytes([255, 255, 255, 0]), options
    assert address[:3] == DEVICE[:3] and address[3] > 1, address
    send(bytes([53, 1, 3, 50, 4]) + address + bytes([54, 4]) + DEVICE)
    options, given = receive()
    assert options[53] == b"\5" and given == address, options


def page(method, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Host": "192.168.4.1", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, "/", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


# The device may not listen yet.
for attempt in range(20):
    try:
        join()
        break
    except (TimeoutError, ConnectionError):
        time.sleep(0.5)
else:
    sys.exit("no address")
status, form = page("GET")
assert status == 200 and "<form method=post>" in form, form
fields = dict(re.findall(r'<input name="([^"]*)" value="([^"]*)"', form))
fields |= dict(re.findall(r'<select name="([^"]*)">.*?<option selected>([^<]*)', form))
fields = {key: html.unescape(value) for key, value in fields.items()}
assert fields["meter.id"] == "MTR-1001" and fields["sampling.interval"] == "5 s", fields
status, answer = page("POST", urllib.parse.urlencode(fields | {"sampling.interval": "0 s"}))
assert status == 400 and "1 s to 60 s" in answer, answer
wanted = {"meter.id": name, "wifi.ssid": "my network", "wifi.password": "staple-staple-staple"}
status, answer = page("POST", urllib.parse.urlencode(fields | wanted))
assert status == 200 and "<h1>Saved</h1>" in answer, answer
print("joined and set up")
