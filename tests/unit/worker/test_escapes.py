"""Escapes from the sandbox, each beside a control that shows it succeeding without.

They are as many as this machine and this user allow: run the file as root and as a plain user, on a machine and in a container.
"""

import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

import pytest

import qgate
from qgate.domain.limits import Limits
from qgate.worker.launch import run
from qgate.worker.preload import zygote
from qgate.worker.sandbox import LAYERS, Policy

FILE = Path(__file__).with_name("attempts.py")
ATTEMPTS = runpy.run_path(str(FILE))["ATTEMPTS"]
TOKEN = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
PROCESSES = 64
# Any process of the user may trace it, so that what refuses is the sandbox and not the machine's own setting.
DECOY = """
import ctypes, time
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
secret = ctypes.create_string_buffer(b"a secret")
print(ctypes.addressof(secret), flush=True)
time.sleep(600)
"""


def serve(listener):
    """Answers every connection with a secret until the socket is closed."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"secret")


def listening(stack, family, address, kind=socket.SOCK_STREAM):
    opened = stack.enter_context(socket.socket(family, kind))
    opened.bind(address)
    if kind == socket.SOCK_STREAM:
        opened.listen()
        stack.callback(opened.shutdown, socket.SHUT_RDWR)
        threading.Thread(target=serve, args=(opened,), daemon=True).start()
    return opened


def repository(path):
    """A repository whose labels are in its objects, where there is a git to make one."""
    (path / "labels.txt").write_text("0 1 1 0")
    if git := shutil.which("git"):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "Labels"]):
            subprocess.run([git, *command], cwd=path, check=True)
    return path


def runner(path):
    """What GitHub's runner mounts, as open as it is there: a token for git, the event, what a step says, the next steps' home."""
    for name, text in {
        "runner_temp/git-credentials-1.config": f"[http]\n\textraheader = AUTHORIZATION: basic {TOKEN}\n",
        "workflow/event.json": "{}",
        "file_commands/output": "",
        "home/.local/lib": "",
        "workspace/.git/config": "[core]",
    }.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for file in (path, *path.rglob("*")):
        with suppress(PermissionError):  # in a container the mounts themselves are somebody else's
            file.chmod(0o777 if file.is_dir() else 0o666)
    return path


@pytest.fixture(scope="module")
def world(make_tree):
    """What is there to be had: a judge with a token, another process of its user, labels, open sockets."""
    secrets = make_tree("secrets")
    secrets.chmod(0o755)
    repository(secrets)
    closed = secrets / "closed.txt"
    closed.write_text("0 1 1 0")
    closed.chmod(0o600)
    tree = make_tree("tree")
    shutil.copy(FILE, tree)
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setenv("GITHUB_TOKEN", TOKEN)
        decoy = stack.enter_context(subprocess.Popen([sys.executable, "-c", DECOY], stdout=subprocess.PIPE, text=True))
        stack.callback(decoy.kill)
        abstract = f"qgate-test-{os.getpid()}"
        listening(stack, socket.AF_UNIX, str(secrets / "socket"))
        (secrets / "socket").chmod(0o666)
        listening(stack, socket.AF_UNIX, f"\0{abstract}")
        yield {
            "token": TOKEN,
            "judge": os.getpid(),
            "decoy": decoy.pid,
            "parent": zygote(0).pid,
            "address": int(decoy.stdout.readline()),
            "repository": str(secrets),
            "labels": str(secrets / "labels.txt"),
            "closed_labels": str(closed),
            "home": str(Path.home()),
            "runner": str(
                runner(Path(os.environ["QGATE_TEST_RUNNER"]) if "QGATE_TEST_RUNNER" in os.environ else make_tree("runner"))
            ),
            "tree": str(tree),
            "package": str(Path(qgate.__file__).parent),
            "tcp": listening(stack, socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1],
            "udp": listening(stack, socket.AF_INET, ("127.0.0.1", 0), socket.SOCK_DGRAM).getsockname()[1],
            "unix": str(secrets / "socket"),
            "abstract": abstract,
            "processes": PROCESSES + 40,
        }


@pytest.fixture(scope="module")
def control(world):
    """What the attempts get hold of in a plain child process."""
    ended = subprocess.run([sys.executable, FILE, json.dumps(world)], check=True, capture_output=True, text=True)
    (Path(world["tree"]) / "planted.py").unlink(missing_ok=True)
    Path(world["runner"], "file_commands/output").write_text("")
    (Path(world["repository"]) / "verdict.json").unlink(missing_ok=True)
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def confined(world, control, worker_order):
    """The answer of a worker that tried them all; after the control, which clears what it wrote."""
    [answer] = run(
        [worker_order("attempts:build", {"world": world})], Path(world["tree"]), Limits(seconds=60, processes=PROCESSES)
    )
    assert answer.error is None, answer.error + answer.log
    return answer


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_that_succeeds_without_the_sandbox_gets_nothing_in_it(name, control, confined):
    if control[name] is None:
        pytest.skip(f"{name}: refused here even without the sandbox")
    if name == "many_processes" and os.geteuid() == 0 and not confined.sandbox["uid"]:
        pytest.skip("the kernel counts no processes of root, and there is no private user here")
    assert json.loads(confined.arrays["0.val.predictions"][0])[name] is None


def test_the_control_gets_hold_of_most(control):
    assert sum(got is not None for got in control.values()) >= 25


def test_nothing_was_written_outside(world, confined):
    assert not (Path(world["tree"]) / "planted.py").exists()
    assert not (Path(world["repository"]) / "verdict.json").exists()
    assert Path(world["runner"], "file_commands/output").read_text() == ""


def test_the_report_says_what_this_user_can_have(confined):
    reached = {layer: bool(confined.sandbox[layer]) for layer in LAYERS}
    assert dict.fromkeys(LAYERS, True) | {"uid": "uid" not in confined.sandbox["missing"]} == reached
    assert confined.sandbox["uid"] is False or os.geteuid() == 0


def test_a_required_sandbox_runs_complete_or_not_at_all(make_tree, worker_order, confined):
    tree = make_tree("required")
    (tree / "model.py").write_text("raise SystemExit('loaded')")
    [answer] = run([worker_order("model:build")], tree, Limits(seconds=58, sandbox_required=True))
    if confined.sandbox["missing"]:
        reason = "; ".join(f"{layer} ({why})" for layer, why in confined.sandbox["missing"].items())
        assert (answer.error, answer.log) == (f"the sandbox is required and incomplete: {reason}", "")
    else:
        assert answer.error.startswith("SystemExit: loaded")


@pytest.mark.parametrize("hidden", ["landlock", "seccomp"])
def test_a_worker_with_a_required_layer_missing_leaves_before_it_loads_anything(tmp_path, hidden):
    """The kernel's refusal is made up; what follows from it is the worker's own doing."""
    (tmp_path / "model.py").write_text("print('loaded')")
    limits = {"seconds": 9, "memory_bytes": 4 << 30, "file_bytes": 1 << 20, "open_files": 64, "processes": 64}
    policy = Policy(tree=str(tmp_path), scratch=str(tmp_path), uid=None, required=True, **limits)
    code = f"""
import sys
from qgate.worker import child, {hidden}
def refused(**_):
    raise OSError("hidden")
{hidden}.restrict = {hidden}.refuse = refused
child.main(sys.argv[1], "1")
print("numpy" in sys.modules, "qgate.worker.answer" in sys.modules)
"""
    ended = subprocess.run(
        [sys.executable, "-I", "-c", code, json.dumps(asdict(policy))], capture_output=True, text=True, check=True
    )
    report, loaded = ended.stdout.splitlines()
    assert (json.loads(report)[hidden], json.loads(report)["missing"][hidden], loaded) == (False, "hidden", "False False")


def test_workflow_commands_reach_the_log_and_not_our_output(make_tree, ask_workers, capfd):
    shout = "print('::set-output name=verdict::pass', flush=True)"
    subprocess.run([sys.executable, "-c", shout], check=True)
    assert "::set-output" in capfd.readouterr().out
    answer = ask_workers(make_tree("commands"), {"shouts": shout})["shouts"]
    assert answer.log == "::set-output name=verdict::pass\n"
    assert capfd.readouterr() == ("", "")


def test_modules_of_tree_and_home_do_not_take_the_place_of_ours(make_tree, ask_workers, monkeypatch):
    tree, home = make_tree("hijack"), make_tree("hostile-home")
    for name in ("sitecustomize", "numpy", "json", "qgate"):
        (tree / f"{name}.py").write_text("print('hijacked')")
    site = home / ".local" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    site.mkdir(parents=True)
    (site / "usercustomize.py").write_text("print('hijacked from home')")
    # In a virtual environment Python leaves the user's directory out of itself.
    base = Path(sys.base_prefix, "bin", "python3")
    hijacked = [
        subprocess.run([sys.executable, "-c", "import numpy"], cwd=tree, capture_output=True, text=True, check=True).stdout,
        subprocess.run([base, "-c", ""], env={"HOME": str(home)}, cwd="/", capture_output=True, text=True, check=True).stdout,
    ]
    assert ["hijacked" in hijacked[0], "hijacked from home" in hijacked[1]] == [True, True]
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tree)
    answer = ask_workers(tree, {"plain": "import numpy, json, qgate"})["plain"]
    assert (answer.error, answer.log) == (None, "")


def workers_left():
    """Processes forked for us keep their preloaded parent's command line."""
    lines = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdigit())
    found = {}
    for line in lines:
        with suppress(OSError):
            found[int(line.parent.name)] = line.read_bytes().split(b"\0")
    forked = {pid for pid, words in found.items() if {b"qgate.worker.zygote", str(os.getpid()).encode()} <= set(words)}
    return forked - {zygote(0).pid, zygote(1).pid}


LEAVE = """
import subprocess, sys
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
daemon = subprocess.Popen(sleep, start_new_session={own}, stdout=subprocess.DEVNULL)
print(daemon.pid, flush=True)
daemon.returncode = 0
"""


def test_a_daemon_in_a_session_of_its_own_survives_without_the_sandbox_only(make_tree, ask_workers):
    bodies = {"session": LEAVE.format(own="True"), "group": LEAVE.format(own="False")}
    answers = ask_workers(make_tree("session"), bodies)
    assert "PermissionError" in answers["session"].error
    with pytest.raises(ProcessLookupError):
        os.kill(int(answers["group"].log.split()[-1]), 0)
    plain = subprocess.Popen([sys.executable, "-c", LEAVE.format(own="True")], stdout=subprocess.PIPE, start_new_session=True)
    survivor = int(plain.communicate()[0])
    with pytest.raises(ProcessLookupError):
        os.killpg(plain.pid, signal.SIGKILL)
    os.kill(survivor, signal.SIGKILL)
    assert os.waitpid(survivor, 0) == (survivor, signal.SIGKILL)  # it came to us, as all orphans have since the first worker


def zombies_of_ours():
    """Those who ended and that nobody but us can wait for."""
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(OSError):
                state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
                found |= {int(path.name)} if (state, int(parent)) == ("Z", os.getpid()) else set()
    return found


def test_zombies_are_left_without_the_sandbox_only(make_tree, ask_workers):
    zombies = "import os\nfor _ in range(20):\n    if os.fork() == 0:\n        os._exit(0)\n"
    before = zombies_of_ours()
    answer = ask_workers(make_tree("zombies"), {"zombies": zombies})["zombies"]
    assert answer.error is None
    assert zombies_of_ours() - before == set()
    subprocess.run([sys.executable, "-c", zombies], check=True)
    until = time.monotonic() + 10
    while len(left := zombies_of_ours() - before) < 20 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(left) == 20
    for child in left:
        os.waitpid(child, 0)


def test_a_fork_bomb_is_bounded_and_ended(make_tree, ask_workers, confined):
    if os.geteuid() == 0 and not confined.sandbox["uid"]:
        pytest.skip("the kernel counts no processes of root, and there is no private user here")
    bomb = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
    began = time.monotonic()
    answer = ask_workers(make_tree("bomb"), {"bomb": bomb}, seconds=4, processes=32)["bomb"]
    assert answer.error == "the worker was stopped: it took longer than 4 seconds"
    assert time.monotonic() - began < 30
    assert workers_left() == set()
    with suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)  # what lives on is ours: the decoy
