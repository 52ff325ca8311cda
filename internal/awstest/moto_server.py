"""Moto on a free port of 127.0.0.1, which it prints. It ends with its standard input.

Moto's own server answers several requests at once and guards its tables by nothing:
a check and the write that belongs to it can be torn apart. Here they come one by one.
"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections

    def log(self, *args):
        pass


moto = DomainDispatcherApplication(create_backend_app)
turn = threading.Lock()


def one_by_one(environ, start_response):
    with turn:
        return list(moto(environ, start_response))


def end_with_input():
    sys.stdin.read()
    os._exit(0)


server = make_server("127.0.0.1", 0, one_by_one, threaded=True, request_handler=Handler)
print(server.port, flush=True)
threading.Thread(target=end_with_input, daemon=True).start()
server.serve_forever()
