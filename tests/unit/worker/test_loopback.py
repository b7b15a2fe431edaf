"""What the pull request's service reaches from where it is served: by a network namespace, and by Landlock alone.

The service tries, and says what it got; the control is the same file in a plain child process.
"""

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict

import numpy as np
import pytest

from qgate.domain.limits import Limits
from qgate.domain.work import WorkOrder
from qgate.measure.service import free_ports
from qgate.worker import landlock, loopback
from qgate.worker.launch import run
from qgate.worker.protocol import pack, unpack
from qgate.worker.sandbox import Policy

TRIES = """
import json, os, socket, sys
TCP, UDP, UNIX, OWN = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(os.environ["PORT"])

def tcp():
    with socket.create_connection(("127.0.0.1", TCP), timeout=2) as connection:
        return connection.recv(6)

def fast_open():
    with socket.socket() as sender:
        return sender.sendto(b"secret", 0x20000000, ("127.0.0.1", TCP))

def multipath():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as connection:
        connection.connect(("127.0.0.1", TCP))
        return True

def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"secret", ("127.0.0.1", UDP))

def unix():
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(UNIX)
        return connection.recv(6)

def another_port():
    with socket.socket() as listener:
        return listener.bind(("127.0.0.1", OWN + 1 if OWN < 65535 else OWN - 1)) is None

def its_own_port():
    with socket.socket() as listener:
        return listener.bind(("127.0.0.1", OWN)) is None

got = {}
for attempt in (tcp, fast_open, multipath, udp, unix, another_port, its_own_port):
    try:
        got[attempt.__name__] = bool(attempt())
    except OSError:
        got[attempt.__name__] = False
print(json.dumps(got))
sys.exit(3)
"""


def serve(listener):
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"secret")


@pytest.fixture(scope="module")
def world(make_tree):
    """A tree with the service, and what there is to be reached on this machine."""
    tree = make_tree("served")
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(tree / "socket"))
        (tree / "socket").chmod(0o666)
        for listener in (tcp, unix):
            listener.listen()
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
        told = [str(tcp.getsockname()[1]), str(udp.getsockname()[1]), str(tree / "socket")]
        (tree / "serve.py").write_text(f"import sys\nsys.argv[1:] = {told!r}\n{TRIES}")
        yield tree
        for listener in (tcp, unix):
            listener.shutdown(socket.SHUT_RDWR)


def order(ports):
    services = [{"role": "candidate", "command": "serve.py", "options": {}, "shots": None, "seed": None}]
    value = {"services": services, "sizes": [1], "rounds": 1, "seconds": 1, "seed": 0, "workers": 1, "load": {}}
    return WorkOrder(kind="http_service", value=value, arrays={"serve.X": np.zeros((2, 2)), "load.due": np.zeros(0)}, ports=ports)


def got(error):
    assert error.startswith("MeasurementError: serve.py ended with exit code 3 before it was ready: "), error
    return json.loads(error.partition(" ready: ")[2].splitlines()[0])


NOTHING = {"tcp": False, "fast_open": False, "multipath": False, "udp": False, "unix": False}


def test_without_a_sandbox_everything_is_reached(world):
    [port] = free_ports(1)
    environment = {"PORT": str(port), "PATH": "/usr/bin"}
    ended = subprocess.run([sys.executable, world / "serve.py"], env=environment, capture_output=True, text=True, check=False)
    reached = json.loads(ended.stdout)
    assert {name: reached[name] for name in ("tcp", "udp", "unix", "another_port", "its_own_port")} == dict.fromkeys(
        ("tcp", "udp", "unix", "another_port", "its_own_port"), True
    )


def test_a_served_command_reaches_its_own_port_alone(world):
    [answer] = run([order(free_ports(2))], world, Limits(seconds=50))
    if "loopback" in answer.sandbox["missing"]:
        assert answer.error == f"a service cannot be confined to loopback here: {answer.sandbox['missing']['loopback']}"
        pytest.skip(answer.error)
    assert answer.sandbox["loopback"] in {loopback.NAMESPACE, loopback.LANDLOCK}
    reached = got(answer.error)
    walls = landlock.abi() >= landlock.TCP_SINCE
    assert reached == NOTHING | {"another_port": not walls, "its_own_port": True}


def confined(world, scratch, patch):
    """The layers and the answer of a worker in which a kernel's refusal is made up; what follows is its own doing."""
    ports = free_ports(2)
    limits = {"seconds": 30, "memory_bytes": 4 << 30, "file_bytes": 1 << 20, "open_files": 64, "processes": 64}
    policy = Policy(tree=str(world), scratch=str(scratch), uid=None, required=False, ports=ports, **limits)
    asked = order(ports)
    frame = pack({"kind": asked.kind, "value": dict(asked.value), "ports": list(ports)}, asked.arrays)
    code = f"import sys\nfrom qgate.worker import child, landlock, loopback\n{patch}\nchild.main(sys.argv[1], '1')"
    command = [sys.executable, "-I", "-c", code, json.dumps(asdict(policy))]
    environment = {"HOME": str(scratch), "TMPDIR": str(scratch), "PATH": "/usr/bin"}
    ended = subprocess.run(command, input=frame, env=environment, capture_output=True, check=False)
    line, _, said = ended.stdout.partition(b"\n")
    return json.loads(line), said and unpack(bytearray(said))[0]


def test_where_there_is_no_namespace_landlock_holds_alone(world, tmp_path):
    if landlock.abi() < landlock.TCP_SINCE:
        pytest.skip("the kernel's Landlock knows no TCP")
    layers, said = confined(world, tmp_path, "loopback._tried = lambda: 1")
    assert layers["loopback"] == loopback.LANDLOCK
    assert got(said["error"]) == NOTHING | {"another_port": False, "its_own_port": True}


def test_where_there_is_neither_nothing_of_the_pull_request_is_started(world, tmp_path):
    layers, said = confined(world, tmp_path, "loopback._tried = lambda: 1\nlandlock.abi = lambda: 3")
    expected = "no network namespace (Operation not permitted), and the kernel's Landlock knows no TCP"
    assert (layers["loopback"], layers["missing"]["loopback"], said) == (False, f"[Errno 1] {expected}", b"")


def test_a_worker_that_serves_nothing_has_no_sockets(world, worker_order):
    (world / "plain.py").write_text(
        "import socket\nclass Model:\n    def predict(self, rows):\n        socket.socket()\ndef build(): return Model()\n"
    )
    [answer] = run([worker_order("plain:build")], world, Limits(seconds=50))
    assert answer.error.startswith("PermissionError")
    assert "loopback" not in answer.sandbox
