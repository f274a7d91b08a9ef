"""
The account and the folders of the embedded PostgreSQL, which refuses to run as root.

Started by root, it runs as the owner of its folder or as a system user of its own, to whom the folders are opened.
"""

import hashlib
import os
import pwd
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from hunter_pipeline.errors import DatabaseError

# PostgreSQL refuses to run as root; a server that root starts runs as this user.
_SERVER_USER = "pgserver"
# The longest path of a socket in bytes, without the final NUL.
_SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
# Sets the user id and group id, then executes the program that follows them.
_BECOME = (
    "import os, sys; uid, gid, *command = sys.argv[1:]; "
    "os.setgroups([]); os.setgid(int(gid)); os.setuid(int(uid)); os.execv(command[0], command)"
)


def server_account(data: Path) -> pwd.struct_passwd | None:
    """Return the account of the server: None for the current one; as root, the folder's owner or a system user."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    try:
        return pwd.getpwnam(_SERVER_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SERVER_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 # nosec B603
        return pwd.getpwnam(_SERVER_USER)


def let_account_in(data: Path, account: pwd.struct_passwd, programs: Path) -> None:
    """Give the folder to the server's account, and access to the folders above it and to PostgreSQL's; only as root."""
    os.chown(data, account.pw_uid, account.pw_gid)
    for folder in (*data.parents, *programs.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
    for path in (programs, *programs.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or mode & stat.S_IXUSR else 0)
        if mode != wanted:
            path.chmod(wanted)


def write_access_rules(data: Path, account: pwd.struct_passwd | None) -> None:
    """Write pg_hba.conf and pg_ident.conf: only the account that runs the server and the current one may connect."""
    names = {pwd.getpwuid(os.geteuid()).pw_name, *([account.pw_name] if account else [])}
    rules = {
        "pg_hba.conf": "local all all peer map=hunter\n",
        "pg_ident.conf": "".join(f'hunter "{name}" all\n' for name in sorted(names)),
    }
    for name, text in rules.items():
        (data / name).write_text(text, encoding="utf-8")


def socket_dir(data: Path, account: pwd.struct_passwd | None) -> Path:
    """
    Return the folder of the server's socket: the data folder or, if that path is too long, a private one.

    Raises: DatabaseError if another account owns that private folder.
    """
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= _SOCKET_PATH_BYTES:
        return data
    owner = account.pw_uid if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"hunter-{owner}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None and folder.stat().st_uid == 0:
        os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise DatabaseError(
            f"The folder {folder} of the database's socket belongs to another user or is open to others.",
            hint="Remove it, or set HUNTER_HOME to a shorter path.",
        )
    return folder


def run_as(command: list[str], account: pwd.struct_passwd | None) -> "subprocess.CompletedProcess[str]":
    """
    Run a program to its end, in a session of its own, without the environment's locale and PG* variables.

    A Python process in between switches to another account: `subprocess` with `user=` forks, and a fork of a
    process that serves gRPC, as Dagster's code server does, can crash before it executes the program.
    """
    ignored = ("PG", "LC_", "LANG")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ignored)}
    if account is not None:
        command = [sys.executable, "-ISc", _BECOME, str(account.pw_uid), str(account.pw_gid), *command]
    return subprocess.run(  # noqa: S603 - no user input in the command # nosec B603
        command,
        check=False,
        env=environment | {"LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
