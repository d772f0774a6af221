"""Which files are manifests, and which text is none."""

import os
from pathlib import Path

import pytest

from reconciler.manifests.files import find_files, read_text
from reconciler.model.diagnostics import Diagnostic
from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import crate, load, problems, write

BOUNDS = ManifestSettings()


def names(folder: Path, root: Path) -> list[str]:
    files, found = find_files(folder, root=root)
    assert found == ()
    return [name for name, _ in files]


def codes(folder: Path, root: Path) -> list[tuple[str, str | None]]:
    return [(found.code, found.file) for found in find_files(folder, root=root)[1]]


def test_yaml_and_json_files_are_found_in_order_of_name(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {"b.yaml": "", "a.yml": "", "c/d.json": "", "c/E.YAML": "", "readme.md": "", "x.yaml.bak": ""},
    )

    assert names(folder, tmp_path) == [
        f"manifests/{name}" for name in ("a.yml", "b.yaml", "c/E.YAML", "c/d.json")
    ]


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": "", ".b.yaml": "", ".git/c.yaml": "", "d/.e/f.yaml": ""})

    assert names(folder, tmp_path) == ["manifests/a.yaml"]


def test_the_configuration_beside_manifests_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("")
    (tmp_path / "a.yaml").write_text("")

    assert names(tmp_path, tmp_path) == ["a.yaml"]


def test_one_file_may_be_given(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": "", "b.yaml": ""})

    assert names(folder / "b.yaml", tmp_path) == ["manifests/b.yaml"]


def test_a_file_outside_the_root_has_its_whole_name(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": ""})

    assert names(folder, tmp_path / "elsewhere") == [(folder / "a.yaml").as_posix()]


def test_links_within_the_folder_are_read_once(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": "", ".mounted/b.yaml": ""})
    (folder / "b.yaml").symlink_to(folder / ".mounted/b.yaml")
    (folder / "c.yaml").symlink_to(folder / "a.yaml")

    assert names(folder, tmp_path) == ["manifests/a.yaml", "manifests/b.yaml"]


@pytest.mark.parametrize(
    "target", ["../outside.yaml", "../elsewhere", ".", "..", "loop.yaml", "nowhere.yaml"]
)
def test_a_link_that_leads_astray_is_refused(tmp_path: Path, target: str) -> None:
    folder = write(tmp_path, {"a.yaml": "", "sub/b.yaml": ""})
    (tmp_path / "outside.yaml").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (folder / "loop.yaml").symlink_to(target)

    assert codes(folder, tmp_path) == [("manifest.unreadable", "manifests/loop.yaml")]


def test_a_link_to_a_folder_around_it_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, {"sub/deep/a.yaml": ""})
    (folder / "sub/deep/again").symlink_to(folder / "sub")

    assert codes(folder, tmp_path) == [("manifest.unreadable", "manifests/sub/deep/again")]


def test_the_manifests_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": ""})
    (tmp_path / "link").symlink_to(tmp_path / "manifests")

    assert names(tmp_path / "link", tmp_path) == ["link/a.yaml"]


@pytest.mark.parametrize("files", [{"readme.md": "x"}, {"a.yaml": ""}, {"a.yaml": "---\n---\n# nothing\n"}])
def test_a_folder_without_manifests_is_an_error(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)

    (found,) = problems(tmp_path)

    assert (found.code, found.message) == ("manifest.none", "manifests holds no manifest")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    (found,) = problems(tmp_path)

    assert (found.code, found.file) == ("manifest.none", "manifests")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
@pytest.mark.parametrize("locked", ["sub", "sub/b.yaml"])
def test_what_may_not_be_read_is_an_error(tmp_path: Path, locked: str) -> None:
    folder = write(tmp_path, {"a.yaml": crate(), "sub/b.yaml": crate("two")})
    (folder / locked).chmod(0)

    found = problems(tmp_path)
    (folder / locked).chmod(0o700)

    assert [(each.code, each.file) for each in found] == [("manifest.unreadable", f"manifests/{locked}")]


def test_a_pipe_is_no_manifest(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": crate()})
    os.mkfifo(folder / "b.yaml")

    assert [(found.code, found.file) for found in problems(tmp_path)] == [
        ("manifest.unreadable", "manifests/b.yaml")
    ]


def test_a_byte_order_mark_and_other_line_ends_are_fine(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": b"\xef\xbb\xbf" + crate(note="Stra\u00dfe").replace("\n", "\r\n").encode()})

    (resource,) = load(tmp_path).resources

    assert resource.spec["note"] == "Straße"
    assert resource.mark("/spec/note").line == 8


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"a: 1\nb: \xfc\n", 2, 4),
        ("a: ü\nb: ü".encode("utf-16"), 1, 1),
        (b"a: 1\nb: x\x00y\n", 2, 5),
        (b"\x1b[31m", 1, 1),
        (b"a: \x7f", 1, 4),
        ("ü: \ufffe".encode(), 1, 4),
    ],
)
def test_text_that_is_no_clean_utf_8_is_unreadable(
    tmp_path: Path, raw: bytes, line: int, column: int
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(raw)

    found = read_text(path, name="a.yaml", settings=BOUNDS)

    assert isinstance(found, Diagnostic)
    assert (found.code, found.line, found.column) == ("manifest.unreadable", line, column)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "x" * 101})

    (found,) = problems(tmp_path, settings=ManifestSettings(max_file_bytes=100))

    assert (found.code, found.file) == ("manifest.too-large", "manifests/a.yaml")


def test_a_folder_whose_only_file_is_broken_is_not_called_empty(tmp_path: Path) -> None:
    assert [found.code for found in problems(tmp_path, "a: [")] == ["manifest.syntax"]
