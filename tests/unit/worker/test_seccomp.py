"""The filter, run by a small interpreter of its instructions for both processors; test_escapes.py runs it in the kernel."""

import errno
import os
import platform
import re
import struct
from pathlib import Path

import pytest

from qgate.worker import seccomp
from qgate.worker.linux import NUMBERS, machine

ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}
REFUSED = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime clone3 delete_module fanotify_init finit_module fsconfig fsmount
    fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup kcmp kexec_file_load kexec_load keyctl mount
    mount_setattr move_mount mq_open msgctl msgget msgrcv msgsnd open_by_handle_at open_tree perf_event_open personality
    pidfd_getfd pivot_root process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot
    request_key semctl semget semop semtimedop setdomainname sethostname setns setpgid setsid settimeofday shmat shmctl shmget
    socket swapoff swapon syslog umount2 unshare userfaultfd
"""


def _calls():
    lines = Path(__file__).with_name("syscalls.txt").read_text().splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {name: tuple(None if n == "-" else int(n) for n in numbers) for name, *numbers in rows}


CALLS = _calls()


def decide(program, architecture, number, *arguments):
    """What the filter answers to a call: the instructions load, mask, jump on equal, at least and any bit, and return."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    data = {0: number, 4: architecture} | {16 + 8 * n: a & 0xFFFFFFFF for n, a in enumerate(padded)}
    steps = list(struct.iter_unpack("HBBI", program))
    at, value = 0, 0
    while True:
        code, if_true, if_false, k = steps[at]
        if code == 0x06:
            return k
        if code == 0x20:
            value, jump = data[k], 0
        elif code == 0x54:
            value, jump = value & k, 0
        else:
            jump = if_true if {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code] else if_false
        at += 1 + jump


@pytest.fixture(params=ARCHITECTURES)
def answer(request, monkeypatch):
    """Decides a call by name on one processor."""
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    architecture, column = ARCHITECTURES[request.param]

    def ask(name, *arguments, signals=False, tcp=False):
        return decide(seccomp.program(signals=signals, tcp=tcp), architecture, NUMBERS[name][column], *arguments)

    return ask


@pytest.mark.parametrize(
    "name", ["socket", "ptrace", "bpf", "mount", "setsid", "setpgid", "unshare", "keyctl", "shmget", "mq_open"]
)
def test_what_leads_out_is_refused(answer, name):
    assert answer(name) == EPERM


@pytest.mark.parametrize("name", ["io_uring_setup", "clone3"])
def test_what_has_an_older_way_is_not_there(answer, name):
    assert answer(name) == ENOSYS


def test_threads_and_processes_start_and_namespaces_do_not(answer):
    assert [answer("clone", flags) for flags in (0x3D0F00, 0x1200011, 0x10000000, 0x40000000, 0x20000)] == [
        ALLOW,
        ALLOW,
        EPERM,
        EPERM,
        EPERM,
    ]


def test_limits_of_oneself_only(answer):
    assert [answer("prlimit64", pid) for pid in (0, 1, 4242)] == [ALLOW, EPERM, EPERM]


def test_of_sockets_a_service_has_tcp_alone(answer):
    """Family, type with its flags, protocol: MPTCP is 262, Unix 1, IPv6 10, netlink 16, a datagram 2, a raw socket 3."""
    nonblocking = 1 | 0x80000 | 0x800
    asked = [(2, 1, 0), (2, nonblocking, 6), (2, 1, 262), (1, 1, 0), (10, 1, 0), (16, 3, 0), (2, 2, 0), (2, 3, 6), (2, 1, 17)]
    assert [answer("socket", *a, tcp=True) for a in asked] == [ALLOW, ALLOW, *[EPERM] * 7]
    assert {answer("socket", *a) for a in asked} == {EPERM}
    assert [answer("ptrace", tcp=True), answer("unshare", tcp=True), answer("kill", tcp=True)] == [EPERM, EPERM, ALLOW]


def test_a_service_cannot_connect_by_sending(answer):
    fast_open = 0x20000000
    for name, at in {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}.items():
        flags = [*[0] * at, fast_open | 0x4000]
        assert [answer(name, *flags, tcp=True), answer(name, *flags[:-1], 0x4000, tcp=True)] == [EPERM, ALLOW]


def test_signals_are_refused_only_where_nothing_else_keeps_them_in(answer):
    others = ("kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")
    assert {answer(name) for name in others} | {answer("tgkill", 1)} == {ALLOW}
    assert {answer(name, signals=True) for name in others} | {answer("tgkill", 1, signals=True)} == {EPERM}
    assert answer("tgkill", os.getpid(), signals=True) == ALLOW


@pytest.mark.parametrize(("name", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_what_every_program_does_is_allowed(monkeypatch, name, column):
    monkeypatch.setattr(platform, "machine", lambda: name)
    program = seccomp.program(signals=True)
    calls = {
        "read": (0, 63),
        "openat": (257, 56),
        "mmap": (9, 222),
        "execve": (59, 221),
        "socketpair": (53, 199),
        "wait4": (61, 260),
    }
    assert {decide(program, ARCHITECTURES[name][0], numbers[column]) for numbers in calls.values()} == {ALLOW}


def test_another_architecture_is_the_end(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    program = seccomp.program(signals=False)
    assert [decide(program, architecture, 0) for architecture in (0x40000003, 0xC00000B7)] == [KILL, KILL]
    assert decide(program, 0xC000003E, 0x40000000 | 41) == ENOSYS


def test_an_unknown_processor_is_an_error(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="not made for linux on riscv64"):
        machine()


def test_the_numbers_are_the_kernels():
    assert {name: CALLS[name] for name in NUMBERS} == NUMBERS


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_of_every_call_of_the_kernel_these_are_refused_and_no_other(monkeypatch, name):
    """A number that belongs to another call on one of the processors would refuse that call, and let through what was meant."""
    monkeypatch.setattr(platform, "machine", lambda: name)
    program = seccomp.program(signals=False)
    architecture, column = ARCHITECTURES[name]
    numbered = {call: numbers[column] for call, numbers in CALLS.items() if numbers[column] is not None}
    refused = {call for call, number in numbered.items() if decide(program, architecture, number) != ALLOW}
    assert refused == set(REFUSED.split())


@pytest.mark.parametrize(("column", "header"), HEADERS.items())
def test_the_table_is_that_of_the_headers(column, header):
    if not Path(header).exists():
        pytest.skip("the kernel's headers are not installed")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text()))
    known = {name: str(numbers[column]) for name, numbers in CALLS.items() if numbers[column] is not None}
    assert known == {name: found.get(name) for name in known}
