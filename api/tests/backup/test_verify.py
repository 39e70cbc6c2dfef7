"""Looking whether a backup is still what it was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attachments.uploading import contents_of
from tests.backup.conftest import Run, files_in
from tracker.backup.errors import BackupError
from tracker.backup.verifying import verify_backup
from tracker.settings import Settings


async def test_one_flipped_bit_anywhere_is_found(backup: Path) -> None:
    for path in files_in(backup):
        content = path.read_bytes()
        for position in {0, len(content) // 3, len(content) // 2, len(content) - 1}:
            flipped = bytearray(content)
            flipped[position] ^= 1
            path.write_bytes(flipped)
            try:
                _, troubles = await verify_backup(backup)
            except BackupError as error:  # of a manifest that makes no sense any more
                troubles = [str(error)]
            assert troubles, f"{path.name} at {position}"
        path.write_bytes(content)
    assert (await verify_backup(backup))[1] == []


def remove_file(backup: Path) -> str:
    path = files_in(backup / "files")[0]
    path.unlink()
    return f"{path.relative_to(backup)} is missing"


def remove_dump(backup: Path) -> str:
    (backup / "database.dump").unlink()
    return "database.dump is missing"


def add_file(backup: Path) -> str:
    (backup / "files" / "more").write_bytes(b"more")
    return "files/more does not belong there"


def shorten_file(backup: Path) -> str:
    path = backup / "database.dump"
    path.write_bytes(path.read_bytes()[:-1])
    return "database.dump is damaged"


def forget_dump(backup: Path) -> str:
    sums = backup / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "dump" not in line))
    return "SHA256SUMS: database.dump is not in it"


def point_outside(backup: Path) -> str:
    with (backup / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../../etc/passwd\n")
    return "SHA256SUMS: line 6 is damaged"


@pytest.mark.parametrize(
    "change",
    [remove_file, remove_dump, add_file, shorten_file, forget_dump, point_outside],
    ids=lambda one: one.__name__,
)
async def test_what_was_changed_is_named_and_not_restored(
    backup: Path, change: Callable[[Path], str], run: Run, elsewhere: Settings
) -> None:
    trouble = change(backup)
    result = await run(elsewhere, "backup", "verify", backup)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [trouble]
    result = await run(elsewhere, "restore", backup)
    assert (result.exit_code, trouble in result.stderr) == (1, True)
    assert contents_of(Path(elsewhere.upload_store)) == []
