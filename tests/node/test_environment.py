"""That what runs on Node is what is locked, and that its absence cannot be overlooked."""

import json
from pathlib import Path

import pytest

from tests.node.environment import HERE, NotInstalled, install, installed


@pytest.mark.requirement("CONF-07")
def test_the_packages_are_those_of_the_lock_file_at_exact_versions() -> None:
    wanted = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    node = installed()

    held = {
        name: json.loads(node.package(name, "package.json").read_text("utf-8"))["version"]
        for name in wanted
    }

    assert held == wanted
    assert all("integrity" in entry for path, entry in locked.items() if path)
    assert not any("resolved" in entry for entry in locked.values())


@pytest.mark.requirement("CONF-08")
def test_packages_that_cannot_be_had_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    folder = tmp_path / "packages"
    folder.mkdir()

    with pytest.raises(NotInstalled, match="npm ci ended with"):
        install(HERE, folder)
