"""The system calls that a worker cannot make, as a seccomp filter (seccomp(2); classic BPF over `struct seccomp_data`).

It is a list of what is refused, not of what is allowed: numeric libraries differ too much in what they need, and the other layers
hold the files and the processes. Landlock cannot refuse UDP nor `connect()` to a socket file, hence no `socket()` of any family.
"""

import ctypes
import errno
import os
import struct

from qgate.worker.linux import machine, number, prctl

_REFUSED = {
    # They would do everything above and below without passing through this filter.
    "rings": "io_uring_setup io_uring_enter io_uring_register",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd",
    "kernel": "bpf perf_event_open userfaultfd init_module finit_module delete_module kexec_load kexec_file_load reboot swapon "
    "swapoff syslog acct quotactl quotactl_fd personality",
    "clock and name": "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname",
    "keys": "keyctl add_key request_key",
    "files by other ways": "mount umount2 pivot_root chroot open_by_handle_at fanotify_init move_mount open_tree mount_setattr "
    "fsopen fsconfig fsmount fspick",
    "namespaces": "unshare setns",
    # So that killing the process group ends everything, in one step that no fork can outrun.
    "leaving the group": "setsid setpgid",
    # What stays in the kernel after its maker: a channel from one worker to the next.
    "left behind": "shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl semtimedop mq_open",
}
# Only where neither a private uid nor Landlock keeps signals inside.
_SIGNALS = "kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal"
# Sending and connecting in one call (MSG_FASTOPEN; which argument holds the flags): Landlock's connect() does not see it.
_FAST_OPEN, _FLAGS = 0x20000000, {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
_AF_INET, _STREAM, _TYPE, _TCP = 2, 1, 0xF, (0, 6)
_CLONE_NEW = 0x7E020000  # every CLONE_NEW* flag of clone(2)
_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, (16, 24, 32, 40)
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse(*, signals: bool, tcp: bool = False, network: bool = False) -> None:
    """Refuse them from now on, for this thread and all that it starts; `signals`: those to other processes too.

    `tcp`: sockets of IPv4 TCP are let through, which something else must keep inside. `network`: all sockets are.

    Raises:
        OSError: the kernel has no seccomp filters, or this is no processor that the numbers are known for.
    """
    code = program(signals=signals, tcp=tcp, network=network)
    buffer = ctypes.create_string_buffer(code, len(code))
    prepared = _Program(len(code) // 8, ctypes.addressof(buffer))
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(prepared))


def program(*, signals: bool, tcp: bool = False, network: bool = False) -> bytes:
    """The filter for this processor: 8 bytes an instruction."""
    name = machine()
    code = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, _ARCH[name], 1, 0), _step(_RETURN, _KILL), _step(_LOAD, _NUMBER)]
    if name == "x86_64":
        code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    # glibc falls back to clone(), whose flags can be seen from here; clone3() hides them behind a pointer.
    code += _answer("clone3", errno.ENOSYS)
    for group, names in _REFUSED.items():
        for refused in names.split():
            code += _answer(refused, errno.ENOSYS if group == "rings" else errno.EPERM)
    if not network:
        code += _tcp_alone() if tcp else _answer("socket", errno.EPERM)
    code += _where_argument("clone", _ANY_BIT, _CLONE_NEW, refused=True)
    code += _where_argument("prlimit64", _EQUAL, 0, refused=False)  # pid 0 is oneself
    if signals:
        for refused in _SIGNALS.split():
            code += _answer(refused, errno.EPERM)
        code += _where_argument("tgkill", _EQUAL, os.getpid(), refused=False)
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _answer(name: str, error: int) -> list[bytes]:
    return [_step(_EQUAL, number(name), 0, 1), _step(_RETURN, _ERRNO | error)]


def _tcp_alone() -> list[bytes]:
    """`socket()` for IPv4 TCP and nothing else (MPTCP has a number of its own), and no connection by sending."""
    code = [_step(_EQUAL, number("socket"), 0, 10)]
    code += [_step(_LOAD, _ARGUMENTS[0]), _step(_EQUAL, _AF_INET, 0, 6)]
    code += [_step(_LOAD, _ARGUMENTS[1]), _step(_AND, _TYPE), _step(_EQUAL, _STREAM, 0, 3)]
    code += [_step(_LOAD, _ARGUMENTS[2]), _step(_EQUAL, _TCP[0], 2, 0), _step(_EQUAL, _TCP[1], 1, 0)]
    code += [_step(_RETURN, _ERRNO | errno.EPERM), _step(_RETURN, _ALLOW)]
    for name, argument in _FLAGS.items():
        code += _where_argument(name, _ANY_BIT, _FAST_OPEN, refused=True, argument=argument)
    return code


def _where_argument(name: str, test: int, value: int, *, refused: bool, argument: int = 0) -> list[bytes]:
    """Refuse (or allow only) the call where the low half of an argument, the first, passes the test."""
    verdicts = [_step(_RETURN, _ERRNO | errno.EPERM), _step(_RETURN, _ALLOW)]
    return [
        _step(_EQUAL, number(name), 0, 4),
        _step(_LOAD, _ARGUMENTS[argument]),
        _step(test, value, 0, 1),
        *(verdicts if refused else reversed(verdicts)),
    ]
