"""What a process that sees documents may not ask of a Linux kernel, as numbers of each machine.

A list of what is refused, not of what is allowed: allocators, Python and the OCR runtime need
calls that differ by version and machine. What such a process could do to others is on the list,
and whatever is newer than the list counts as unknown to the kernel, so that nothing slips in.
"""

from typing import NamedTuple

NEWEST = 450
"""Calls above are answered as an older kernel would: every library has a way without them."""
UNKNOWN = ("clone3", "openat2")
"""Their arguments are behind a pointer. Libraries go back to ``clone`` and ``openat``."""


class Machine(NamedTuple):
    """How the kernel names a processor, and where it stands in ``_NUMBERS``."""

    audit: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}

# name:x86_64:aarch64, from the kernel's unistd.h; "-" where there is no such call.
_NUMBERS = """
socket:41:198 socketpair:53:199 bind:49:200 listen:50:201 accept:43:202 accept4:288:242
connect:42:203 sendto:44:206 sendmsg:46:211 sendmmsg:307:269

fork:57:- vfork:58:- execve:59:221 execveat:322:281

kill:62:129 tkill:200:130 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 ptrace:101:117
pidfd_send_signal:424:424 pidfd_open:434:434 pidfd_getfd:438:438 process_madvise:440:440
process_mrelease:448:448 process_vm_readv:310:270 process_vm_writev:311:271 kcmp:312:272
migrate_pages:256:238 move_pages:279:239

shmget:29:194 shmat:30:196 semget:64:190 msgget:68:186 mq_open:240:180 memfd_create:319:279
memfd_secret:447:447

creat:85:- name_to_handle_at:303:264 open_by_handle_at:304:265 unlink:87:- unlinkat:263:35
rename:82:- renameat:264:38 renameat2:316:276 link:86:- linkat:265:37 symlink:88:-
symlinkat:266:36 mkdir:83:- mkdirat:258:34 rmdir:84:- mknod:133:- mknodat:259:33 truncate:76:45
ftruncate:77:46 fallocate:285:47 chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- lchown:94:-
fchown:93:55 fchownat:260:54 utime:132:- utimes:235:- futimesat:261:- utimensat:280:88
setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15
fremovexattr:199:16 inotify_init:253:- inotify_init1:294:26 fanotify_init:300:262

mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51 open_tree:428:428 move_mount:429:429
fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442
unshare:272:97 setns:308:268 swapon:167:224 swapoff:168:225 quotactl:179:60 quotactl_fd:443:443

keyctl:250:219 add_key:248:217 request_key:249:218 bpf:321:280 perf_event_open:298:241
io_setup:206:0 io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427
userfaultfd:323:282 personality:135:92 init_module:175:105 finit_module:313:273
delete_module:176:106 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142 acct:163:89
syslog:103:116 iopl:172:- ioperm:173:- settimeofday:164:170 clock_settime:227:112
clock_adjtime:305:266 adjtimex:159:171 sethostname:170:161
setdomainname:171:162
"""

# Refused with some arguments, or later than the others: see seccomp.py.
_DEPENDING = """
clone:56:220 clone3:435:435 open:2:- openat:257:56 openat2:437:437 tgkill:234:131 ioctl:16:29
prlimit64:302:261 setrlimit:160:164 seccomp:317:277
"""


def refused(machine: Machine) -> list[int]:
    """Numbers of the calls that are refused whatever their arguments are."""
    return list(_column(_NUMBERS, machine).values())


def depending(machine: Machine) -> dict[str, int]:
    """Numbers, by name, of the calls whose arguments decide; only those that the machine has."""
    return _column(_DEPENDING, machine)


def _column(table: str, machine: Machine) -> dict[str, int]:
    found = {}
    for entry in table.split():
        name, *numbers = entry.split(":")
        if numbers[machine.column] != "-":
            found[name] = int(numbers[machine.column])
    return found
