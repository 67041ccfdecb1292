#!/usr/bin/env python3
"""A client of agentd's exec stream for tests: [--tty] SOCKET ID COMMAND... (--tty may also come first)."""
import json
import os
import select
import socket
import struct
import sys

args = sys.argv[1:]
tty = "--tty" in args[:3]
if tty:
    args.remove("--tty")
path, workload, command = args[0], args[1], args[2:]
s = socket.socket(socket.AF_UNIX)
s.connect(path)
body = json.dumps({"command": command, "tty": tty}).encode()
s.sendall(
    b"POST /v1/workloads/%s/exec HTTP/1.1\r\nHost: agent\r\nConnection: Upgrade\r\nUpgrade: stackpilot-exec/1\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (workload.encode(), len(body), body)
)
data = b""
while b"\r\n\r\n" not in data:
    piece = s.recv(65536)
    if not piece:
        sys.exit("closed: " + data.decode())
    data += piece
head, data = data.split(b"\r\n\r\n", 1)
if b" 101 " not in head.split(b"\r\n")[0]:
    length = [int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")]
    while length and len(data) < length[0]:
        data += s.recv(65536)
    print(data.decode())
    sys.exit(250)
stdin_open = True
while True:
    while len(data) >= 5 and len(data) >= 5 + struct.unpack(">I", data[1:5])[0]:
        channel, length = data[0], struct.unpack(">I", data[1:5])[0]
        payload, data = data[5 : 5 + length], data[5 + length :]
        if channel in (1, 2):
            os.write(channel, payload)
        elif channel == 4:
            sys.exit(struct.unpack(">i", payload)[0] & 255)
        elif channel == 5:
            print(payload.decode())
            sys.exit(251)
    ready = select.select([s] + ([0] if stdin_open else []), [], [])[0]
    if 0 in ready:
        piece = os.read(0, 4096)
        stdin_open = bool(piece)
        s.sendall(b"\x00" + struct.pack(">I", len(piece)) + piece)
    if s in ready:
        piece = s.recv(65536)
        if not piece:
            sys.exit(252)
        data += piece
