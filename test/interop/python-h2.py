"""An HTTP/2 server and client made of Debian's python3-h2: `server` prints its port, `client PORT` asks and prints."""
import socket
import sys
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (DataReceived, InformationalResponseReceived, RequestReceived, ResponseReceived, StreamEnded,
                       StreamReset, TrailersReceived, WindowUpdated)

BIG = b"0123456789" * 300_000


def send_as_windows_allow(conn, waiting):
    """Sends what is left of each body, as far as the windows go."""
    for stream_id, body in list(waiting.items()):
        while body:
            size = min(conn.local_flow_control_window(stream_id), conn.max_outbound_frame_size, len(body))
            if size <= 0:
                break
            conn.send_data(stream_id, body[:size])
            body = body[size:]
        waiting[stream_id] = body
        if not body:
            conn.end_stream(stream_id)
            del waiting[stream_id]


def serve_one(sock):
    conn = H2Connection(config=H2Configuration(client_side=False))
    conn.initiate_connection()
    sock.sendall(conn.data_to_send())
    waiting = {}
    while True:
        data = sock.recv(65536)
        if not data:
            return
        for event in conn.receive_data(data):
            if isinstance(event, RequestReceived):
                path = dict(event.headers)[b":path"]
                body = BIG if path == b"/big" else b"small"
                conn.send_headers(event.stream_id, [(":status", "103"), ("link", "</a>")])
                conn.send_headers(event.stream_id, [(":status", "200"), ("content-length", str(len(body)))])
                waiting[event.stream_id] = memoryview(body)
            elif isinstance(event, DataReceived):
                conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamReset):
                waiting.pop(event.stream_id, None)
        send_as_windows_allow(conn, waiting)
        sock.sendall(conn.data_to_send())


def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()


def ask(port):
    sock = socket.create_connection(("127.0.0.1", port))
    conn = H2Connection(config=H2Configuration(client_side=True))
    conn.initiate_connection()
    waiting, got, left = {}, {}, 0
    for path, body in (("/big", None), ("/hints", None), ("/trailers", None), ("/", BIG)):
        stream_id = conn.get_next_available_stream_id()
        method = "POST" if body else "GET"
        head = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", path)]
        conn.send_headers(stream_id, head, end_stream=body is None)
        if body:
            waiting[stream_id] = memoryview(body)
        got[stream_id] = [path, 0, []]
        left += 1
    while left:
        send_as_windows_allow(conn, waiting)
        sock.sendall(conn.data_to_send())
        data = sock.recv(65536)
        if not data:
            sys.exit("the server has closed")
        for event in conn.receive_data(data):
            if isinstance(event, DataReceived):
                got[event.stream_id][1] += len(event.data)
                conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (ResponseReceived, InformationalResponseReceived)):
                got[event.stream_id][2].append(dict(event.headers)[b":status"].decode())
            elif isinstance(event, TrailersReceived):
                got[event.stream_id][2].append("trailers")
            elif isinstance(event, StreamEnded):
                left -= 1
    for path, length, seen in got.values():
        print(path, length, *seen)
    conn.close_connection()
    sock.sendall(conn.data_to_send())


serve() if sys.argv[1] == "server" else ask(int(sys.argv[2]))
