"""What hostile code tries: each function returns what it got hold of (something true), nothing, or raises.

Only the standard library. Run by path, this is the control: the same attempts in a plain child process of the judge, as it would
be without a sandbox. `world` names what is there to be had; see test_escapes.py.
"""

import ctypes
import json
import mmap
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
ATTEMPTS = {}


def attempt(function):
    ATTEMPTS[function.__name__] = function
    return function


def answered(result):
    """What libc answered, unless it is an error."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@attempt
def token_in_environment(world):
    return [name for name, value in os.environ.items() if world["token"] in value]


@attempt
def environment_of_the_judge(world):
    return Path(f"/proc/{world['judge']}/environ").read_bytes()


@attempt
def command_line_of_the_judge(world):
    return Path(f"/proc/{world['judge']}/cmdline").read_bytes()


@attempt
def environment_of_another_process(world):
    return Path(f"/proc/{world['decoy']}/environ").read_bytes()


@attempt
def open_files_of_another_process(world):
    return list(Path(f"/proc/{world['decoy']}/fd").iterdir())


@attempt
def memory_of_another_process(world):
    with Path(f"/proc/{world['decoy']}/mem").open("rb") as memory:
        return bool(memory)


@attempt
def list_of_processes(world):
    return [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]


@attempt
def memory_of_the_preloaded_parent(world):
    with Path(f"/proc/{world['parent']}/mem").open("r+b") as memory:
        return bool(memory)


@attempt
def signal_to_the_preloaded_parent(world):
    os.kill(world["parent"], 0)
    return True


@attempt
def process_vm_readv(world):
    class Span(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    buffer = ctypes.create_string_buffer(8)
    here, there = Span(ctypes.addressof(buffer), 8), Span(world["address"], 8)
    return answered(LIBC.process_vm_readv(world["decoy"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0))


@attempt
def ptrace(world):
    answered(LIBC.ptrace(16, world["decoy"], 0, 0))
    os.waitpid(world["decoy"], 0x40000000)
    LIBC.ptrace(17, world["decoy"], 0, 0)
    return True


@attempt
def signal_to_another_process(world):
    os.kill(world["decoy"], 0)
    return True


@attempt
def signal_to_the_judge(world):
    os.kill(world["judge"], 0)
    return True


@attempt
def signal_through_a_pidfd(world):
    LIBC.syscall.restype = ctypes.c_long
    return answered(LIBC.syscall(424, os.pidfd_open(world["decoy"]), 0, None, 0)) == 0


@attempt
def limits_of_another_process(world):
    resource.prlimit(world["decoy"], resource.RLIMIT_CORE, (0, 0))
    return True


@attempt
def readable_labels(world):
    return Path(world["labels"]).read_text()


@attempt
def closed_labels(world):
    return Path(world["closed_labels"]).read_text()


@attempt
def token_of_the_checkout(world):
    return Path(world["runner"], "runner_temp/git-credentials-1.config").read_text()


@attempt
def event_of_the_runner(world):
    return Path(world["runner"], "workflow/event.json").read_text()


@attempt
def output_of_the_step(world):
    with Path(world["runner"], "file_commands/output").open("a") as file:
        return file.write("verdict=pass\n")


@attempt
def package_in_the_home_of_the_next_step(world):
    path = Path(world["runner"], "home/.local/hook.pth")
    path.write_text("import os")
    path.unlink()
    return True


@attempt
def git_of_the_workspace(world):
    return Path(world["runner"], "workspace/.git/config").read_text()


@attempt
def labels_through_git(world):
    return subprocess.run(
        ["git", "-C", world["repository"], "cat-file", "-p", "HEAD:labels.txt"], check=True, capture_output=True
    ).stdout.decode()


@attempt
def labels_through_a_link(world):
    link = Path(tempfile.gettempdir(), f"link-{os.getpid()}")
    link.symlink_to(world["labels"])
    try:
        return link.read_text()
    finally:
        link.unlink()


@attempt
def listing_of_temporary_files(world):
    return list(Path("/tmp").iterdir())


@attempt
def listing_of_home(world):
    return list(Path(world["home"]).iterdir())


@attempt
def scratch_of_other_workers(world):
    return list(Path(os.environ["HOME"]).parent.iterdir())


@attempt
def passwords(world):
    return Path("/etc/passwd").read_text()


@attempt
def write_beside_the_labels(world):
    Path(world["repository"], "verdict.json").write_text("pass")
    return True


@attempt
def write_into_the_tree(world):
    Path(world["tree"], "planted.py").write_text("")
    return True


@attempt
def write_into_shared_memory(world):
    path = Path(f"/dev/shm/qgate-test-{os.getpid()}")
    path.write_text("")
    path.unlink()
    return True


@attempt
def write_into_the_python_of_the_judge(world):
    path = Path(world["package"], f"planted-{os.getpid()}")
    path.write_text("")
    path.unlink()
    return True


@attempt
def tcp(world):
    with socket.create_connection(("127.0.0.1", world["tcp"]), timeout=2) as connection:
        return connection.recv(6)


@attempt
def udp(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"secret", ("127.0.0.1", world["udp"]))


@attempt
def unix_socket_file(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(world["unix"])
        return connection.recv(6)


@attempt
def abstract_unix_socket(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + world["abstract"])
        return connection.recv(6)


@attempt
def docker_socket(world):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/var/run/docker.sock")
        connection.sendall(b"GET /version HTTP/1.0\r\n\r\n")
        return connection.recv(12)


@attempt
def netlink_socket(world):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as connection:
        return connection.fileno()


@attempt
def io_uring(world):
    LIBC.syscall.restype = ctypes.c_long
    return answered(LIBC.syscall(425, 1, ctypes.byref(ctypes.create_string_buffer(120))))


@attempt
def new_user_namespace(world):
    if (child := os.fork()) == 0:
        os._exit(0 if LIBC.unshare(0x10000000) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


@attempt
def new_namespace_by_clone(world):
    return os.waitstatus_to_exitcode(os.system("unshare --user true 2>/dev/null")) == 0  # noqa: S605 -- a fixed command


@attempt
def new_session(world):
    if (child := os.fork()) == 0:
        os._exit(0 if LIBC.setsid() > 0 else 1)
    return os.waitpid(child, 0)[1] == 0


@attempt
def system_v_shared_memory(world):
    identity = answered(LIBC.shmget(0, 4096, 0o1600))
    LIBC.shmctl(identity, 0, None)
    return True


@attempt
def message_queue(world):
    return answered(LIBC.msgctl(answered(LIBC.msgget(0, 0o1600)), 0, None)) == 0


@attempt
def kernel_keys(world):
    LIBC.syscall.restype = ctypes.c_long
    number = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
    return answered(LIBC.syscall(number, 0, -4, 1)) != 0


@attempt
def set_user_id_program(world):
    status = Path("/proc/self/status").read_text()
    return "NoNewPrivs:\t0" in status


@attempt
def capabilities(world):
    status = Path("/proc/self/status").read_text()
    return int(status.partition("CapEff:\t")[2].split()[0], 16) or int(status.partition("CapInh:\t")[2].split()[0], 16)


@attempt
def core_dump(world):
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0


@attempt
def large_file(world):
    with tempfile.TemporaryFile() as file:
        return os.posix_fallocate(file.fileno(), 0, 300 << 20) is None


@attempt
def much_memory(world):
    with mmap.mmap(-1, 64 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000):  # MAP_NORESERVE
        return True


@attempt
def many_processes(world):
    children = []
    try:
        for _ in range(world["processes"]):
            if (child := os.fork()) == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
    return len(children)


def outcomes(world):
    """For each attempt the text of what it got, or None."""
    found = {}
    for name, function in ATTEMPTS.items():
        try:
            got = function(world)
            found[name] = repr(got)[:80] if got else None
        except (OSError, ValueError, subprocess.CalledProcessError, ImportError):
            found[name] = None
    return found


class Model:
    """What a worker asks for predictions: they are the outcomes."""

    def __init__(self, world):
        self.world = world

    def predict(self, _features):
        return [json.dumps(outcomes(self.world))]


def build(world, seed=None):
    return Model(world)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(outcomes(json.loads(sys.argv[1]))))
