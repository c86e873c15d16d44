"""In a container a store on the image's own layer would vanish with it: that start is refused, unless it is meant."""

import os
import shutil
import subprocess

import pytest

from harness.daemon import StartFailed

pytestmark = pytest.mark.root


def _overlay_works(folder):
    for name in ("lower", "upper", "scratch", "merged"):
        (folder / name).mkdir(exist_ok=True)
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "overlay", "overlay", "-o",
                            f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/scratch", f"{folder}/merged"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.fixture
def boxed(make, sink, folders):
    """Runs the server in a mount namespace whose root is an overlay of this machine's, with the mark of a container."""
    folder = folders("container")
    space = folder
    if not _overlay_works(folder):
        # The usual layer below may itself be an overlay; a tmpfs for the upper layer works then.
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=False, capture_output=True).returncode != 0:
            pytest.skip("no overlay file system here")
        if not _overlay_works(folder):
            subprocess.run(["umount", str(folder)], check=False)
            pytest.skip("no overlay file system here")
    server = make.posthaste(relay=sink, start=False, unprivileged=False, accounts=())
    script = folder / "enter"
    script.write_text(f"""#!/bin/sh
set -e
mount -t overlay overlay -o lowerdir=/,upperdir={space}/upper,workdir={space}/scratch {space}/merged
mount --rbind /proc {space}/merged/proc
mount --rbind /dev {space}/merged/dev
touch {space}/merged/.dockerenv
if [ -n "$STORE_MOUNT" ]; then mount --bind "$STORE_MOUNT" "{space}/merged{server.store}"; fi
exec chroot {space}/merged "$@"
""")
    script.chmod(0o755)
    server.wrapper = ["unshare", "-m", str(script)]
    yield server
    if server.running():
        server.kill()
    subprocess.run(["umount", "-q", str(folder)], check=False, capture_output=True)
    shutil.rmtree(folder / "work", ignore_errors=True)


def test_it_is_refused_with_its_mend(boxed):
    with pytest.raises(StartFailed) as failed:
        boxed.start(wrapper=boxed.wrapper)
    assert failed.value.code == 78, failed.value.output
    assert "mount" in failed.value.output and "--ephemeral" in failed.value.output


def test_ephemeral_is_all_right_when_asked_for(boxed):
    boxed.start(wrapper=boxed.wrapper, arguments=["--ephemeral"])
    with boxed.connect() as client:
        assert client.banner.code == 220


def test_a_mounted_store_is_all_right(boxed, folders):
    volume = folders("volume")
    volume.chmod(0o700)
    boxed.start(wrapper=boxed.wrapper, env={"STORE_MOUNT": str(volume)})
    with boxed.connect() as client:
        assert client.banner.code == 220


def test_as_process_one(boxed, folders):
    """No init above it: it reaps nothing it did not start and ends on SIGTERM all the same."""
    volume = folders("volume")
    volume.chmod(0o700)
    wrapper = ["unshare", "-m", "-p", "-f", "--kill-child=KILL", *boxed.wrapper[2:]]
    boxed.start(wrapper=wrapper, env={"STORE_MOUNT": str(volume)})
    children = subprocess.run(["pgrep", "-P", str(boxed.process.pid)], capture_output=True, text=True, check=False).stdout.split()
    assert len(children) == 1
    os.kill(int(children[0]), 15)
    boxed.log.wait_for("server.stopped", seconds=40)
    assert boxed.process.wait(20) == 0
