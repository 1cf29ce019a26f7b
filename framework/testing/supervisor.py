"""Runs one throwaway server and takes it away again when standard input closes.

A program of its own, on nothing but the standard library: it outlives a killed pytest just long enough to stop the
server and remove its data. It prints one line of JSON, `{"url": …}` or `{"error": …}`, and then waits.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

NOBODY = 65534
START_SECONDS = 60.0
STOP_SECONDS = 10.0
ATTEMPTS = 5  # another program may take the free port before the server does
MEMORY = Path("/dev/shm")  # noqa: S108  # Linux keeps files there in memory: a database is made in a tenth of the time
ROOM = 1 << 30  # bytes that have to be free there; containers may have a few only

POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # The data is thrown away: nothing has to survive a crash.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # An autovacuum inside a template would hold up CREATE DATABASE.
    "autovacuum": "off",
}


class StartError(Exception):
    """The server did not come up; the message holds what it said."""


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def user() -> int | None:
    """Return the user to run servers as: PostgreSQL refuses to run as root."""
    return NOBODY if os.geteuid() == 0 else None


def own(folder: Path) -> Path:
    """Make a folder that only the server's user enters."""
    folder.mkdir(mode=0o700)
    if (uid := user()) is not None:
        os.chown(folder, uid, uid)
    return folder


def spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Run the command as the demoted user, its words going to `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603  # the servers of the wheels
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            user=user(),
            group=user(),
            extra_groups=None if user() is None else [],
            cwd=log.parent,
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server is ready; raise with its last words when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    try:
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartError(log.read_text(errors="replace").strip()[-2000:] or f"exit code {process.returncode}")
            time.sleep(0.01)
    except BaseException:
        stop(process)
        raise


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server at once: nothing has to be kept."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_postgres(archive: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Unpack PostgreSQL, make a cluster and start it."""
    # The package would unpack into site-packages, which may be read-only, or in a home the demoted user cannot enter.
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "postgresql", filter="data")
    binaries = next((folder / "postgresql").glob("*/bin"))
    work = own(folder / "work")
    password = secrets.token_hex(16)
    (work / "password").write_text(password)
    data, log = work / "data", work / "log"
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "password"]
    initdb += ["--pwfile", str(work / "password"), "-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
    initdb += ["--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions", "--no-data-checksums"]
    process = spawn(initdb, log)
    try:
        if process.wait():
            raise StartError(log.read_text(errors="replace").strip()[-2000:])
    finally:
        process.kill()  # when asked to go meanwhile

    def ready() -> bool:  # the way pg_ctl tells
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    options = [f"-c{name}={value}" for name, value in POSTGRES_OPTIONS.items()]
    port = free_port()
    process = spawn([str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options], log)
    wait_until(ready, process, log)
    return process, f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


def start_valkey(binary: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start Valkey in memory only."""
    program = shutil.copy(binary, folder / "valkey-server")
    work = own(folder / "work")
    log = work / "log"
    port, password = free_port(), secrets.token_hex(16)
    config = work / "valkey.conf"
    config.write_text(
        f'port {port}\nbind 127.0.0.1\nrequirepass {password}\ndir {work}\nsave ""\nappendonly no\ndatabases 256\n'
    )
    process = spawn([str(program), str(config)], log)

    def ready() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    wait_until(ready, process, log)
    return process, f"redis://:{password}@127.0.0.1:{port}/0"


def start(kind: str, source: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server below `folder` and return its process and URL."""
    starter = {"postgres": start_postgres, "valkey": start_valkey}[kind]
    for attempt in range(1, ATTEMPTS + 1):
        place = folder / str(attempt)
        place.mkdir(mode=0o755)
        try:
            return starter(source, place)
        except StartError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def leave(signum: int, frame: FrameType | None) -> None:
    """Leave through `finally` when asked to go."""
    sys.exit()


def memory() -> list[Path]:
    """Return the folder whose files are in memory, if there is one with room for programs and data.

    Whoever sets TMPDIR has said where such files go.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return []
    found = os.statvfs(MEMORY)
    return [MEMORY] if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC else []


def place() -> Path:
    """Return a new folder that the demoted user can reach: a private home or TMPDIR it cannot."""
    bases = [*memory(), Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    for base in bases:
        open_to_all = all(folder.stat().st_mode & 0o001 for folder in (base, *base.parents))
        if user() is None or open_to_all:
            folder = Path(tempfile.mkdtemp(prefix="framework-test-", dir=base))
            folder.chmod(0o755)
            return folder
    raise StartError(f"user {NOBODY} cannot reach any of {', '.join(map(str, bases))}")


def main(kind: str, source: str) -> None:
    """Serve until standard input closes or SIGTERM comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest, which closes the pipe when it is done
    signal.signal(signal.SIGTERM, leave)
    folder = process = None
    try:
        folder = place()
        process, url = start(kind, Path(source), folder)
        print(json.dumps({"url": url}), flush=True)
        sys.stdin.buffer.read()
    except BrokenPipeError:
        return  # pytest has gone already
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if process is not None:
            stop(process)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    os.umask(0o022)
    main(*sys.argv[1:])
