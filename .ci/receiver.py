#!/usr/bin/env python3
"""receiver.py OUT [CERTIFICATE KEY]: what a meter reports to, on this machine.

An HTTP server on port 8099, or with TLS on 8443, that takes readings, batches, events and intervals and writes each
record as a line of JSON to OUT; and a time server on UDP port 123, which takes a port that only root may take. Says
`ready` when all of them listen. Ends with the process."""
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time

out = open(sys.argv[1], "a", buffering=1)
lock = threading.Lock()


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        records = body if isinstance(body, list) else [body]
        with lock:
            for record in records:
                line = {"path": self.path, "key": self.headers.get("X-API-Key"), "arrived": time.time(), **record}
                out.write(json.dumps(line) + "\n")
        answer = json.dumps({"success": True, "stored": len(records)}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def tell_time(sock):
    """RFC 4330: mode 4, version 4, stratum 1; seconds since 1900 with a fraction of 32 bits."""
    while True:
        request, sender = sock.recvfrom(512)
        now = time.time() + 2208988800
        stamp = struct.pack(">II", int(now) & 0xFFFFFFFF, int(now % 1 * 2**32))
        answer = struct.pack(">BBbb", 0x24, 1, 6, -20) + bytes(8) + b"TEST" + stamp + request[40:48] + stamp + stamp
        sock.sendto(answer, sender)


port = 8443 if len(sys.argv) > 2 else 8099
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Server)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
clock.bind(("127.0.0.1", 123))
threading.Thread(target=tell_time, args=(clock,), daemon=True).start()
print("ready", flush=True)
server.serve_forever()
